// aie::print: vectors, accumulators and masks on standard output.
#pragma once

#include "aie.hpp"

#if __cplusplus >= 202002L

#include <cstdio>

namespace aie {

namespace detail {
template <class T>
inline void print_element(T value) {
    if constexpr (std::is_integral_v<T>)
        std::printf("%lld ", static_cast<long long>(value));
    else
        std::printf("%f ", static_cast<double>(static_cast<float>(value)));
}
} // namespace detail

template <class Value>
    requires requires(const Value &v) { v.data(); }
inline void print(const Value &v, bool newline = false, const char *prefix = "") {
    std::printf("%s", prefix ? prefix : "");
    for (unsigned i = 0; i < v.size(); ++i)
        detail::print_element(v.data()[i]);
    if (newline)
        std::printf("\n");
}
template <unsigned N>
inline void print(const mask<N> &m, bool newline = false, const char *prefix = "") {
    std::printf("%s", prefix ? prefix : "");
    for (unsigned i = 0; i < N; ++i)
        std::printf("%d ", m.test(i) ? 1 : 0);
    if (newline)
        std::printf("\n");
}

} // namespace aie

#endif
