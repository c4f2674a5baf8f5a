// Element-wise arithmetic. Vector add and sub wrap; products are exact in their accumulator.
#pragma once

#include "accum.hpp"

namespace aie {

template <class T, unsigned N>
inline vector<T, N> zeros() {
    return detail::generate<T, N>([](unsigned) { return T{}; });
}
template <class Tag, unsigned N>
    requires adf::host::is_accumulator_tag<Tag>
inline accum<Tag, N> zeros() {
    return detail::generate_lanes<Tag, N>([](unsigned) { return typename accum<Tag, N>::lane{}; });
}
template <class T, unsigned N>
inline vector<T, N> broadcast(T value) {
    return detail::generate<T, N>([&](unsigned) { return value; });
}

/// A vector or a scalar as a function of the lane.
namespace detail {
template <class T>
inline auto at(const T &operand, unsigned i) {
    if constexpr (is_vector_v<T>)
        return operand.data()[i];
    else
        return operand;
}
template <class T>
struct element {
    using type = T;
};
template <class T>
    requires is_vector_v<T>
struct element<T> {
    using type = typename T::value_type;
};
template <class T>
using element_t = typename element<T>::type;
template <class T>
inline constexpr bool is_scalar_v = std::is_arithmetic_v<T> || std::is_same_v<T, bfloat16> || adf::host::is_complex<T>;

template <class T, class A, class B>
inline T sum(A a, B b) {
    if constexpr (std::is_integral_v<T>)
        return lane_add(static_cast<T>(a), static_cast<T>(b));
    else
        return T(a + b);
}
template <class T, class A, class B>
inline T difference(A a, B b) {
    if constexpr (std::is_integral_v<T>)
        return lane_sub(static_cast<T>(a), static_cast<T>(b));
    else
        return T(a - b);
}
} // namespace detail

// clang-format off
#define ADF_HOST_ELEMENTWISE(name, expression)                                                                                             \
    template <class T, unsigned N>                                                                                                         \
    inline vector<T, N> name(const vector<T, N> &v, const vector<T, N> &w) {                                                               \
        return detail::generate<T, N>([&](unsigned i) { const T a = v.data()[i], b = w.data()[i]; return expression; });                   \
    }                                                                                                                                      \
    template <class T, unsigned N, class S> requires detail::is_scalar_v<S>                                                                \
    inline vector<T, N> name(const vector<T, N> &v, S scalar) {                                                                            \
        const T b = static_cast<T>(scalar);                                                                                                \
        return detail::generate<T, N>([&](unsigned i) { const T a = v.data()[i]; return expression; });                                    \
    }                                                                                                                                      \
    template <class T, unsigned N, class S> requires detail::is_scalar_v<S>                                                                \
    inline vector<T, N> name(S scalar, const vector<T, N> &v) {                                                                            \
        const T a = static_cast<T>(scalar);                                                                                                \
        return detail::generate<T, N>([&](unsigned i) { const T b = v.data()[i]; return expression; });                                    \
    }
ADF_HOST_ELEMENTWISE(add, (detail::sum<T>(a, b)))
ADF_HOST_ELEMENTWISE(sub, (detail::difference<T>(a, b)))
ADF_HOST_ELEMENTWISE(max, (a < b ? b : a))
ADF_HOST_ELEMENTWISE(min, (b < a ? b : a))
ADF_HOST_ELEMENTWISE(maxdiff, (b < a ? detail::difference<T>(a, b) : T(0)))
ADF_HOST_ELEMENTWISE(bit_and, (static_cast<T>(a & b)))
ADF_HOST_ELEMENTWISE(bit_or, (static_cast<T>(a | b)))
ADF_HOST_ELEMENTWISE(bit_xor, (static_cast<T>(a ^ b)))
#undef ADF_HOST_ELEMENTWISE
// clang-format on

template <class T, unsigned N>
inline vector<T, N> bit_not(const vector<T, N> &v) {
    return detail::generate<T, N>([&](unsigned i) { return ~v.data()[i]; });
}
template <class T, unsigned N>
inline vector<T, N> neg(const vector<T, N> &v) {
    return detail::generate<T, N>([&](unsigned i) { return std::is_unsigned_v<T> ? v.data()[i] : detail::difference<T>(T(0), v.data()[i]); });
}
template <class T, unsigned N>
inline vector<T, N> abs(const vector<T, N> &v) {
    return detail::generate<T, N>([&](unsigned i) {
        const T x = v.data()[i];
        return x < T(0) ? detail::difference<T>(T(0), x) : x;
    });
}
// Of complex vectors.
template <class T, unsigned N>
inline vector<T, N> conj(const vector<T, N> &v) {
    return detail::generate<T, N>([&](unsigned i) { return T{v.data()[i].real, detail::difference<decltype(T::imag)>(0, v.data()[i].imag)}; });
}
template <class T, unsigned N>
inline auto real(const vector<T, N> &v) {
    return detail::generate<decltype(T::real), N>([&](unsigned i) { return v.data()[i].real; });
}
template <class T, unsigned N>
inline auto imag(const vector<T, N> &v) {
    return detail::generate<decltype(T::imag), N>([&](unsigned i) { return v.data()[i].imag; });
}

template <class T, unsigned N, class Low, class High>
inline vector<T, N> clamp(const vector<T, N> &v, const Low &low, const High &high) {
    return min(max(v, low), high);
}

// Accumulators: add and sub of an accumulator, a vector (at shift 0) or a scalar.
template <class Tag, unsigned N>
inline accum<Tag, N> add(const accum<Tag, N> &a, const accum<Tag, N> &b) {
    return detail::generate_lanes<Tag, N>([&](unsigned i) { return detail::lane_add(a.data()[i], b.data()[i]); });
}
template <class Tag, unsigned N>
inline accum<Tag, N> sub(const accum<Tag, N> &a, const accum<Tag, N> &b) {
    return detail::generate_lanes<Tag, N>([&](unsigned i) { return detail::lane_sub(a.data()[i], b.data()[i]); });
}
template <class Tag, unsigned N, class T>
inline accum<Tag, N> add(const accum<Tag, N> &a, const vector<T, N> &v) {
    return add(a, accum<Tag, N>(v));
}
template <class Tag, unsigned N, class T>
inline accum<Tag, N> add(const vector<T, N> &v, const accum<Tag, N> &a) {
    return add(a, v);
}
template <class Tag, unsigned N, class T>
inline accum<Tag, N> sub(const accum<Tag, N> &a, const vector<T, N> &v) {
    return sub(a, accum<Tag, N>(v));
}
template <class Tag, unsigned N, class S>
    requires detail::is_scalar_v<S>
inline accum<Tag, N> add(const accum<Tag, N> &a, S scalar) {
    return detail::generate_lanes<Tag, N>([&](unsigned i) { return detail::lane_add(a.data()[i], detail::to_lane<typename accum<Tag, N>::lane>(scalar)); });
}
template <class Tag, unsigned N, class S>
    requires detail::is_scalar_v<S>
inline accum<Tag, N> sub(const accum<Tag, N> &a, S scalar) {
    return detail::generate_lanes<Tag, N>([&](unsigned i) { return detail::lane_sub(a.data()[i], detail::to_lane<typename accum<Tag, N>::lane>(scalar)); });
}
template <class Tag, unsigned N>
inline accum<Tag, N> neg(const accum<Tag, N> &a) {
    return sub(zeros<Tag, N>(), a);
}

namespace detail {

/// Lane-wise product of two operands, at least one a vector.
template <class Tag, unsigned N, class A, class B>
inline accum<Tag, N> product(const A &a, const B &b) {
    using Lane = typename accum<Tag, N>::lane;
    return generate_lanes<Tag, N>([&](unsigned i) { return lane_mul(to_lane<Lane>(at(a, i)), to_lane<Lane>(at(b, i))); });
}
template <class A, class B>
constexpr unsigned lanes_of() {
    if constexpr (is_vector_v<A>)
        return A::size();
    else
        return B::size();
}
template <class A, class B>
concept Factors = (is_vector_v<A> && (is_vector_v<B> || is_scalar_v<B>)) || (is_vector_v<B> && is_scalar_v<A>);
template <class Tag, class A, class B>
using tag_or_default = std::conditional_t<std::is_void_v<Tag>, typename product_tag<element_t<A>, element_t<B>>::type, Tag>;

} // namespace detail

template <class Tag = void, class A, class B>
    requires detail::Factors<A, B>
inline auto mul(const A &a, const B &b) {
    return detail::product<detail::tag_or_default<Tag, A, B>, detail::lanes_of<A, B>()>(a, b);
}
template <class Tag = void, class A, class B>
    requires detail::Factors<A, B>
inline auto negmul(const A &a, const B &b) {
    return neg(mul<Tag>(a, b));
}
template <class Tag, unsigned N, class A, class B>
    requires detail::Factors<A, B>
inline accum<Tag, N> mac(const accum<Tag, N> &acc, const A &a, const B &b) {
    return add(acc, detail::product<Tag, N>(a, b));
}
template <class Tag, unsigned N, class A, class B>
    requires detail::Factors<A, B>
inline accum<Tag, N> msc(const accum<Tag, N> &acc, const A &a, const B &b) {
    return sub(acc, detail::product<Tag, N>(a, b));
}
template <class Tag = void, class T, unsigned N>
inline auto mul_square(const vector<T, N> &v) {
    return mul<Tag>(v, v);
}
template <class Tag, unsigned N, class T>
inline accum<Tag, N> mac_square(const accum<Tag, N> &acc, const vector<T, N> &v) {
    return mac(acc, v, v);
}
template <class Tag, unsigned N, class T>
inline accum<Tag, N> msc_square(const accum<Tag, N> &acc, const vector<T, N> &v) {
    return msc(acc, v, v);
}

template <class T, unsigned N>
inline vector<T, N> saturating_add(const vector<T, N> &a, const vector<T, N> &b) {
    return add(accum<detail::carrier_tag<T>, N>(a), b).template to_vector<T>();
}
template <class T, unsigned N>
inline vector<T, N> saturating_sub(const vector<T, N> &a, const vector<T, N> &b) {
    return sub(accum<detail::carrier_tag<T>, N>(a), b).template to_vector<T>();
}
/// Through the accumulator: saturates by the core's mode.
template <class T, unsigned N>
inline vector<T, N> upshift(const vector<T, N> &v, unsigned shift) {
    return accum<detail::carrier_tag<T>, N>(v, static_cast<int>(shift)).template to_vector<T>();
}
/// Follows the rounding mode, as releases up to 2025.1 do; later ones floor.
template <class T, unsigned N>
inline vector<T, N> downshift(const vector<T, N> &v, unsigned shift) {
    return accum<acc64, N>(v).template to_vector<T>(static_cast<int>(shift));
}
template <class T, unsigned N>
inline vector<T, N> logical_downshift(const vector<T, N> &v, unsigned shift) {
    using U = std::make_unsigned_t<T>;
    return downshift(v.template cast_to<U>(), shift).template cast_to<T>();
}

template <class T, unsigned N>
inline auto pack(const vector<T, N> &v) {
    return v.pack();
}
template <class T, unsigned N>
inline auto unpack(const vector<T, N> &v) {
    return v.unpack();
}

} // namespace aie
