// Comparisons, selection and reductions.
#pragma once

#include <cmath>

#include "arithmetic.hpp"

namespace aie {

// clang-format off
#define ADF_HOST_COMPARE(name, op)                                                                                                         \
    template <class A, class B> requires detail::Factors<A, B>                                                                             \
    inline auto name(const A &v, const B &w) {                                                                                             \
        using T = std::conditional_t<is_vector_v<A>, detail::element_t<A>, detail::element_t<B>>;                                          \
        mask<detail::lanes_of<A, B>()> out(false);                                                                                         \
        for (unsigned i = 0; i < out.size(); ++i)                                                                                          \
            if (static_cast<T>(detail::at(v, i)) op static_cast<T>(detail::at(w, i)))                                                      \
                out.set(i);                                                                                                                \
        return out;                                                                                                                        \
    }
ADF_HOST_COMPARE(lt, <)
ADF_HOST_COMPARE(le, <=)
ADF_HOST_COMPARE(gt, >)
ADF_HOST_COMPARE(ge, >=)
ADF_HOST_COMPARE(eq, ==)
ADF_HOST_COMPARE(neq, !=)
#undef ADF_HOST_COMPARE
// clang-format on

template <class T, unsigned N>
inline bool equal(const vector<T, N> &a, const vector<T, N> &b) {
    return eq(a, b).full();
}
template <class T, unsigned N>
inline bool not_equal(const vector<T, N> &a, const vector<T, N> &b) {
    return !equal(a, b);
}

/// b where the mask is set, a elsewhere.
template <class A, class B, unsigned N>
    requires detail::Factors<A, B>
inline auto select(const A &a, const B &b, const mask<N> &m) {
    using T = std::conditional_t<is_vector_v<A>, detail::element_t<A>, detail::element_t<B>>;
    return detail::generate<T, N>([&](unsigned i) { return m.test(i) ? static_cast<T>(detail::at(b, i)) : static_cast<T>(detail::at(a, i)); });
}

template <class T, unsigned N>
inline T reduce_max(const vector<T, N> &v) {
    return *std::max_element(v.data(), v.data() + N);
}
template <class T, unsigned N>
inline T reduce_min(const vector<T, N> &v) {
    return *std::min_element(v.data(), v.data() + N);
}

/// The element type throughout: int32 wraps; int8 and int16 wrap down to 16 and 8 partial sums, whose sum passes SRS at shift 0.
template <class T, unsigned N>
inline T reduce_add(const vector<T, N> &v) {
    constexpr unsigned kept = sizeof(T) == 1 ? 16 : sizeof(T) == 2 && std::is_integral_v<T> ? 8 : 1;
    T part[N];
    std::copy(v.data(), v.data() + N, part);
    for (unsigned n = N / 2; n >= kept && n > 0; n /= 2)
        for (unsigned i = 0; i < n; ++i)
            part[i] = detail::sum<T>(part[i], part[i + n]);
    if constexpr (kept == 1) {
        return part[0];
    } else {
        std::int32_t total = 0;
        for (unsigned i = 0; i < std::min(kept, N); ++i)
            total += part[i];
        T out;
        detail::saturate<T, 1>(&total, &out);
        return out;
    }
}
template <class Tag, unsigned N>
inline typename accum<Tag, N>::lane reduce_add(const accum<Tag, N> &acc) {
    typename accum<Tag, N>::lane total = 0;
    for (unsigned i = 0; i < N; ++i)
        total = detail::lane_add(total, acc.data()[i]);
    return total;
}
/// Element k is the sum of the k-th vector.
template <class T, unsigned N, class... Rest>
inline vector<T, N> reduce_add_v(const vector<T, N> &first, const Rest &...rest) {
    vector<T, N> out;
    unsigned i = 0;
    out.set(reduce_add(first), i);
    ((out.set(reduce_add(rest), ++i)), ...);
    return out;
}

// Floating point: values within tolerance of the device's, not its bits.
template <class T, unsigned N>
inline vector<float, N> to_float(const vector<T, N> &v, int shift = 0) {
    return detail::generate<float, N>([&](unsigned i) { return std::ldexp(static_cast<float>(v.data()[i]), -shift); });
}
template <class T = int32, class F, unsigned N>
inline vector<T, N> to_fixed(const vector<F, N> &v, int shift = 0) {
    return detail::generate<T, N>([&](unsigned i) {
        const double scaled = std::ldexp(static_cast<double>(static_cast<float>(v.data()[i])), shift);
        const double low = static_cast<double>(std::numeric_limits<T>::min()), high = static_cast<double>(std::numeric_limits<T>::max());
        return std::isnan(scaled) ? 0.0 : std::min(std::max(std::nearbyint(scaled), low), high);
    });
}

// clang-format off
#define ADF_HOST_ELEMENTARY(name, expression)                                                                                              \
    template <class T, unsigned N>                                                                                                         \
    inline vector<T, N> name(const vector<T, N> &v) {                                                                                      \
        return detail::generate<T, N>([&](unsigned i) { const float x = static_cast<float>(v.data()[i]); return T(expression); });         \
    }                                                                                                                                      \
    inline float name(float x) { return expression; }
ADF_HOST_ELEMENTARY(inv, 1.0f / x)
ADF_HOST_ELEMENTARY(sqrt, std::sqrt(x))
ADF_HOST_ELEMENTARY(invsqrt, 1.0f / std::sqrt(x))
ADF_HOST_ELEMENTARY(tanh, std::tanh(x))
ADF_HOST_ELEMENTARY(exp2, std::exp2(x))
#undef ADF_HOST_ELEMENTARY
// clang-format on

template <class A, class B>
    requires detail::Factors<A, B>
inline auto div(const A &a, const B &b) {
    using T = std::conditional_t<is_vector_v<A>, detail::element_t<A>, detail::element_t<B>>;
    return detail::generate<T, detail::lanes_of<A, B>()>(
        [&](unsigned i) { return T(static_cast<float>(detail::at(a, i)) / static_cast<float>(detail::at(b, i))); });
}

} // namespace aie

/// Leading bits equal to the sign.
inline int clb(int value) {
    const unsigned bits = static_cast<unsigned>(value < 0 ? ~value : value);
    return bits == 0 ? 32 : __builtin_clz(bits);
}
