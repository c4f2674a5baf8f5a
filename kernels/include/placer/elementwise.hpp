// Elementwise int8 kernels: the sum of two activations with scales of their own, and requantisation alone.
#pragma once

#include <adf.h>

#include "finish.hpp"

namespace placer {

/// Blocks of one tile's share, column block by column block, so that a column's bias serves a whole run of blocks.
template <class Config>
struct Elementwise {
    static constexpr unsigned lanes = Config::m * 8;
    static_assert(Config::rows % Config::m == 0, "rows must be padded to the rows of the mmul shape");
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");

    template <class Load>
    static void run(const int32 *__restrict bias, int8 *__restrict y, Load load) {
        set_modes();
        unsigned at = 0;
        for (unsigned column = 0; column < Config::columns; column += 8) {
            for (unsigned row = 0; row < Config::rows; row += Config::m) PLACER_PIPELINED {
                aie::store_v(y + at, finish<Config, false, Config::m>(load(at), bias_at<Config>(bias, column), Config::columns));
                at += lanes;
            }
        }
    }
};

template <class Config>
void add(adf::input_buffer<int8> &a, adf::input_buffer<int8> &b, const int32 *bias, adf::output_buffer<int8> &y) {
    using E = Elementwise<Config>;
    const int8 *__restrict left = a.data();
    const int8 *__restrict right = b.data();
    E::run(bias, y.data(), [=](unsigned at) {
        aie::accum<acc32, E::lanes> sum, other;
        sum.from_vector(aie::load_v<E::lanes>(left + at), Config::up_a);
        other.from_vector(aie::load_v<E::lanes>(right + at), Config::up_b);
        return aie::add(sum, other);
    });
}

template <class Config>
void requantise(adf::input_buffer<int8> &x, const int32 *bias, adf::output_buffer<int8> &y) {
    using E = Elementwise<Config>;
    const int8 *__restrict source = x.data();
    E::run(bias, y.data(), [=](unsigned at) {
        aie::accum<acc32, E::lanes> value;
        value.from_vector(aie::load_v<E::lanes>(source + at), Config::steps[0].up);
        return value;
    });
}

} // namespace placer
