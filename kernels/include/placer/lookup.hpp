// Functions of one element: a table over int8, or cubics over wider elements, 32 of them at a time.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "lookup_table.hpp"
#include "loops.hpp"

namespace placer {

/// y = values[x + 128], of which the API keeps none in 8 bits.
template <class Config, class Value, class Output>
void table(adf::input_buffer<int8> &x, const Value *values, const Value *copy, adf::output_buffer<Output> &y) {
    constexpr unsigned group = 32;
    static_assert(Config::rows * Config::columns % group == 0, "rows must be padded to 4, columns to 8");
    set_modes();
    const int8 *__restrict source = x.data();
    Output *__restrict out = y.data();
    const Lookup<int8, Value> values_of(table_at(values, copy), 0, table_size / 2);
    for (unsigned i = 0; i < Config::rows * Config::columns; i += group) PLACER_PIPELINED {
        const aie::vector<Value, group> found = values_of.fetch(aie::load_v<group>(source + i));
        if constexpr (sizeof(Output) == 1)
            aie::store_v(out + i, found.pack());
        else
            aie::store_v(out + i, found);
    }
}

/// A function from cubics (placer/cubics.py; placer/arithmetic/integers.py, interpolated). values: a table of each coefficient, then, of further cubics,
/// the first element, the one after the last, and the coefficients.
template <class Config, class Input, class Output>
struct Interpolation {
    static constexpr unsigned group = 32, terms = 4, further_values = 2 + terms;
    static_assert(Config::rows * Config::columns % group == 0, "rows must be padded to 4, columns to 8");
    static_assert(Config::segment_bits >= 1 && Config::segment_bits <= int(sizeof(Input)) * 8 - 8, "256 segments must fit the input's type");
    static constexpr int down = Config::segment_bits - 1;
    static_assert(Config::fraction + Config::extra + down < 60, "a shift is at most 59");
    using Lanes = aie::vector<int32, group>;
    using Coefficients = Lookup<int16, int32>;

    /// Coefficient `term` of each element's cubic.
    static Lanes coefficient(const int32 *__restrict values, const int32 *__restrict copy, const aie::vector<int16, group> &segment,
                             const Lanes &x, unsigned term) {
        const unsigned at = term * table_elements;
        Lanes found = Coefficients(table_at(values + at, copy + at), 0, table_size / 2).fetch(segment);
        const int32 *__restrict more = values + terms * table_elements;
        for (unsigned i = 0; i < Config::further; ++i, more += further_values) PLACER_UNROLLED
            found = aie::select(found, more[2 + term], aie::ge(x, more[0]) & aie::lt(x, more[1]));
        return found;
    }

    static void run(const Input *__restrict source, const int32 *__restrict values, const int32 *__restrict copy, Output *__restrict out) {
        set_modes();
        for (unsigned i = 0; i < Config::rows * Config::columns; i += group) PLACER_PIPELINED {
            const Lanes x = widened(aie::load_v<group>(source + i));
            const Lanes rest = aie::bit_and(x, int32((1 << Config::segment_bits) - 1));
            // Nothing is rounded: what is shifted out is zero.
            const auto segment = aie::accum<acc64, group>(aie::sub(x, rest), 0).template to_vector<int16>(Config::segment_bits);
            const Lanes part = aie::sub(rest, int32(1 << down));
            Lanes sum = coefficient(values, copy, segment, x, terms - 1);
            for (unsigned term = terms - 2; term > 0; --term) PLACER_UNROLLED
                sum = aie::add(aie::mul<acc64>(sum, part).template to_vector<int32>(down), coefficient(values, copy, segment, x, term));
            const aie::accum<acc64, group> constant(coefficient(values, copy, segment, x, 0), Config::extra + down);
            Lanes y = aie::add(aie::mul<acc64>(sum, part), constant).template to_vector<int32>(Config::fraction + Config::extra + down);
            y = aie::min(aie::max(y, int32(Config::low - Config::zero_point)), int32(Config::high - Config::zero_point));
            aie::store_v(out + i, packed<Output>(aie::add(y, int32(Config::zero_point))));
        }
    }
};

template <class Config, class Input, class Output>
void interpolate(adf::input_buffer<Input> &x, const int32 *values, const int32 *copy, adf::output_buffer<Output> &y) {
    Interpolation<Config, Input, Output>::run(x.data(), values, copy, y.data());
}

} // namespace placer
