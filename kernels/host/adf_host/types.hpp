// Scalar types that the vendor's headers put at global scope, for graphs and kernels alike.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

using int8 = std::int8_t;
using int16 = std::int16_t;
using int32 = std::int32_t;
using int64 = std::int64_t;
using uint8 = std::uint8_t;
using uint16 = std::uint16_t;
using uint32 = std::uint32_t;
using uint64 = std::uint64_t;

/// The upper half of a float. From a scalar float it rounds to nearest even; vectors follow the core's rounding mode.
class bfloat16 {
public:
    bfloat16() = default;
    bfloat16(float value) : bits_(rounded(value)) {}
    bfloat16(double value) : bfloat16(static_cast<float>(value)) {}
    bfloat16(int value) : bfloat16(static_cast<float>(value)) {}
    operator float() const {
        const std::uint32_t wide = static_cast<std::uint32_t>(bits_) << 16;
        float value;
        std::memcpy(&value, &wide, sizeof value);
        return value;
    }
    static bfloat16 from_bits(std::uint16_t bits) {
        bfloat16 value;
        value.bits_ = bits;
        return value;
    }
    std::uint16_t bits() const { return bits_; }

private:
    static std::uint16_t rounded(float value) {
        std::uint32_t wide;
        std::memcpy(&wide, &value, sizeof wide);
        if ((wide & 0x7fffffffu) > 0x7f800000u)
            return static_cast<std::uint16_t>((wide >> 16) | 0x40u);
        return static_cast<std::uint16_t>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
    }

    std::uint16_t bits_;
};

/// Complex values as they lie in memory: real part first.
template <class T>
struct complex_value {
    T real, imag;
    friend bool operator==(const complex_value &a, const complex_value &b) { return a.real == b.real && a.imag == b.imag; }
    friend complex_value operator+(const complex_value &a, const complex_value &b) {
        return {static_cast<T>(a.real + b.real), static_cast<T>(a.imag + b.imag)};
    }
    friend complex_value operator-(const complex_value &a, const complex_value &b) {
        return {static_cast<T>(a.real - b.real), static_cast<T>(a.imag - b.imag)};
    }
    friend complex_value operator*(const complex_value &a, const complex_value &b) {
        return {static_cast<T>(a.real * b.real - a.imag * b.imag), static_cast<T>(a.real * b.imag + a.imag * b.real)};
    }
    friend complex_value operator-(const complex_value &a) { return {static_cast<T>(-a.real), static_cast<T>(-a.imag)}; }
    complex_value &operator+=(const complex_value &b) { return *this = *this + b; }
    complex_value &operator-=(const complex_value &b) { return *this = *this - b; }
    complex_value &operator*=(const complex_value &b) { return *this = *this * b; }
};
using cint16 = complex_value<std::int16_t>;
using cint32 = complex_value<std::int32_t>;
using cfloat = complex_value<float>;

// Accumulator tags: names of lanes, never values.
struct acc16 {};
struct acc24 {};
struct acc32 {};
struct acc40 {};
struct acc48 {};
struct acc56 {};
struct acc64 {};
struct accfloat {};
struct cacc32 {};
struct cacc40 {};
struct cacc48 {};
struct cacc56 {};
struct cacc64 {};
struct caccfloat {};

namespace adf::host {

template <class T>
inline constexpr bool is_complex = false;
template <class T>
inline constexpr bool is_complex<complex_value<T>> = true;

template <class T, class... Others>
inline constexpr bool is_one_of = (std::is_same_v<T, Others> || ...);
template <class T>
inline constexpr bool is_accumulator_tag =
    is_one_of<T, acc16, acc24, acc32, acc40, acc48, acc56, acc64, accfloat, cacc32, cacc40, cacc48, cacc56, cacc64, caccfloat>;

/// The lane that the hardware gives an accumulator tag: 32 bits up to acc32, 64 bits above (there is no 48-bit lane). Complex integers
/// have two of 64 bits.
template <class Tag>
struct lane_of {
    using type = std::conditional_t<is_one_of<Tag, cacc32, cacc40, cacc48, cacc56, cacc64>, complex_value<std::int64_t>, std::int64_t>;
};
template <>
struct lane_of<acc16> {
    using type = std::int32_t;
};
template <>
struct lane_of<acc24> {
    using type = std::int32_t;
};
template <>
struct lane_of<acc32> {
    using type = std::int32_t;
};
template <>
struct lane_of<accfloat> {
    using type = float;
};
template <>
struct lane_of<caccfloat> {
    using type = complex_value<float>;
};

/// The numbers that an element consists of, two for complex ones.
template <class T>
struct scalar_of {
    using type = T;
    static constexpr unsigned numbers = 1;
};
template <class T>
struct scalar_of<complex_value<T>> {
    using type = T;
    static constexpr unsigned numbers = 2;
};
template <class Tag>
    requires is_accumulator_tag<Tag>
struct scalar_of<Tag> : scalar_of<typename lane_of<Tag>::type> {};
template <class T>
inline auto *as_numbers(T *elements) {
    using Number = typename scalar_of<std::remove_const_t<T>>::type;
    return reinterpret_cast<std::conditional_t<std::is_const_v<T>, const Number, Number> *>(elements);
}

} // namespace adf::host

// What the two compilers of the vendor understand and g++ need not: hints without effect on values.
#ifndef chess_prepare_for_pipelining
#define chess_prepare_for_pipelining
#define chess_flatten_loop
#define chess_loop_range(...)
#define chess_loop_count(...)
#define chess_unroll_loop(...)
#define chess_unroll_loop_preamble
#define chess_no_hw_loop
#define chess_allocate(...)
#define chess_storage(...)
#define chess_alignof(...)
#define chess_assert(...) ((void)0)
#define chess_separator_scheduler(...) ((void)0)
#define chess_separator(...) ((void)0)
#define chess_memory_fence(...) ((void)0)
#define chess_protect_access volatile
#define chess_copy(value) (value)
#define chess_report(...) ((void)0)
#endif
#ifndef __aie_dm_resource_a
#define __aie_dm_resource_a
#define __aie_dm_resource_b
#define __aie_dm_resource_c
#define __aie_dm_resource_d
#define __aie_dm_resource_stack
#endif
// 20 is AIE-ML, 22 AIE-MLv2.
#ifndef __AIE_ARCH__
#define __AIE_ARCH__ 20
#endif
#ifndef __AIENGINE__
#define __AIENGINE__ 2
#endif

inline void event0() {}
inline void event1() {}
