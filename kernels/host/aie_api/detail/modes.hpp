// Rounding and saturation modes of a core, and the two conversions that they govern: SRS (accumulator to vector) and UPS (back).
//
// With t an accumulator lane, q = floor(t / 2^s), r = t - q * 2^s and h = 2^(s - 1): SRS gives saturate(q + up), where `up` depends on the mode.
#pragma once

#include <algorithm>
#include <limits>

#include "vector.hpp"

namespace aie {

/// Values are the hardware codes of AIE-ML.
enum class rounding_mode {
    floor = 0,
    ceil = 1,
    symmetric_floor = 2,
    symmetric_ceil = 3,
    negative_inf = 8,
    positive_inf = 9,
    symmetric_zero = 10,
    symmetric_inf = 11,
    conv_even = 12,
    conv_odd = 13,
};

enum class saturation_mode { none = 0, saturate = 1, truncate = 1, symmetric = 3 };

inline void set_rounding(rounding_mode mode) { adf::host::current_core->rounding = static_cast<int>(mode); }
inline void set_saturation(saturation_mode mode) { adf::host::current_core->saturation = static_cast<int>(mode); }
inline rounding_mode get_rounding() { return static_cast<rounding_mode>(adf::host::current_core->rounding); }
inline saturation_mode get_saturation() { return static_cast<saturation_mode>(adf::host::current_core->saturation); }
inline rounding_mode swap_rounding(rounding_mode mode) {
    const rounding_mode old = get_rounding();
    set_rounding(mode);
    return old;
}
inline saturation_mode swap_saturation(saturation_mode mode) {
    const saturation_mode old = get_saturation();
    set_saturation(mode);
    return old;
}

/// Sets a mode for a scope (2026.1 of the vendor's API).
class scoped_mode {
public:
    explicit scoped_mode(rounding_mode mode) : rounding_(swap_rounding(mode)), saturation_(get_saturation()) {}
    explicit scoped_mode(saturation_mode mode) : rounding_(get_rounding()), saturation_(swap_saturation(mode)) {}
    scoped_mode(rounding_mode r, saturation_mode s) : rounding_(swap_rounding(r)), saturation_(swap_saturation(s)) {}
    scoped_mode(const scoped_mode &) = delete;
    scoped_mode &operator=(const scoped_mode &) = delete;
    ~scoped_mode() {
        set_rounding(rounding_);
        set_saturation(saturation_);
    }

private:
    rounding_mode rounding_;
    saturation_mode saturation_;
};

namespace detail {

/// Whether a lane with quotient q and remainder r rounds up. `negative`: the sign of the lane. s >= 1, h = 2^(s - 1).
template <rounding_mode Mode, class Lane, class Bits>
inline Lane rounds_up(Lane q, Bits r, Bits h, bool negative) {
    if constexpr (Mode == rounding_mode::floor)
        return 0;
    else if constexpr (Mode == rounding_mode::ceil)
        return r > 0;
    else if constexpr (Mode == rounding_mode::symmetric_floor)
        return negative & (r > 0);
    else if constexpr (Mode == rounding_mode::symmetric_ceil)
        return !negative & (r > 0);
    else if constexpr (Mode == rounding_mode::negative_inf)
        return r > h;
    else if constexpr (Mode == rounding_mode::positive_inf)
        return r >= h;
    else if constexpr (Mode == rounding_mode::symmetric_zero)
        return (r > h) | ((r == h) & negative);
    else if constexpr (Mode == rounding_mode::symmetric_inf)
        return (r > h) | ((r == h) & !negative);
    else if constexpr (Mode == rounding_mode::conv_even)
        return (r > h) | ((r == h) & (q & 1));
    else
        return (r > h) | ((r == h) & !(q & 1));
}

template <class F>
inline auto with_rounding(F f) {
    using enum rounding_mode;
    switch (get_rounding()) {
    case ceil: return f.template operator()<ceil>();
    case symmetric_floor: return f.template operator()<symmetric_floor>();
    case symmetric_ceil: return f.template operator()<symmetric_ceil>();
    case negative_inf: return f.template operator()<negative_inf>();
    case positive_inf: return f.template operator()<positive_inf>();
    case symmetric_zero: return f.template operator()<symmetric_zero>();
    case symmetric_inf: return f.template operator()<symmetric_inf>();
    case conv_even: return f.template operator()<conv_even>();
    case conv_odd: return f.template operator()<conv_odd>();
    default: return f.template operator()<floor>();
    }
}

/// Saturate lanes to T by the core's mode; with none, T takes the low bits.
template <class T, unsigned N, class Lane>
inline void saturate(const Lane *from, T *to) {
    using Limits = std::numeric_limits<T>;
    const saturation_mode mode = get_saturation();
    if (mode == saturation_mode::none || sizeof(T) > sizeof(Lane)) {
        for (unsigned i = 0; i < N; ++i)
            to[i] = static_cast<T>(from[i]);
        return;
    }
    const std::int64_t least = std::is_signed_v<T> ? static_cast<std::int64_t>(Limits::min()) + (mode == saturation_mode::symmetric) : 0;
    const std::int64_t most = sizeof(T) == 8 ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(Limits::max());
    using Wide = std::numeric_limits<Lane>;
    const Lane low = static_cast<Lane>(std::max<std::int64_t>(least, Wide::min()));
    const Lane high = static_cast<Lane>(std::min<std::int64_t>(most, Wide::max()));
    for (unsigned i = 0; i < N; ++i)
        to[i] = static_cast<T>(std::min(std::max(from[i], low), high));
}

/// SRS of N integer lanes. A 32-bit lane to a 32-bit element is a plain copy on this hardware: shift and modes are ignored.
template <class T, unsigned N, class Lane>
inline void srs(const Lane *from, T *to, int shift) {
    if constexpr (sizeof(Lane) == 4 && sizeof(T) == 4) {
        std::memcpy(to, from, N * sizeof(T));
        return;
    }
    if (shift < -4 || shift > 59) [[unlikely]]
        adf::host::kernel_fault("to_vector: a shift of " + std::to_string(shift) + " is outside -4 to 59");
    if (shift == 0)
        return saturate<T, N>(from, to);
    if constexpr (sizeof(Lane) == 4) {
        if (shift < 0 || shift > 31) {
            std::int64_t wide[N];
            for (unsigned i = 0; i < N; ++i)
                wide[i] = from[i];
            return srs<T, N>(wide, to, shift);
        }
    }
    using Bits = std::make_unsigned_t<Lane>;
    Lane rounded[N];
    if (shift < 0) {
        for (unsigned i = 0; i < N; ++i)
            rounded[i] = static_cast<Lane>(static_cast<Bits>(from[i]) << -shift);
        return saturate<T, N>(rounded, to);
    }
    with_rounding([&]<rounding_mode Mode>() {
        const Bits rest = (Bits(1) << shift) - 1, half = Bits(1) << (shift - 1);
        for (unsigned i = 0; i < N; ++i) {
            const Lane q = from[i] >> shift;
            rounded[i] = q + rounds_up<Mode, Lane, Bits>(q, static_cast<Bits>(from[i]) & rest, half, from[i] < 0);
        }
    });
    saturate<T, N>(rounded, to);
}

/// UPS of N integers: with saturation on, values are clamped so that the shifted lane does not overflow; with none they wrap.
template <class Lane, unsigned N, class T>
inline void ups(const T *from, Lane *to, int shift) {
    if (shift < 0 || shift > 63) [[unlikely]]
        adf::host::kernel_fault("from_vector: a shift of " + std::to_string(shift) + " is outside 0 to 63");
    if (sizeof(T) == 4 && sizeof(Lane) == 4 && shift != 0) [[unlikely]]
        adf::host::kernel_fault("from_vector: int32 enters a 32-bit accumulator only with shift 0");
    using Bits = std::make_unsigned_t<Lane>;
    const int wide = std::min<int>(shift, 8 * sizeof(Lane) - 1);
    const bool clamps = get_saturation() != saturation_mode::none && shift > 0;
    const Lane low = std::numeric_limits<Lane>::min() >> wide, high = std::numeric_limits<Lane>::max() >> wide;
    const bool beyond = shift >= static_cast<int>(8 * sizeof(Lane));
    for (unsigned i = 0; i < N; ++i) {
        Lane value = static_cast<Lane>(from[i]);
        if (clamps)
            value = std::min(std::max(value, low), high);
        to[i] = beyond ? 0 : static_cast<Lane>(static_cast<Bits>(value) << wide);
    }
}

/// A float to bfloat16 by the core's rounding mode.
inline bfloat16 to_bfloat16(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7f800000u) == 0x7f800000u)
        return bfloat16(value);
    // Magnitude and sign are apart in a float: the quotient below is a magnitude, so a mode by direction swaps with the sign.
    const bool negative = bits >> 31;
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    const std::int32_t lane = negative ? -static_cast<std::int32_t>(magnitude) : static_cast<std::int32_t>(magnitude);
    const std::int32_t q = lane >> 16;
    const std::uint32_t r = static_cast<std::uint32_t>(lane) & 0xffffu;
    const std::int32_t rounded =
        q + with_rounding([&]<rounding_mode Mode>() { return rounds_up<Mode, std::int32_t, std::uint32_t>(q, r, 0x8000u, negative); });
    const std::uint32_t out = negative ? 0x8000u | static_cast<std::uint32_t>(-rounded) : static_cast<std::uint32_t>(rounded);
    return bfloat16::from_bits(static_cast<std::uint16_t>(out));
}

} // namespace detail

