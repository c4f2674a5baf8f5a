// Elementwise kernels: the sum or product of two activations with scales of their own, and requantisation alone.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "loops.hpp"

namespace placer {

/// Blocks of one tile's share: in one loop, or, with a bias, column block by column block, so that a column's bias serves a whole run.
template <class Config>
struct Elementwise {
    static constexpr unsigned lanes = Config::m * 8;
    static_assert(Config::m == 2 || Config::m == 4 || Config::m == 8, "blocks have 2, 4 or 8 rows");
    static_assert(Config::rows % Config::m == 0, "rows must be padded to the rows of a block");
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");

    /// A block from memory, shifted left by `up`.
    template <class Tag, class T>
    static aie::accum<Tag, lanes> loaded(const T *__restrict from, int up) {
        aie::accum<Tag, lanes> value;
        value.from_vector(aie::load_v<lanes>(from), up);
        return value;
    }

    /// A block from memory less its zero point, in 16 bits where these hold it, for which products take half as many instructions.
    template <int Zero, class T>
    static auto centred(const T *__restrict from) {
        const aie::vector<T, lanes> v = aie::load_v<lanes>(from);
        if constexpr (Zero == 0 && sizeof(T) > 1)
            return v;
        else if constexpr (Zero == 0)
            return v.unpack();
        else if constexpr (sizeof(T) == 1)
            return aie::sub(v.unpack(), int16(Zero));
        else
            return aie::sub(widened(v), int32(Zero));
    }

    template <class Load>
    static void run(const int32 *__restrict bias, typename Config::output *__restrict y, Load load) {
        set_modes();
        constexpr unsigned runs = biased<Config> ? Config::columns / 8 : 1;
        constexpr unsigned blocks = Config::rows / Config::m * (Config::columns / 8) / runs;
        unsigned at = 0;
        for (unsigned column = 0; column < runs; ++column) {
            for (unsigned block = 0; block < blocks; ++block) PLACER_PIPELINED {
                aie::store_v(y + at, finish<Config, false, Config::m>(load(at), bias_at<Config>(bias, column * 8), Config::columns));
                at += lanes;
            }
        }
    }
};

constexpr bool power_of_two(int factor) { return factor > 0 && (factor & (factor - 1)) == 0; }
constexpr int log2(int factor) { return factor <= 1 ? 0 : 1 + log2(factor / 2); }

/// (left - left_zero) * left_factor + (right - right_zero) * right_factor. Without zeros, factors that are powers of two shift the operands
/// into 32-bit lanes, where the sum of their magnitudes must stay; all others multiply into 64-bit lanes.
template <class Config, class Left, class Right, class Output>
void add(adf::input_buffer<Left> &a, adf::input_buffer<Right> &b, const int32 *bias, adf::output_buffer<Output> &y) {
    using E = Elementwise<Config>;
    constexpr bool shifts = power_of_two(Config::left_factor) && power_of_two(Config::right_factor) && Config::left_zero == 0 &&
                            Config::right_zero == 0 && !Config::steps[0].wide && sizeof(Left) < 4 && sizeof(Right) < 4;
    const Left *__restrict left = a.data();
    const Right *__restrict right = b.data();
    E::run(bias, y.data(), [=](unsigned at) {
        if constexpr (shifts)
            return aie::add(E::template loaded<acc32>(left + at, log2(Config::left_factor)),
                            E::template loaded<acc32>(right + at, log2(Config::right_factor)));
        else
            return aie::mac(aie::mul<acc64>(E::template centred<Config::left_zero>(left + at), int32(Config::left_factor)),
                            E::template centred<Config::right_zero>(right + at), int32(Config::right_factor));
    });
}

/// (left - left_zero) * (right - right_zero), element by element.
template <class Config, class Left, class Right, class Output>
void multiply(adf::input_buffer<Left> &a, adf::input_buffer<Right> &b, const int32 *bias, adf::output_buffer<Output> &y) {
    using E = Elementwise<Config>;
    const Left *__restrict left = a.data();
    const Right *__restrict right = b.data();
    E::run(bias, y.data(), [=](unsigned at) {
        return aie::mul<acc64>(E::template centred<Config::left_zero>(left + at), E::template centred<Config::right_zero>(right + at));
    });
}

template <class Config, class Input, class Output>
void requantise(adf::input_buffer<Input> &x, const int32 *bias, adf::output_buffer<Output> &y) {
    using E = Elementwise<Config>;
    using Tag = std::conditional_t<Config::steps[0].wide || sizeof(Input) == 4, acc64, acc32>;
    const Input *__restrict source = x.data();
    E::run(bias, y.data(), [=](unsigned at) { return E::template loaded<Tag>(source + at, Config::steps[0].up); });
}

} // namespace placer
