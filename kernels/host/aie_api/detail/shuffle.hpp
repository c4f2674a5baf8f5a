// Moves of elements inside and between vectors.
#pragma once

#include "arithmetic.hpp"

namespace aie {

/// The first argument has the lowest elements.
template <class T, unsigned N, class... Rest>
inline auto concat(const vector<T, N> &first, const Rest &...rest) {
    vector<T, N + (Rest::size() + ... + 0)> out(nullptr);
    out.upd_all(first, rest...);
    return out;
}
template <class Tag, unsigned N, class... Rest>
inline auto concat(const accum<Tag, N> &first, const Rest &...rest) {
    constexpr unsigned lanes = N + (Rest::size() + ... + 0);
    accum<Tag, lanes> out(nullptr);
    unsigned at = 0;
    const auto put = [&](const auto &part) {
        std::memcpy(out.data() + at, part.data(), part.size() * sizeof(part.data()[0]));
        at += part.size();
    };
    put(first);
    (put(rest), ...);
    return out;
}

template <class To, class T, unsigned N>
inline auto vector_cast(const vector<T, N> &v) {
    if constexpr (adf::host::is_accumulator_tag<To>) {
        accum<To, N * sizeof(T) / sizeof(typename adf::host::lane_of<To>::type)> out(nullptr);
        std::memcpy(out.data(), v.data(), v.bytes());
        return out;
    } else {
        return v.template cast_to<To>();
    }
}
template <class To, class Tag, unsigned N>
inline auto vector_cast(const accum<Tag, N> &acc) {
    constexpr unsigned bytes = N * sizeof(typename accum<Tag, N>::lane);
    vector<To, bytes / sizeof(To)> out(nullptr);
    std::memcpy(static_cast<void *>(out.data()), acc.data(), bytes);
    return out;
}

/// Input R x C, row-major; output C x R, row-major.
template <class T, unsigned N>
inline vector<T, N> transpose(const vector<T, N> &v, unsigned rows, unsigned columns) {
    return detail::generate<T, N>([&](unsigned i) { return v.data()[(i % rows) * columns + i / rows]; });
}

namespace detail {
/// Element i of a and b interleaved in chunks of c.
template <class T, unsigned N>
inline T zipped(const vector<T, N> &a, const vector<T, N> &b, unsigned c, unsigned i) {
    const unsigned block = i / c;
    return (block % 2 ? b : a).data()[(block / 2) * c + i % c];
}
template <class T, unsigned N>
inline T joined(const vector<T, N> &a, const vector<T, N> &b, unsigned i) {
    return i < N ? a.data()[i] : b.data()[i - N];
}
} // namespace detail

template <class T, unsigned N>
inline std::pair<vector<T, N>, vector<T, N>> interleave_zip(const vector<T, N> &a, const vector<T, N> &b, unsigned chunk) {
    return {detail::generate<T, N>([&](unsigned i) { return detail::zipped(a, b, chunk, i); }),
            detail::generate<T, N>([&](unsigned i) { return detail::zipped(a, b, chunk, i + N); })};
}
template <class T, unsigned N>
inline std::pair<vector<T, N>, vector<T, N>> interleave_unzip(const vector<T, N> &a, const vector<T, N> &b, unsigned chunk) {
    const auto pick = [&](unsigned odd) {
        return detail::generate<T, N>([&](unsigned i) { return detail::joined(a, b, (i / chunk) * 2 * chunk + i % chunk + odd * chunk); });
    };
    return {pick(0), pick(1)};
}
template <class T, unsigned N>
inline vector<T, N / 2> filter_even(const vector<T, N> &v, unsigned chunk = 1) {
    return detail::generate<T, N / 2>([&](unsigned i) { return v.data()[(i / chunk) * 2 * chunk + i % chunk]; });
}
template <class T, unsigned N>
inline vector<T, N / 2> filter_odd(const vector<T, N> &v, unsigned chunk = 1) {
    return detail::generate<T, N / 2>([&](unsigned i) { return v.data()[(i / chunk) * 2 * chunk + i % chunk + chunk]; });
}
template <class T, unsigned N>
inline vector<T, N> reverse(const vector<T, N> &v) {
    return detail::generate<T, N>([&](unsigned i) { return v.data()[N - 1 - i]; });
}

template <class T, unsigned N>
inline vector<T, N> shuffle_up_rotate(const vector<T, N> &v, unsigned n) {
    return detail::generate<T, N>([&](unsigned i) { return v.data()[(i + N - n % N) % N]; });
}
template <class T, unsigned N>
inline vector<T, N> shuffle_down_rotate(const vector<T, N> &v, unsigned n) {
    return detail::generate<T, N>([&](unsigned i) { return v.data()[(i + n) % N]; });
}
template <class T, unsigned N>
inline vector<T, N> shuffle_up_fill(const vector<T, N> &v, const vector<T, N> &fill, unsigned n) {
    return detail::generate<T, N>([&](unsigned i) { return i < n ? fill.data()[N - n + i] : v.data()[i - n]; });
}
template <class T, unsigned N>
inline vector<T, N> shuffle_down_fill(const vector<T, N> &v, const vector<T, N> &fill, unsigned n) {
    return detail::generate<T, N>([&](unsigned i) { return i < N - n ? v.data()[i + n] : fill.data()[i - (N - n)]; });
}
template <class T, unsigned N>
inline vector<T, N> shuffle_up_replicate(const vector<T, N> &v, unsigned n) {
    return detail::generate<T, N>([&](unsigned i) { return i < n ? v.data()[0] : v.data()[i - n]; });
}
template <class T, unsigned N>
inline vector<T, N> shuffle_down_replicate(const vector<T, N> &v, unsigned n) {
    return detail::generate<T, N>([&](unsigned i) { return i + n < N ? v.data()[i + n] : v.data()[N - 1]; });
}
/// New elements are undefined on the core: here a fixed pattern.
template <class T, unsigned N>
inline vector<T, N> shuffle_up(const vector<T, N> &v, unsigned n) {
    return shuffle_up_fill(v, vector<T, N>(), n);
}
template <class T, unsigned N>
inline vector<T, N> shuffle_down(const vector<T, N> &v, unsigned n) {
    return shuffle_down_fill(v, vector<T, N>(), n);
}

} // namespace aie
