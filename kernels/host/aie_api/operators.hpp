// aie::operators: arithmetic, bit and comparison operators on vectors, for those who ask for them by name.
#pragma once

#include "aie.hpp"

#if __cplusplus >= 202002L

namespace aie::operators {

template <class A, class B>
concept VectorPair = detail::Factors<A, B>;

// clang-format off
#define ADF_HOST_OPERATOR(op, function)                                                                                                    \
    template <class A, class B> requires VectorPair<A, B>                                                                                  \
    inline auto operator op(const A &a, const B &b) { return aie::function(a, b); }
ADF_HOST_OPERATOR(+, add)
ADF_HOST_OPERATOR(-, sub)
ADF_HOST_OPERATOR(&, bit_and)
ADF_HOST_OPERATOR(|, bit_or)
ADF_HOST_OPERATOR(^, bit_xor)
ADF_HOST_OPERATOR(<, lt)
ADF_HOST_OPERATOR(<=, le)
ADF_HOST_OPERATOR(>, gt)
ADF_HOST_OPERATOR(>=, ge)
#undef ADF_HOST_OPERATOR
// clang-format on

template <class T, unsigned N>
inline auto operator-(const vector<T, N> &v) {
    return aie::neg(v);
}
template <class T, unsigned N>
inline auto operator~(const vector<T, N> &v) {
    return aie::bit_not(v);
}
template <class T, unsigned N>
inline bool operator==(const vector<T, N> &a, const vector<T, N> &b) {
    return aie::equal(a, b);
}
template <class T, unsigned N>
inline auto operator<<(const vector<T, N> &v, unsigned shift) {
    return aie::upshift(v, shift);
}
template <class T, unsigned N>
inline auto operator>>(const vector<T, N> &v, unsigned shift) {
    return aie::downshift(v, shift);
}
template <class Tag, unsigned N>
inline auto operator+(const accum<Tag, N> &a, const accum<Tag, N> &b) {
    return aie::add(a, b);
}
template <class Tag, unsigned N>
inline auto operator-(const accum<Tag, N> &a, const accum<Tag, N> &b) {
    return aie::sub(a, b);
}

} // namespace aie::operators

#endif
