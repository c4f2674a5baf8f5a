// From an accumulator block to int8: the chain of requantisation steps that ends every kernel.
#pragma once

#include "aie_api/aie.hpp"
#include "step.hpp"

namespace placer {

/// Half to even and saturation are not what a core starts with, and another kernel may have changed them: every kernel sets both.
inline void set_modes() {
    aie::set_rounding(aie::rounding_mode::conv_even);
    aie::set_saturation(aie::saturation_mode::saturate);
}

/// Eight column biases for each of the block's rows.
template <unsigned Rows>
inline aie::vector<int32, Rows * 8> bias_by_column(const int32 *__restrict bias) {
    const aie::vector<int32, 8> row = aie::load_v<8>(bias);
    const aie::vector<int32, 32> four = aie::concat(row, row, row, row);
    if constexpr (Rows == 4)
        return four;
    else
        return aie::concat(four, four);
}

/// One row bias, spread over the block's eight columns, for each of its rows.
template <unsigned Rows>
inline aie::vector<int32, Rows * 8> bias_by_row(const int32 *__restrict bias) {
    const aie::vector<int32, 32> four =
        aie::concat(aie::broadcast<int32, 8>(bias[0]), aie::broadcast<int32, 8>(bias[1]), aie::broadcast<int32, 8>(bias[2]),
                    aie::broadcast<int32, 8>(bias[3]));
    if constexpr (Rows == 4)
        return four;
    else
        return aie::concat(four, aie::concat(aie::broadcast<int32, 8>(bias[4]), aie::broadcast<int32, 8>(bias[5]),
                                             aie::broadcast<int32, 8>(bias[6]), aie::broadcast<int32, 8>(bias[7])));
}

template <class Config>
inline constexpr unsigned step_count = sizeof(Config::steps) / sizeof(Config::steps[0]);

/// Where the bias values of a block start; a chain without bias has none to point at.
template <class Config>
inline const int32 *bias_at(const int32 *bias, unsigned offset) {
    for (const Step &step : Config::steps)
        if (step.bias)
            return bias + offset;
    return nullptr;
}

/// Steps I, I + 1, ... of Config on one block. `bias` points at the values of the next biased step for this block; steps of one block lie
/// `stride` values apart.
template <class Config, bool ByRow, unsigned Rows, unsigned I = 0>
inline aie::vector<int8, Rows * 8> finish(aie::accum<acc32, Rows * 8> acc, const int32 *__restrict bias, unsigned stride) {
    constexpr Step step = Config::steps[I];
    static_assert(step.shift >= 0 && step.shift < 60, "a left shift is written as `up`, and a shift is at most 59");
    if constexpr (step.bias) {
        if constexpr (ByRow)
            acc = aie::add(acc, bias_by_row<Rows>(bias));
        else
            acc = aie::add(acc, bias_by_column<Rows>(bias));
        bias += stride;
    }
    aie::vector<int8, Rows * 8> out = acc.template to_vector<int8>(step.shift);
    if constexpr (step.relu)
        out = aie::max(out, int8(0));
    if constexpr (I + 1 < step_count<Config>) {
        aie::accum<acc32, Rows * 8> next;
        next.from_vector(out, Config::steps[I + 1].up);
        return finish<Config, ByRow, Rows, I + 1>(next, bias, stride);
    } else {
        return out;
    }
}

} // namespace placer
