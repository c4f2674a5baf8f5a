// Functions of one element: a table over int8, or cubics over wider elements, 32 of them at a time.
#pragma once

#include <adf.h>
#include <array>

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
    /// An element and its place in its segment, of which products take half as many instructions in 16 bits.
    using Element = std::conditional_t<sizeof(Input) == 2, int16, int32>;
    using Elements = aie::vector<Element, group>;
    using Lanes = aie::vector<int32, group>;
    using Coefficients = Lookup<int16, int32>;

    /// For each further cubic, where it takes over.
    static auto taken_over(const int32 *__restrict more, const Elements &x) {
        std::array<aie::mask<group>, Config::further> inside;
        unrolled<Config::further>([&](auto i) {
            const int32 *__restrict bounds = more + i * further_values;
            inside[i] = aie::ge(x, Element(bounds[0])) & aie::le(x, Element(bounds[1] - 1));
        });
        return inside;
    }

    /// Coefficient `term` of each element's cubic.
    static Lanes coefficient(const int32 *__restrict values, const int32 *__restrict copy, const aie::vector<int16, group> &segment,
                             const std::array<aie::mask<group>, Config::further> &inside, unsigned term) {
        const unsigned at = term * table_elements;
        const Coefficients cubics(table_at(values + at, copy + at), 0, table_size / 2);
        Lanes found = cubics.fetch(segment);
        const int32 *__restrict more = values + terms * table_elements;
        unrolled<Config::further>([&](auto i) { found = aie::select(found, more[i * further_values + 2 + term], inside[i]); });
        return found;
    }

    /// What lies below an element's segment, shifted out: nothing is rounded.
    static aie::vector<int16, group> segment_of(const Elements &start) {
        const aie::accum<std::conditional_t<sizeof(Input) == 2, acc32, acc64>, group> exact(start, 0);
        return exact.template to_vector<int16>(Config::segment_bits);
    }

    static void run(const Input *__restrict source, const int32 *__restrict values, const int32 *__restrict copy, Output *__restrict out) {
        set_modes();
        for (unsigned i = 0; i < Config::rows * Config::columns; i += group) PLACER_PIPELINED {
            const Elements x = aie::load_v<group>(source + i);
            const Elements rest = aie::bit_and(x, Element((1 << Config::segment_bits) - 1));
            const aie::vector<int16, group> segment = segment_of(aie::sub(x, rest));
            const Elements part = aie::sub(rest, Element(1 << down));
            const auto inside = taken_over(values + terms * table_elements, x);
            Lanes sum = coefficient(values, copy, segment, inside, terms - 1);
            for (unsigned term = terms - 2; term > 0; --term) PLACER_UNROLLED {
                const aie::accum<acc64, group> product = aie::mul<acc64>(sum, part);
                sum = aie::add(product.template to_vector<int32>(down), coefficient(values, copy, segment, inside, term));
            }
            const aie::accum<acc64, group> constant(coefficient(values, copy, segment, inside, 0), Config::extra + down);
            const aie::accum<acc64, group> whole = aie::mac(constant, sum, part);
            aie::store_v(out + i, clipped<Output, Config>(whole, Config::fraction + Config::extra + down));
        }
    }
};

template <class Config, class Input, class Output>
void interpolate(adf::input_buffer<Input> &x, const int32 *values, const int32 *copy, adf::output_buffer<Output> &y) {
    Interpolation<Config, Input, Output>::run(x.data(), values, copy, y.data());
}

} // namespace placer
