// aie::vector and aie::mask: values of one register.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../../adf_host/core.hpp"
#include "../../adf_host/types.hpp"

namespace aie {

namespace detail {

constexpr bool power_of_two(unsigned value) { return value != 0 && (value & (value - 1)) == 0; }

inline void check_index(unsigned index, unsigned size, const char *what) {
    if (index >= size) [[unlikely]]
        adf::host::kernel_fault(std::string(what) + ": index " + std::to_string(index) + " is not below " + std::to_string(size));
}

} // namespace detail

template <class Tag, unsigned N>
class accum;

template <class T, unsigned N>
class vector {
    static_assert(detail::power_of_two(N), "aie::vector: the number of elements must be a power of two");
    static_assert(N * sizeof(T) >= 16, "aie::vector: vectors have at least 128 bits");

public:
    using value_type = T;

    static constexpr unsigned size() { return N; }
    static constexpr unsigned type_bits() { return 8 * sizeof(T); }
    static constexpr unsigned bits() { return N * type_bits(); }
    static constexpr unsigned bytes() { return N * sizeof(T); }
    static constexpr bool is_signed() { return std::is_signed_v<T>; }
    static constexpr bool is_complex() { return std::is_same_v<T, cint16> || std::is_same_v<T, cint32> || std::is_same_v<T, cfloat>; }
    static constexpr bool is_real() { return !is_complex(); }

    /// Undefined on the core; here a fixed pattern, so that reading it shows and repeats.
    vector() { std::memset(static_cast<void *>(data_), 0x5a, sizeof data_); }
    /// Unfilled: every element is about to be written.
    explicit vector(std::nullptr_t) {}
    template <class... Values>
        requires(sizeof...(Values) >= 2 && sizeof...(Values) <= N && (std::is_convertible_v<Values, T> && ...))
    explicit vector(Values... values) : vector() {
        unsigned i = 0;
        ((data_[i++] = static_cast<T>(values)), ...);
    }

    T get(unsigned i) const {
        detail::check_index(i, N, "vector::get");
        return data_[i];
    }
    void set(T value, unsigned i) {
        detail::check_index(i, N, "vector::set");
        data_[i] = value;
    }
    T &operator[](unsigned i) {
        detail::check_index(i, N, "vector[]");
        return data_[i];
    }
    const T &operator[](unsigned i) const {
        detail::check_index(i, N, "vector[]");
        return data_[i];
    }

    template <unsigned M>
    vector<T, M> extract(unsigned i) const {
        static_assert(M <= N, "vector::extract: longer than the vector");
        detail::check_index(i, N / M, "vector::extract");
        vector<T, M> part(nullptr);
        std::memcpy(static_cast<void *>(part.data()), data_ + i * M, part.bytes());
        return part;
    }
    template <unsigned M>
    vector &insert(unsigned i, const vector<T, M> &part) {
        static_assert(M <= N, "vector::insert: longer than the vector");
        detail::check_index(i, N / M, "vector::insert");
        std::memcpy(static_cast<void *>(data_ + i * M), part.data(), part.bytes());
        return *this;
    }
    template <unsigned M>
    vector<T, M> grow(unsigned i = 0) const {
        vector<T, M> wide;
        wide.insert(i, *this);
        return wide;
    }
    template <unsigned M>
    vector<T, M> grow_replicate() const {
        vector<T, M> wide(nullptr);
        for (unsigned i = 0; i < M / N; ++i)
            wide.insert(i, *this);
        return wide;
    }
    template <class... Parts>
    vector &upd_all(const Parts &...parts) {
        unsigned at = 0;
        ((std::memcpy(static_cast<void *>(data_ + at), parts.data(), parts.bytes()), at += parts.size()), ...);
        return *this;
    }
    template <unsigned M>
    auto split() const {
        return [this]<std::size_t... I>(std::index_sequence<I...>) {
            return std::make_tuple(extract<M>(I)...);
        }(std::make_index_sequence<N / M>());
    }
    vector &push(T value) {
        std::memmove(static_cast<void *>(data_ + 1), data_, (N - 1) * sizeof(T));
        data_[0] = value;
        return *this;
    }

