// The compiler's own vector types, v16int16 and its kin, which kernels name to reinterpret a vector; and the few intrinsics on them.
#pragma once

#include "arithmetic.hpp"

namespace aie::detail {

/// A vector that any other of the same bits converts to, bits unchanged.
template <class T, unsigned N>
class native : public vector<T, N> {
public:
    native() = default;
    native(const vector<T, N> &v) : vector<T, N>(v) {}
    template <class U, unsigned M>
        requires(!std::is_same_v<U, T> && M * sizeof(U) == N * sizeof(T))
    explicit native(const vector<U, M> &v) : vector<T, N>(v.template cast_to<T>()) {}
};

} // namespace aie::detail

// clang-format off
#define ADF_HOST_NATIVE(T, a, b, c, d)                                                                                                     \
    using v##a##T = aie::detail::native<T, a>; using v##b##T = aie::detail::native<T, b>;                                                  \
    using v##c##T = aie::detail::native<T, c>; using v##d##T = aie::detail::native<T, d>;
ADF_HOST_NATIVE(int8, 16, 32, 64, 128)
ADF_HOST_NATIVE(uint8, 16, 32, 64, 128)
ADF_HOST_NATIVE(int16, 8, 16, 32, 64)
ADF_HOST_NATIVE(uint16, 8, 16, 32, 64)
ADF_HOST_NATIVE(bfloat16, 8, 16, 32, 64)
ADF_HOST_NATIVE(int32, 4, 8, 16, 32)
ADF_HOST_NATIVE(uint32, 4, 8, 16, 32)
ADF_HOST_NATIVE(float, 4, 8, 16, 32)
ADF_HOST_NATIVE(cint16, 4, 8, 16, 32)
ADF_HOST_NATIVE(cint32, 2, 4, 8, 16)
ADF_HOST_NATIVE(cfloat, 2, 4, 8, 16)
#undef ADF_HOST_NATIVE
// clang-format on

/// Lane l is a[l] * b[l] + a[l + 16] * b[l + 16].
inline aie::accum<accfloat, 16> mul_elem_16_2(const aie::vector<bfloat16, 32> &a, const aie::vector<bfloat16, 32> &b) {
    return aie::mac(aie::mul(a.extract<16>(0), b.extract<16>(0)), a.extract<16>(1), b.extract<16>(1));
}
inline aie::accum<accfloat, 16> mac_elem_16_2(const aie::vector<bfloat16, 32> &a, const aie::vector<bfloat16, 32> &b,
                                              const aie::accum<accfloat, 16> &acc) {
    return aie::add(acc, mul_elem_16_2(a, b));
}
