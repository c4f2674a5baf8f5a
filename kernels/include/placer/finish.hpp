// From an accumulator block to memory: the chain of requantisation steps that ends every kernel.
#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>

#include "aie_api/aie.hpp"
#include "step.hpp"

namespace placer {

/// Half to even and saturation are not what a core starts with, and another kernel may have changed them: every kernel sets both.
inline void set_modes() {
    aie::set_rounding(aie::rounding_mode::conv_even);
    aie::set_saturation(aie::saturation_mode::saturate);
}

/// total / 2^shift, rounded half to even, of one element; shift: 1 or more.
template <class T>
inline T half_even(T total, int shift) {
    return (total + ((T(1) << (shift - 1)) - 1) + ((total >> shift) & 1)) >> shift;
}

template <class Config>
inline constexpr unsigned step_count = sizeof(Config::steps) / sizeof(Config::steps[0]);

/// The element type of step I's result.
template <class Config, unsigned I>
using step_type = std::conditional_t<
    Config::steps[I].bits == 8, int8,
    std::conditional_t<Config::steps[I].bits == 16, int16, std::conditional_t<Config::steps[I].bits == 32, int32, typename Config::output>>>;

/// The accumulator that T enters with any shift: int32 needs the wide one.
template <class T>
using entry_tag = std::conditional_t<sizeof(T) == 4, acc64, acc32>;

/// Eight column biases for each of the block's rows.
template <unsigned Rows>
inline aie::vector<int32, Rows * 8> bias_by_column(const int32 *__restrict bias) {
    const aie::vector<int32, 8> row = aie::load_v<8>(bias);
    if constexpr (Rows == 2)
        return aie::concat(row, row);
    else if constexpr (Rows == 4)
        return aie::concat(row, row, row, row);
    else
        return aie::concat(bias_by_column<4>(bias), bias_by_column<4>(bias));
}

/// One row bias, spread over the block's eight columns, for each of its rows.
template <unsigned Rows>
inline aie::vector<int32, Rows * 8> bias_by_row(const int32 *__restrict bias) {
    if constexpr (Rows == 2)
        return aie::concat(aie::broadcast<int32, 8>(bias[0]), aie::broadcast<int32, 8>(bias[1]));
    else
        return aie::concat(bias_by_row<Rows / 2>(bias), bias_by_row<Rows / 2>(bias + Rows / 2));
}

/// The bias values of one block, spread over it.
template <bool ByRow, unsigned Rows>
inline aie::vector<int32, Rows * 8> bias_block(const int32 *__restrict bias) {
    if constexpr (ByRow)
        return bias_by_row<Rows>(bias);
    else
        return bias_by_column<Rows>(bias);
}

/// Whether any step of Config has a value a channel: a bias or a multiplier.
template <class Config>
inline constexpr bool biased = [] {
    for (const Step &step : Config::steps)
        if (step.holds())
            return true;
    return false;
}();

/// Where the channel values of a block start; a chain without any has none to point at.
template <class Config>
inline const int32 *bias_at(const int32 *bias, unsigned offset) {
    return biased<Config> ? bias + offset : nullptr;
}

/// acc / 2^shift as T, rounded and saturated. A 32-bit lane becomes an int32 as it is, whatever the shift: it takes the wide lane first.
template <class T, class Tag, unsigned N>
inline aie::vector<T, N> scaled(const aie::accum<Tag, N> &acc, int shift) {
    if constexpr (sizeof(T) == 4 && std::is_same_v<Tag, acc32>) {
        aie::accum<acc64, N> wide;
        wide.from_vector(acc.template to_vector<int32>(0), 0);
        return wide.template to_vector<T>(shift);
    } else {
        return acc.template to_vector<T>(shift);
    }
}

/// Elements of 16 or 32 bits in 32.
template <class T, unsigned N>
inline aie::vector<int32, N> widened(const aie::vector<T, N> &v) {
    if constexpr (sizeof(T) == 4)
        return v;
    else
        return v.unpack();
}

/// acc / 2^shift + zero point, clipped to low..high of Config: in 16-bit lanes, where results of 8 bits need no wider ones, and without what
/// saturation does anyway. Positive: the accumulator is not below 0.
template <class T, class Config, bool Positive = false, class Tag, unsigned N>
inline aie::vector<T, N> clipped(const aie::accum<Tag, N> &acc, int shift) {
    constexpr int zero = Config::zero_point, least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    using Lane = std::conditional_t<sizeof(T) == 1 || (sizeof(T) == 2 && zero == 0), int16, int32>;
    // Of a result of 32 bits only a clip says bounds.
    constexpr bool saturates = sizeof(Lane) == 2 || sizeof(T) == 4;
    aie::vector<Lane, N> out = scaled<Lane>(acc, shift);
    if constexpr (!(Positive && Config::low <= zero) && !(Config::low == least && zero >= 0 && saturates))
        out = aie::max(out, Lane(Config::low - zero));
    if constexpr (!(Config::high == most && zero <= 0 && saturates))
        out = aie::min(out, Lane(Config::high - zero));
    if constexpr (zero != 0)
        out = aie::add(out, Lane(zero));
    if constexpr (sizeof(T) == sizeof(Lane))
        return out;
    else
        return out.pack();
}

/// acc * multiplier, to be shifted by what product_shift says; a wide one in two parts, the lower rounded at bit 16 (placer/arithmetic/integers.py,
/// scaled).
template <bool Wide, class Tag, unsigned N, class Multiplier>
inline aie::accum<acc64, N> product_of(const aie::accum<Tag, N> &acc, const Multiplier &multiplier) {
    if constexpr (Wide) {
        const aie::vector<int32, N> high = acc.template to_vector<int32>(16);
        const aie::accum<acc64, N> below = aie::sub(acc, aie::accum<acc64, N>(high, 16));
        const aie::accum<acc64, N> part = aie::mul<acc64>(below.template to_vector<int32>(0), multiplier);
        return aie::add(aie::mul<acc64>(high, multiplier), aie::accum<acc64, N>(part.template to_vector<int32>(16), 0));
    } else {
        return aie::mul<acc64>(acc.template to_vector<int32>(0), multiplier);
    }
}
constexpr int product_shift(const Step &step) { return step.shift - (step.wide ? 16 : 0); }

/// acc << Up. An accumulator has no shift of its own: it doubles, or its 32-bit values pass through a vector.
template <int Up, bool Wide, class Tag, unsigned N>
inline auto raised(aie::accum<Tag, N> acc) {
    if constexpr (Up <= 2 || Wide) {
        for (int i = 0; i < Up; ++i)
            acc = aie::add(acc, acc);
        return acc;
    } else {
        return aie::accum<acc64, N>(acc.template to_vector<int32>(0), Up);
    }
}

/// Where the bias of a first step is: still to be added, in the accumulator and among the values, or in the accumulator alone, where
/// another tile of the cascade put it.
enum class Bias { to_add, added, elsewhere };

/// acc + bias, and on to the values that follow.
template <Step S, bool ByRow, unsigned Rows, Bias Where, class Tag>
inline aie::accum<Tag, Rows * 8> with_bias(aie::accum<Tag, Rows * 8> acc, const int32 *__restrict &values, unsigned stride) {
    if constexpr (S.bias && Where != Bias::elsewhere) {
        if constexpr (Where == Bias::to_add)
            acc = aie::add(acc, bias_block<ByRow, Rows>(values));
        values += stride;
        if constexpr (S.wide) {
            acc = aie::add(acc, aie::accum<Tag, Rows * 8>(bias_block<ByRow, Rows>(values), 16));
            values += stride;
        }
    }
    return acc;
}

/// The zero point and the bounds of a step whose results are T, as `clipped` has them.
template <Step S, class T>
struct Ends {
    static constexpr int zero_point = S.zero_point;
    static constexpr int low = std::max({S.low, int(std::numeric_limits<T>::min()), S.relu ? 0 : no_low});
    static constexpr int high = std::max(low, std::min(S.high, int(std::numeric_limits<T>::max())));
};

/// Rounded, first to the guard bits where a step has any; with its zero point and between its bounds.
template <Step S, class T, class Tag, unsigned N>
inline aie::vector<T, N> guarded(const aie::accum<Tag, N> &acc, int shift) {
    if constexpr (S.guard > 0)
        return clipped<T, Ends<S, T>>(aie::accum<acc64, N>(scaled<int32>(acc, shift - S.guard), 0), S.guard);
    else
        return clipped<T, Ends<S, T>>(acc, shift);
}

/// A biased sum times its multiplier, with its zero point, saturated to T and clipped: everything that is more than a shift.
template <Step S, class T, bool ByRow, unsigned Rows, class Tag>
inline aie::vector<T, Rows * 8> rescaled(const aie::accum<Tag, Rows * 8> &acc, const int32 *__restrict &values, unsigned stride) {
    if constexpr (S.multiplier == 1) {
        return guarded<S, T>(acc, S.shift);
    } else if constexpr (S.multiplier == 0) {
        const auto product = product_of<S.wide>(acc, bias_block<ByRow, Rows>(values));
        values += stride;
        return guarded<S, T>(product, product_shift(S));
    } else {
        return guarded<S, T>(product_of<S.wide>(acc, int32(S.multiplier)), product_shift(S));
    }
}

/// Steps I, I + 1, ... of Config on one block. `values` points at the values of the next step that holds any for this block; those of one
/// block lie `stride` values apart. Where: of the bias of step I.
template <class Config, bool ByRow, unsigned Rows, Bias Where = Bias::to_add, unsigned I = 0, class Tag>
inline aie::vector<typename Config::output, Rows * 8> finish(aie::accum<Tag, Rows * 8> acc, const int32 *__restrict values, unsigned stride) {
    constexpr Step step = Config::steps[I];
    using Result = step_type<Config, I>;
    static_assert(step.shift >= 0 && step.shift < 60, "a left shift is written as `up`, and a shift is at most 59");
    static_assert(step.bits == 0 || step.bits == 8 || step.bits == 16 || step.bits == 32, "a step ends in 8, 16 or 32 bits, or says 0");
    static_assert(step.low <= step.high, "a step clips to low..high, and low is above high");
    acc = with_bias<step, ByRow, Rows, Where>(acc, values, stride);
    aie::vector<Result, Rows * 8> out;
    if constexpr (step.scales()) {
        out = rescaled<step, Result, ByRow, Rows>(acc, values, stride);
    } else {
        out = scaled<Result>(acc, step.shift);
        if constexpr (step.low > std::numeric_limits<Result>::min())
            out = aie::max(out, Result(step.low));
        if constexpr (step.high < std::numeric_limits<Result>::max())
            out = aie::min(out, Result(step.high));
        if constexpr (step.relu)
            out = aie::max(out, Result(0));
    }
    if constexpr (I + 1 < step_count<Config>) {
        constexpr Step following = Config::steps[I + 1];
        aie::accum<std::conditional_t<following.wide, acc64, entry_tag<Result>>, Rows * 8> next;
        next.from_vector(out, following.up);
        return finish<Config, ByRow, Rows, Bias::to_add, I + 1>(next, values, stride);
    } else {
        static_assert(std::is_same_v<Result, typename Config::output>, "the last step's bits are not those of the output");
        return out;
    }
}

} // namespace placer
