// Which matrix products each generation has, and the accumulator that each of them really uses (Xilinx/aie_api, detail/mmul.hpp).
#pragma once

#include "accum.hpp"

namespace aie::detail {

struct MmulShape {
    unsigned a_bytes, b_bytes;
    bool floating;
    unsigned m, k, n;
    unsigned lane_bits;
};

#if __AIE_ARCH__ >= 21
inline constexpr MmulShape mmul_shapes[] = {
    {1, 1, false, 8, 8, 8, 32}, {1, 1, false, 4, 8, 8, 32}, {1, 1, false, 2, 8, 8, 32}, {1, 1, false, 4, 16, 8, 32},
    {2, 1, false, 8, 2, 8, 32}, {2, 1, false, 8, 4, 8, 32}, {2, 1, false, 4, 4, 8, 64}, {2, 1, false, 4, 8, 8, 64},
    {1, 2, false, 8, 2, 8, 32}, {1, 2, false, 4, 4, 8, 64},
    {2, 2, false, 4, 2, 8, 32}, {2, 2, false, 8, 2, 8, 32}, {2, 2, false, 8, 1, 8, 32}, {2, 2, false, 2, 4, 8, 64}, {2, 2, false, 4, 4, 8, 64},
    {4, 2, false, 4, 2, 8, 64}, {4, 2, false, 2, 4, 8, 64}, {4, 2, false, 4, 4, 8, 64}, {4, 2, false, 4, 1, 8, 64},
    {4, 4, false, 4, 2, 8, 64}, {4, 4, false, 4, 4, 4, 64}, {4, 4, false, 4, 4, 8, 64}, {4, 4, false, 8, 2, 8, 64}, {4, 4, false, 4, 1, 8, 64},
    {2, 2, true, 4, 8, 8, 32}, {2, 2, true, 8, 8, 8, 32}, {2, 2, true, 4, 8, 4, 32}, {2, 2, true, 8, 1, 8, 32},
};
#else
inline constexpr MmulShape mmul_shapes[] = {
    {1, 1, false, 4, 8, 8, 32}, {1, 1, false, 2, 8, 8, 32}, {1, 1, false, 8, 8, 8, 32}, {1, 1, false, 1, 16, 8, 32},
    {1, 1, false, 2, 16, 8, 32}, {1, 1, false, 4, 16, 8, 32}, {1, 1, false, 4, 8, 4, 32}, {1, 1, false, 4, 16, 4, 32}, {1, 1, false, 8, 8, 4, 32},
    {2, 1, false, 4, 4, 8, 32}, {2, 1, false, 8, 4, 8, 32}, {2, 1, false, 4, 4, 4, 32}, {2, 1, false, 8, 4, 4, 32},
    {2, 1, false, 4, 8, 4, 64}, {2, 1, false, 2, 8, 8, 64},
    {1, 2, false, 4, 4, 8, 64}, {1, 2, false, 4, 4, 4, 64},
    {2, 2, false, 4, 2, 8, 32}, {2, 2, false, 8, 2, 8, 32}, {2, 2, false, 8, 1, 8, 32},
    {2, 2, false, 4, 4, 4, 64}, {2, 2, false, 2, 4, 8, 64}, {2, 2, false, 4, 4, 8, 64},
    {4, 2, false, 4, 2, 4, 64}, {4, 2, false, 2, 4, 8, 64}, {4, 2, false, 4, 4, 4, 64}, {4, 2, false, 4, 2, 8, 64},
    {2, 4, false, 4, 2, 4, 64}, {2, 4, false, 2, 4, 8, 64}, {2, 4, false, 4, 4, 4, 64}, {2, 4, false, 4, 4, 8, 64},
    {4, 4, false, 4, 2, 4, 64}, {4, 4, false, 4, 4, 4, 64}, {4, 4, false, 4, 2, 8, 64},
    {2, 2, true, 4, 8, 4, 32}, {2, 2, true, 8, 8, 4, 32}, {2, 2, true, 4, 8, 8, 32}, {2, 2, true, 8, 8, 8, 32},
    {4, 4, true, 4, 8, 4, 32}, {4, 4, true, 4, 1, 4, 32}, {4, 4, true, 4, 1, 8, 32},
};
#endif

template <class T>
inline constexpr bool is_floating = std::is_same_v<T, bfloat16> || std::is_floating_point_v<T>;

/// Bits of the accumulator lanes of a shape, 0 where the generation does not offer it.
template <class A, class B>
constexpr unsigned mmul_lane_bits(unsigned m, unsigned k, unsigned n) {
    for (const MmulShape &s : mmul_shapes)
        if (s.a_bytes == sizeof(A) && s.b_bytes == sizeof(B) && s.floating == (is_floating<A> && is_floating<B>) && s.m == m && s.k == k &&
            s.n == n)
            return s.lane_bits;
    return 0;
}

} // namespace aie::detail
