// aie::accum: the lanes that products add up in. Integer lanes wrap; nothing saturates before to_vector.
#pragma once

#include "modes.hpp"

namespace aie {

/// "Choose for me", where a tag is asked for.
struct accauto {};

template <class Tag, unsigned N>
class accum {
    static_assert(adf::host::is_accumulator_tag<Tag>, "aie::accum: the first argument is a tag such as acc32, acc64 or accfloat");
    static_assert(detail::power_of_two(N), "aie::accum: the number of lanes must be a power of two");

public:
    using value_type = Tag;
    using lane = typename adf::host::lane_of<Tag>::type;
    /// What a lane consists of: itself, or two of these.
    using number = typename adf::host::scalar_of<lane>::type;

    static constexpr unsigned size() { return N; }
    static constexpr unsigned value_bits() { return 8 * sizeof(lane); }
    static constexpr unsigned bits() { return N * value_bits(); }
    static constexpr bool is_floating_point() { return std::is_floating_point_v<number>; }
    static constexpr bool is_complex() { return adf::host::is_complex<lane>; }
    static constexpr bool is_real() { return !is_complex(); }

    /// Undefined on the core; here a fixed pattern.
    accum() { std::memset(data_, 0x5a, sizeof data_); }
    explicit accum(std::nullptr_t) {}
    template <class T>
    explicit accum(const vector<T, N> &v, int shift = 0) : accum(nullptr) {
        from_vector(v, shift);
    }
    /// Tags of one lane width (acc48, acc64) convert into each other; a narrower tag never becomes a wider one implicitly.
    template <class Other>
        requires(!std::is_same_v<Other, Tag> && std::is_same_v<typename adf::host::lane_of<Other>::type, lane>)
    accum(const accum<Other, N> &other) {
        std::memcpy(data_, other.data(), sizeof data_);
    }
    template <class T>
    accum &operator=(const vector<T, N> &v) {
        from_vector(v);
        return *this;
    }

    template <class T>
    void from_vector(const vector<T, N> &v, int shift = 0) {
        static_assert(adf::host::is_complex<T> == is_complex(), "aie::accum: complex values and accumulators go together");
        const auto *from = adf::host::as_numbers(v.data());
        if constexpr (is_floating_point())
            for (unsigned i = 0; i < numbers; ++i)
                adf::host::as_numbers(data_)[i] = static_cast<float>(from[i]);
        else
            detail::ups<number, numbers>(from, adf::host::as_numbers(data_), shift);
    }
    template <class T>
    vector<T, N> to_vector(int shift = 0) const {
        static_assert(adf::host::is_complex<T> == is_complex(), "aie::accum: complex values and accumulators go together");
        vector<T, N> out(nullptr);
        auto *to = adf::host::as_numbers(out.data());
        if constexpr (is_floating_point()) {
            for (unsigned i = 0; i < numbers; ++i)
                if constexpr (std::is_same_v<T, bfloat16>)
                    to[i] = detail::to_bfloat16(adf::host::as_numbers(data_)[i]);
                else
                    to[i] = static_cast<std::remove_reference_t<decltype(to[i])>>(adf::host::as_numbers(data_)[i]);
        } else {
            detail::srs<typename adf::host::scalar_of<T>::type, numbers>(adf::host::as_numbers(data_), to, shift);
        }
        return out;
    }
    template <class T>
    vector<T, N> to_vector_sign(bool is_signed, int shift = 0) const {
        if (is_signed)
            return to_vector<std::make_signed_t<T>>(shift).template cast_to<T>();
        return to_vector<std::make_unsigned_t<T>>(shift).template cast_to<T>();
    }
    /// Float accumulators become vectors by themselves; integer ones need a shift.
    template <class T>
        requires(std::is_same_v<Tag, accfloat> && (std::is_same_v<T, float> || std::is_same_v<T, bfloat16>) && N <= 32)
    operator vector<T, N>() const {
        return to_vector<T>();
    }

    template <unsigned M>
    accum<Tag, M> extract(unsigned i) const {
        static_assert(M <= N, "accum::extract: longer than the accumulator");
        detail::check_index(i, N / M, "accum::extract");
        accum<Tag, M> part(nullptr);
        std::memcpy(part.data(), data_ + i * M, M * sizeof(lane));
        return part;
    }
    template <unsigned M>
    accum &insert(unsigned i, const accum<Tag, M> &part) {
        static_assert(M <= N, "accum::insert: longer than the accumulator");
        detail::check_index(i, N / M, "accum::insert");
        std::memcpy(data_ + i * M, part.data(), M * sizeof(lane));
        return *this;
    }
    template <unsigned M>
    accum<Tag, M> grow(unsigned i = 0) const {
        accum<Tag, M> wide;
        wide.insert(i, *this);
        return wide;
    }
    template <unsigned M>
    auto split() const {
        return [this]<std::size_t... I>(std::index_sequence<I...>) {
            return std::make_tuple(extract<M>(I)...);
        }(std::make_index_sequence<N / M>());
    }
    template <class Other>
    auto cast_to() const {
        constexpr unsigned lanes = N * sizeof(lane) / sizeof(typename adf::host::lane_of<Other>::type);
        accum<Other, lanes> out(nullptr);
        std::memcpy(out.data(), data_, sizeof data_);
        return out;
    }

