// Functions of one element: a table over int8, or, element by element in scalar code, lines between nodes over int16.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "lookup_table.hpp"
#include "loops.hpp"

namespace placer {

/// y = values[x + 128], of which the API keeps none in 8 bits.
template <class Config, class Value, class Output>
void table(adf::input_buffer<int8> &x, const Value *values, adf::output_buffer<Output> &y) {
    constexpr unsigned group = 32;
    static_assert(Config::rows * Config::columns % group == 0, "rows must be padded to 4, columns to 8");
    set_modes();
    const int8 *__restrict source = x.data();
    Output *__restrict out = y.data();
    const Lookup<int8, Value> values_of(table_at(values), 0, table_size / 2);
    for (unsigned i = 0; i < Config::rows * Config::columns; i += group) PLACER_PIPELINED {
        const aie::vector<Value, group> found = values_of.fetch(aie::load_v<group>(source + i));
        if constexpr (sizeof(Output) == 1)
            aie::store_v(out + i, found.pack());
        else
            aie::store_v(out + i, found);
    }
}

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