    template <class U>
    vector<U, N * sizeof(T) / sizeof(U)> cast_to() const {
        vector<U, N * sizeof(T) / sizeof(U)> out(nullptr);
        std::memcpy(static_cast<void *>(out.data()), data_, sizeof data_);
        return out;
    }
    auto unpack() const;
    auto unpack_sign(bool is_signed) const;
    auto pack() const;

    void load(const T *from) { std::memcpy(static_cast<void *>(data_), from, sizeof data_); }
    void store(T *to) const { std::memcpy(static_cast<void *>(to), data_, sizeof data_); }

    T *data() { return data_; }
    const T *data() const { return data_; }

private:
    alignas(N * sizeof(T) < 64 ? N * sizeof(T) : 64) T data_[N];
};

/// Vectors and what derives from them: native types, the places that iterators point at.
template <class T>
inline constexpr bool is_vector_v = requires(const T &value) { []<class U, unsigned N>(const vector<U, N> &) {}(value); };
template <class T>
struct is_vector : std::bool_constant<is_vector_v<T>> {};

/// One bit a lane; bit i belongs to element i.
template <unsigned N>
class mask {
public:
    mask() = default;
    explicit mask(bool value) { bits_.fill(value); }
    template <class... Words>
    static mask from_uint32(Words... words) {
        mask out(false);
        unsigned word = 0;
        ((out.put(static_cast<std::uint32_t>(words), 32, word++)), ...);
        return out;
    }
    template <class... Words>
    static mask from_uint64(Words... words) {
        mask out(false);
        unsigned word = 0;
        ((out.put(static_cast<std::uint64_t>(words), 64, word++)), ...);
        return out;
    }
    static constexpr unsigned size() { return N; }
    bool test(unsigned i) const { return bits_.at(i); }
    void set(unsigned i) { bits_.at(i) = true; }
    void set() { bits_.fill(true); }
    void clear(unsigned i) { bits_.at(i) = false; }
    void clear() { bits_.fill(false); }
    unsigned count() const {
        unsigned sum = 0;
        for (bool bit : bits_)
            sum += bit;
        return sum;
    }
    bool empty() const { return count() == 0; }
    bool full() const { return count() == N; }
    std::uint32_t to_uint32(unsigned word = 0) const { return static_cast<std::uint32_t>(take(32, word)); }
    std::uint64_t to_uint64(unsigned word = 0) const { return take(64, word); }
    friend mask operator&(const mask &a, const mask &b) {
        return combined(a, b, [](bool x, bool y) { return x && y; });
    }
    friend mask operator|(const mask &a, const mask &b) {
        return combined(a, b, [](bool x, bool y) { return x || y; });
    }
    friend mask operator^(const mask &a, const mask &b) {
        return combined(a, b, [](bool x, bool y) { return x != y; });
    }
    mask operator~() const {
        return combined(*this, *this, [](bool x, bool) { return !x; });
    }
    mask operator<<(unsigned n) const {
        mask out(false);
        for (unsigned i = n; i < N; ++i)
            out.bits_[i] = bits_[i - n];
        return out;
    }
    mask operator>>(unsigned n) const {
        mask out(false);
        for (unsigned i = 0; i + n < N; ++i)
            out.bits_[i] = bits_[i + n];
        return out;
    }

private:
    template <class F>
    static mask combined(const mask &a, const mask &b, F f) {
        mask out(false);
        for (unsigned i = 0; i < N; ++i)
            out.bits_[i] = f(a.bits_[i], b.bits_[i]);
        return out;
    }
    void put(std::uint64_t word, unsigned width, unsigned index) {
        for (unsigned i = 0; i < width && index * width + i < N; ++i)
            bits_[index * width + i] = (word >> i) & 1;
    }
    std::uint64_t take(unsigned width, unsigned index) const {
        std::uint64_t word = 0;
        for (unsigned i = 0; i < width && index * width + i < N; ++i)
            word |= static_cast<std::uint64_t>(bits_[index * width + i]) << i;
        return word;
    }

    std::array<bool, N> bits_{};
};

/// A vector built element by element: f(i) for i in 0 .. N - 1.
namespace detail {
template <class T, unsigned N, class F>
inline vector<T, N> generate(F f) {
    vector<T, N> out(nullptr);
    T *to = out.data();
    for (unsigned i = 0; i < N; ++i)
        to[i] = static_cast<T>(f(i));
    return out;
}
} // namespace detail

} // namespace aie