template <class T, unsigned N>
auto vector<T, N>::unpack_sign(bool is_signed) const {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::conditional_t<sizeof(T) == 1, int16, int32>,
                                    std::conditional_t<sizeof(T) == 1, uint16, uint32>>;
    using Bits = std::make_unsigned_t<T>;
    return detail::generate<Wide, N>([&](unsigned i) {
        return is_signed ? static_cast<Wide>(static_cast<std::make_signed_t<T>>(data_[i])) : static_cast<Wide>(static_cast<Bits>(data_[i]));
    });
}

template <class T, unsigned N>
auto vector<T, N>::unpack() const {
    return unpack_sign(std::is_signed_v<T>);
}

template <class T, unsigned N>
auto vector<T, N>::pack() const {
    using Narrow = std::conditional_t<std::is_signed_v<T>, std::conditional_t<sizeof(T) == 2, int8, int16>,
                                      std::conditional_t<sizeof(T) == 2, uint8, uint16>>;
    vector<Narrow, N> out(nullptr);
    std::int64_t lanes[N];
    for (unsigned i = 0; i < N; ++i)
        lanes[i] = data_[i];
    detail::saturate<Narrow, N>(lanes, out.data());
    return out;
}

/// The core that runs the caller.
class tile {
public:
    static tile current() { return {}; }
    void set_rounding(rounding_mode mode) { aie::set_rounding(mode); }
    void set_saturation(saturation_mode mode) { aie::set_saturation(mode); }
    rounding_mode get_rounding() const { return aie::get_rounding(); }
    saturation_mode get_saturation() const { return aie::get_saturation(); }
    /// Time is not emulated.
    std::uint64_t cycles() const { return 0; }
};

} // namespace aie

// The intrinsics for the same modes, with the names of the vendor's compiler.
inline constexpr int rnd_floor = 0, rnd_ceil = 1, rnd_sym_floor = 2, rnd_sym_ceil = 3, rnd_neg_inf = 8, rnd_pos_inf = 9, rnd_sym_zero = 10,
                     rnd_sym_inf = 11, rnd_conv_even = 12, rnd_conv_odd = 13;
inline void set_rnd(int mode) { adf::host::current_core->rounding = mode; }
inline void set_rnd_mode(int mode) { set_rnd(mode); }
inline int get_rnd() { return adf::host::current_core->rounding; }
inline void set_satmode(int mode) { adf::host::current_core->saturation = mode; }
inline int get_satmode() { return adf::host::current_core->saturation; }
inline void set_sat() { set_satmode(1); }
inline void set_symsat() { set_satmode(3); }
inline void clr_sat() { set_satmode(0); }
