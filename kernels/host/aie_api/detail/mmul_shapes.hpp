// Which matrix products each generation has, and the accumulator that each of them really uses (Xilinx/aie_api, detail/mmul.hpp).
#pragma once

#include "accum.hpp"

namespace aie::detail {

/// Element types as far as products go: their signs do not matter.
enum class MmulType { i8, i16, i32, bf16, f32, c16, c32, none };
using enum MmulType;

template <class T>
constexpr MmulType mmul_type() {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 4)
        return sizeof(T) == 1 ? i8 : sizeof(T) == 2 ? i16 : i32;
    else if constexpr (std::is_same_v<T, bfloat16>)
        return bf16;
    else if constexpr (std::is_same_v<T, float>)
        return f32;
    else
        return std::is_same_v<T, cint16> ? c16 : std::is_same_v<T, cint32> ? c32 : none;
}

struct MmulShape {
    MmulType a, b;
    unsigned m, k, n;
    unsigned lane_bits;
};

#if __AIE_ARCH__ >= 21
inline constexpr MmulShape mmul_shapes[] = {
    {i8, i8, 8, 8, 8, 32}, {i8, i8, 4, 8, 8, 32}, {i8, i8, 2, 8, 8, 32}, {i8, i8, 4, 16, 8, 32},
    {i16, i8, 8, 2, 8, 32}, {i16, i8, 8, 4, 8, 32}, {i16, i8, 4, 4, 8, 64}, {i16, i8, 4, 8, 8, 64},
    {i8, i16, 8, 2, 8, 32}, {i8, i16, 4, 4, 8, 64},
    {i16, i16, 4, 2, 8, 32}, {i16, i16, 8, 2, 8, 32}, {i16, i16, 8, 1, 8, 32}, {i16, i16, 2, 4, 8, 64}, {i16, i16, 4, 4, 8, 64},
    {i32, i16, 4, 2, 8, 64}, {i32, i16, 2, 4, 8, 64}, {i32, i16, 4, 4, 8, 64}, {i32, i16, 4, 1, 8, 64},
    {i32, i32, 4, 2, 8, 64}, {i32, i32, 4, 4, 4, 64}, {i32, i32, 4, 4, 8, 64}, {i32, i32, 8, 2, 8, 64}, {i32, i32, 4, 1, 8, 64},
    {bf16, bf16, 4, 8, 8, 32}, {bf16, bf16, 8, 8, 8, 32}, {bf16, bf16, 4, 8, 4, 32}, {bf16, bf16, 8, 1, 8, 32},
};
#else
inline constexpr MmulShape mmul_shapes[] = {
    {i8, i8, 4, 8, 8, 32}, {i8, i8, 2, 8, 8, 32}, {i8, i8, 8, 8, 8, 32}, {i8, i8, 1, 16, 8, 32},
    {i8, i8, 2, 16, 8, 32}, {i8, i8, 4, 16, 8, 32}, {i8, i8, 4, 8, 4, 32}, {i8, i8, 4, 16, 4, 32}, {i8, i8, 8, 8, 4, 32},
    {i16, i8, 4, 4, 8, 32}, {i16, i8, 8, 4, 8, 32}, {i16, i8, 4, 4, 4, 32}, {i16, i8, 8, 4, 4, 32},
    {i16, i8, 4, 8, 4, 64}, {i16, i8, 2, 8, 8, 64},
    {i8, i16, 4, 4, 8, 64}, {i8, i16, 4, 4, 4, 64},
    {i16, i16, 4, 2, 8, 32}, {i16, i16, 8, 2, 8, 32}, {i16, i16, 8, 1, 8, 32},
    {i16, i16, 4, 4, 4, 64}, {i16, i16, 2, 4, 8, 64}, {i16, i16, 4, 4, 8, 64},
    {i32, i16, 4, 2, 4, 64}, {i32, i16, 2, 4, 8, 64}, {i32, i16, 4, 4, 4, 64}, {i32, i16, 4, 2, 8, 64},
    {i16, i32, 4, 2, 4, 64}, {i16, i32, 2, 4, 8, 64}, {i16, i32, 4, 4, 4, 64}, {i16, i32, 4, 4, 8, 64},
    {i32, i32, 4, 2, 4, 64}, {i32, i32, 4, 4, 4, 64}, {i32, i32, 4, 2, 8, 64},
    {bf16, bf16, 4, 8, 4, 32}, {bf16, bf16, 8, 8, 4, 32}, {bf16, bf16, 4, 8, 8, 32}, {bf16, bf16, 8, 8, 8, 32},
    {f32, f32, 4, 8, 4, 32}, {f32, f32, 4, 1, 4, 32}, {f32, f32, 4, 1, 8, 32},
    {c16, i16, 2, 4, 8, 64}, {c16, i16, 4, 4, 4, 64}, {c16, c16, 1, 4, 8, 64}, {c32, c16, 1, 2, 4, 64}, {c32, c16, 1, 2, 8, 64},
    {c32, c16, 2, 2, 8, 64}, {c32, c16, 1, 4, 8, 64}, {c32, c16, 2, 4, 8, 64}, {c32, c32, 1, 2, 8, 64},
};
#endif

/// Bits of the accumulator lanes of a shape, 0 where the generation does not offer it.
template <class A, class B>
constexpr unsigned mmul_lane_bits(unsigned m, unsigned k, unsigned n) {
    for (const MmulShape &s : mmul_shapes)
        if (s.a == mmul_type<A>() && s.b == mmul_type<B>() && s.m == m && s.k == k && s.n == n)
            return s.lane_bits;
    return 0;
}

} // namespace aie::detail