    lane *data() { return data_; }
    const lane *data() const { return data_; }

private:
    static constexpr unsigned numbers = N * adf::host::scalar_of<lane>::numbers;
    alignas(N * sizeof(lane) < 64 ? N * sizeof(lane) : 64) lane data_[N];
};

template <class T>
inline constexpr bool is_accum_v = false;
template <class Tag, unsigned N>
inline constexpr bool is_accum_v<accum<Tag, N>> = true;
template <class T>
struct is_accum : std::bool_constant<is_accum_v<T>> {};

namespace detail {

template <class Tag, unsigned N, class F>
inline accum<Tag, N> generate_lanes(F f) {
    accum<Tag, N> out(nullptr);
    auto *to = out.data();
    for (unsigned i = 0; i < N; ++i)
        to[i] = f(i);
    return out;
}

/// A factor or summand as a lane; a real one is the real part of a complex lane.
template <class Lane, class T>
inline Lane to_lane(const T &value) {
    if constexpr (!adf::host::is_complex<Lane>) {
        return static_cast<Lane>(value);
    } else {
        using Number = typename adf::host::scalar_of<Lane>::type;
        if constexpr (adf::host::is_complex<T>)
            return {static_cast<Number>(value.real), static_cast<Number>(value.imag)};
        else
            return {static_cast<Number>(value), Number(0)};
    }
}

/// a + b, a - b and a * b of lanes: integers wrap.
template <class Number>
using bits_of = std::conditional_t<std::is_floating_point_v<Number>, Number,
                                   std::make_unsigned_t<std::conditional_t<std::is_floating_point_v<Number>, int, Number>>>;
template <class Lane>
inline Lane lane_add(Lane a, Lane b) {
    if constexpr (adf::host::is_complex<Lane>)
        return {lane_add(a.real, b.real), lane_add(a.imag, b.imag)};
    else
        return static_cast<Lane>(static_cast<bits_of<Lane>>(a) + static_cast<bits_of<Lane>>(b));
}
template <class Lane>
inline Lane lane_sub(Lane a, Lane b) {
    if constexpr (adf::host::is_complex<Lane>)
        return {lane_sub(a.real, b.real), lane_sub(a.imag, b.imag)};
    else
        return static_cast<Lane>(static_cast<bits_of<Lane>>(a) - static_cast<bits_of<Lane>>(b));
}
template <class Lane>
inline Lane lane_mul(Lane a, Lane b) {
    if constexpr (adf::host::is_complex<Lane>)
        return {lane_sub(lane_mul(a.real, b.real), lane_mul(a.imag, b.imag)), lane_add(lane_mul(a.real, b.imag), lane_mul(a.imag, b.real))};
    else
        return static_cast<Lane>(static_cast<bits_of<Lane>>(a) * static_cast<bits_of<Lane>>(b));
}

/// The accumulator tag of a product, unless the caller names one.
template <class T>
inline constexpr bool is_floating = std::is_same_v<T, bfloat16> || std::is_floating_point_v<T> || std::is_same_v<T, cfloat>;
template <class A, class B>
struct product_tag {
    static constexpr bool floating = is_floating<A> || is_floating<B>, complex = adf::host::is_complex<A> || adf::host::is_complex<B>;
    static constexpr bool narrow = sizeof(A) <= 2 && sizeof(B) <= 2, wide = sizeof(A) == 4 && sizeof(B) == 4;
    using real = std::conditional_t<floating, accfloat, std::conditional_t<narrow, acc32, std::conditional_t<wide, acc64, acc48>>>;
    using type = std::conditional_t<!complex, real, std::conditional_t<floating, caccfloat, cacc64>>;
};
/// The tag for moving one type through an accumulator.
template <class T>
using carrier_tag = std::conditional_t<adf::host::is_complex<T>, std::conditional_t<is_floating<T>, caccfloat, cacc64>,
                                       std::conditional_t<is_floating<T>, accfloat, std::conditional_t<sizeof(T) <= 2, acc32, acc64>>>;

} // namespace detail

template <class Tag, class T, unsigned N>
accum<Tag, N> from_vector(const vector<T, N> &v, int shift = 0) {
    return accum<Tag, N>(v, shift);
}
template <class T, class Accumulator>
auto to_vector(const Accumulator &acc, int shift = 0) {
    return acc.template to_vector<T>(shift);
}

} // namespace aie
