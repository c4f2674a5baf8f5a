// Elementwise kernels: the sum of two activations with scales of their own, and requantisation alone.
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
        static_assert(sizeof(T) <= 2, "elementwise kernels read int8 or int16");
        aie::accum<Tag, lanes> value;
        value.from_vector(aie::load_v<lanes>(from), up);
        return value;
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

/// The shifts of both operands, and the sum of their magnitudes with the bias, must stay within 32 bits.
template <class Config, class Left, class Right, class Output>
void add(adf::input_buffer<Left> &a, adf::input_buffer<Right> &b, const int32 *bias, adf::output_buffer<Output> &y) {
    using E = Elementwise<Config>;
    static_assert(Config::up_a >= 0 && Config::up_b >= 0, "operands are aligned by left shifts");
    const Left *__restrict left = a.data();
    const Right *__restrict right = b.data();
    E::run(bias, y.data(), [=](unsigned at) {
        return aie::add(E::template loaded<acc32>(left + at, Config::up_a), E::template loaded<acc32>(right + at, Config::up_b));
    });
}

template <class Config, class Input, class Output>
void requantise(adf::input_buffer<Input> &x, const int32 *bias, adf::output_buffer<Output> &y) {
    using E = Elementwise<Config>;
    const Input *__restrict source = x.data();
    E::run(bias, y.data(), [=](unsigned at) { return E::template loaded<acc32>(source + at, Config::steps[0].up); });
}

} // namespace placer
