// Functions of one element: a table over int8, or lines between nodes over int16. Element by element, in scalar code.
#pragma once

#include <adf.h>

#include "loops.hpp"

namespace placer {

/// y = values[x + 128].
template <class Config, class Output>
void table(adf::input_buffer<int8> &x, const Output *values, adf::output_buffer<Output> &y) {
    const int8 *__restrict source = x.data();
    Output *__restrict out = y.data();
    for (unsigned i = 0; i < Config::rows * Config::columns; ++i) PLACER_PIPELINED
        out[i] = values[source[i] + 128];
}

/// total / 2^shift, rounded half to even.
inline int32 half_even(int32 total, int shift) { return (total + ((1 << (shift - 1)) - 1) + ((total >> shift) & 1)) >> shift; }

/// The line between two nodes, one every 2^segment_bits source values with node_bits fraction bits (placer/arithmetic.py, interpolated).
template <class Config, class Output>
void interpolate(adf::input_buffer<int16> &x, const int32 *nodes, adf::output_buffer<Output> &y) {
    constexpr int segment_bits = 5, node_bits = 8;
    const int16 *__restrict source = x.data();
    Output *__restrict out = y.data();
    for (unsigned i = 0; i < Config::rows * Config::columns; ++i) PLACER_PIPELINED {
        const int32 position = source[i] + 32768;
        const int32 part = position & ((1 << segment_bits) - 1);
        const int32 *node = nodes + (position >> segment_bits);
        const int32 line = node[0] * ((1 << segment_bits) - part) + node[1] * part;
        const int32 value = half_even(line, segment_bits + node_bits) + Config::zero_point;
        out[i] = Output(value < Config::low ? Config::low : value > Config::high ? Config::high : value);
    }
}

} // namespace placer
