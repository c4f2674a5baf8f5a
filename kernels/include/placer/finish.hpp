// From an accumulator block to memory: the chain of requantisation steps that ends every kernel.
#pragma once

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

/// Whether any step of Config has a bias.
template <class Config>
inline constexpr bool biased = [] {
    for (const Step &step : Config::steps)
        if (step.bias)
            return true;
    return false;
}();

/// Where the bias values of a block start; a chain without bias has none to point at.
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

/// Steps I, I + 1, ... of Config on one block. `bias` points at the values of the next biased step for this block; steps of one block lie
/// `stride` values apart. Biased: the accumulator already holds the bias of step I.
template <class Config, bool ByRow, unsigned Rows, bool Biased = false, unsigned I = 0, class Tag>
inline aie::vector<typename Config::output, Rows * 8> finish(aie::accum<Tag, Rows * 8> acc, const int32 *__restrict bias, unsigned stride) {
    constexpr Step step = Config::steps[I];
    using Result = step_type<Config, I>;
    static_assert(step.shift >= 0 && step.shift < 60, "a left shift is written as `up`, and a shift is at most 59");
    static_assert(step.bits == 0 || step.bits == 8 || step.bits == 16 || step.bits == 32, "a step ends in 8, 16 or 32 bits, or says 0");
    static_assert(step.low <= step.high, "a step clips to low..high, and low is above high");
    if constexpr (step.bias) {
        if constexpr (!Biased)
            acc = aie::add(acc, bias_block<ByRow, Rows>(bias));
        bias += stride;
    }
    aie::vector<Result, Rows * 8> out = scaled<Result>(acc, step.shift);
    if constexpr (step.low > std::numeric_limits<Result>::min())
        out = aie::max(out, Result(step.low));
    if constexpr (step.high < std::numeric_limits<Result>::max())
        out = aie::min(out, Result(step.high));
    if constexpr (step.relu)
        out = aie::max(out, Result(0));
    if constexpr (I + 1 < step_count<Config>) {
        aie::accum<entry_tag<Result>, Rows * 8> next;
        next.from_vector(out, Config::steps[I + 1].up);
        return finish<Config, ByRow, Rows, false, I + 1>(next, bias, stride);
    } else {
        static_assert(std::is_same_v<Result, typename Config::output>, "the last step's bits are not those of the output");
        return out;
    }
}

} // namespace placer
