// Softmax over each group of columns of a row, in integers (placer/arithmetic/softmax.py): exponentials from tables that several lanes read at once, an
// exact sum, one factor a row. The factors of sixteen rows are one vector; each exponential is looked up twice, for the sum and for the
// result. Up to 64 rows are worked on in each of these loops, so that a pipeline is seldom filled.
#pragma once

#include <adf.h>
#include <bit>

#include "finish.hpp"
#include "lookup_table.hpp"
#include "loops.hpp"
#include "reciprocal_root.hpp"
#include "rows.hpp"

namespace placer {

template <class Config, class Input, class Output>
struct Softmax {
    static constexpr unsigned group = block_lanes;
    static_assert(Config::rows % 4 == 0 && Config::columns % 8 == 0, "rows must be padded to 4, columns to 8");
    static_assert(Config::width <= Config::columns && Config::columns - Config::width < 8, "the features of a group must fill its columns");
    static constexpr unsigned blocks = Config::columns / 8, row_groups = Config::rows / 4, last = Config::width % 8;
    static constexpr int guard = 28 - int(sizeof(Output) * 8), high_bits = 30, power_bits = 28, widest_shift = 59;
    using Lanes = aie::vector<int32, group>;
    using Source = aie::vector<Input, group>;
    using Key = std::make_unsigned_t<Input>;
    using Power = Lookup<Key, int32>;
    using Span = Batches<row_groups, 16>;
    static constexpr unsigned whole = Span::together / most_together, rest = Span::together % most_together;
    static constexpr unsigned vectors = whole + (rest > 0), unrolled_bytes = 128;
    /// What belongs to the rows of a span: the largest element, then the factor and its shift, before these both words of the sum.
    struct Rows {
        alignas(64) Input top[vectors * row_lanes];
        alignas(64) int32 factor[vectors * row_lanes], down[vectors * row_lanes];
    };
    /// Both copies of all tables.
    struct Tables {
        const int32 *__restrict first, *__restrict second;
    };
    using Sum = aie::accum<acc64, group>;

    static unsigned at(unsigned row, unsigned column) { return (column * row_groups + row) * group; }

    /// Block `column` of a group; padding, which is in the last one, holds `instead`.
    template <class V, class T>
    static V real(const V &v, unsigned column, T instead) {
        if constexpr (last == 0)
            return v;
        else
            return column + 1 < blocks ? v : aie::select(v, instead, aie::mask<group>::from_uint32((0xffu << last & 0xffu) * 0x01010101u));
    }

    /// The largest element of each row of `Groups` groups of four rows.
    template <unsigned Groups>
    static void maxima(const Input *__restrict x, unsigned row, unsigned first, Input *top) {
        constexpr Input least = std::numeric_limits<Input>::min();
        Source most[Groups];
        unrolled<Groups>([&](auto i) { most[i] = aie::broadcast<Input, group>(least); });
        for (unsigned column = 0; column < blocks; ++column) PLACER_PIPELINED
            unrolled<Groups>([&](auto i) {
                most[i] = aie::max(most[i], real(aie::load_v<group>(x + at(row + i, first + column)), column, least));
            });
        aie::store_v(top, by_row(most, [](const auto &a, const auto &b) { return aie::max(a, b); }));
    }

    /// exp(-below * scale) of a block, from one table, or as the product of two; 0 in padding.
    static Lanes powers(const Tables &tables, const Source &x, const Source &top, unsigned column) {
        const aie::vector<Key, group> below = aie::sub(top, x).template cast_to<Key>();
        const Power low(table_at(tables.first, tables.second));
        if constexpr (sizeof(Input) == 1) {
            return real(low.fetch(below), column, int32(0));
        } else {
            const aie::vector<Key, group> rest = aie::bit_and(below, Key(0xff));
            const Lanes upper = Power(table_at(tables.first + table_elements, tables.second + table_elements), 8).fetch(aie::sub(below, rest));
            return real(aie::mul<acc64>(upper, low.fetch(rest)).template to_vector<int32>(high_bits), column, int32(0));
        }
    }

    /// The sum of the exponentials of each lane of four rows.
    static Sum totals(const Input *__restrict x, const Tables &tables, unsigned row, unsigned first, const Source &top) {
        Sum sum = aie::zeros<acc64, group>();
        over_blocks<Input, blocks, unrolled_bytes>(
            [&](unsigned column) { sum = aie::add(sum, powers(tables, aie::load_v<group>(x + at(row, first + column)), top, column)); });
        return sum;
    }

    /// The sums of four rows, as two words each.
    static void summed(const Sum &sum, int32 *high, int32 *low) {
        const WideRowSums sums(sum);
        aie::store_v(high, sums.high.template extract<4>(0));
        aie::store_v(low, sums.low.template extract<4>(0));
    }

    /// factor / 2^down is nearly gain / 2^shift / total of sixteen rows, in place of both words of these. A total is from 2^power_bits on,
    /// and at most the width times that.
    static void factors(int32 *factor, int32 *down) {
        const RowLanes high = aie::load_v<row_lanes>(factor), low = aie::load_v<row_lanes>(down);
        const ReciprocalRoots found(NearScaled<Config::width>(aie::add(RowSums(high, 16), low)));
        const RowLanes inverse = row_product(found.root, found.root, ReciprocalRoots::bits);
        aie::store_v(factor, row_product(inverse, aie::broadcast<int32, row_lanes>(Config::gain), ReciprocalRoots::bits));
        aie::store_v(down, aie::add(aie::add(found.shift, found.shift), int32(Config::shift - 2 * ReciprocalRoots::bits)));
    }

    /// Shifts as wide as the core has them; most can never be wider.
    static void limited(Rows &rows) {
        if constexpr (Config::shift + power_bits + std::bit_width(unsigned(Config::width)) > widest_shift)
            for (unsigned i = 0; i < Span::together * 4; ++i)
                if (rows.down[i] > widest_shift) {
                    rows.factor[i] = int32(half_even(int64(rows.factor[i]), rows.down[i] - widest_shift));
                    rows.down[i] = widest_shift;
                }
    }

    /// Four rows of a group, from their factors.
    static void finished(const Input *__restrict x, const Tables &tables, Output *__restrict y, unsigned row, unsigned first,
                         const Source &top, const int32 *factor, const int32 *down) {
        const Lanes factors = over_rows(factor);
        over_blocks<Input, blocks, unrolled_bytes>([&](unsigned column) {
            const Sum product = aie::mul<acc64>(powers(tables, aie::load_v<group>(x + at(row, first + column)), top, column), factors);
            const Lanes near = aie::concat(product.template extract<8>(0).template to_vector<int32>(down[0] - guard),
                                           product.template extract<8>(1).template to_vector<int32>(down[1] - guard),
                                           product.template extract<8>(2).template to_vector<int32>(down[2] - guard),
                                           product.template extract<8>(3).template to_vector<int32>(down[3] - guard));
            aie::store_v(y + at(row, first + column), clipped<Output, Config, true>(Sum(near, 0), guard));
        });
    }

    /// A span of groups of four rows, of one group of columns.
    static void span(const Input *__restrict x, const Tables &tables, Output *__restrict y, unsigned row, unsigned first) {
        Rows rows;
        for (unsigned i = 0; i < whole; ++i)
            maxima<most_together>(x, row + i * most_together, first, rows.top + i * row_lanes);
        if constexpr (rest > 0) {
            maxima<rest>(x, row + whole * most_together, first, rows.top + whole * row_lanes);
            // The last vector of sums has fewer rows.
            aie::store_v(rows.factor + whole * row_lanes, aie::zeros<int32, row_lanes>());
            aie::store_v(rows.down + whole * row_lanes, aie::zeros<int32, row_lanes>());
        }
        for (unsigned i = 0; i < Span::together; ++i) PLACER_PIPELINED
            summed(totals(x, tables, row + i, first, over_rows(rows.top + i * 4)), rows.factor + i * 4, rows.down + i * 4);
        for (unsigned i = 0; i < vectors; ++i) PLACER_PIPELINED
            factors(rows.factor + i * row_lanes, rows.down + i * row_lanes);
        limited(rows);
        for (unsigned i = 0; i < Span::together; ++i) PLACER_PIPELINED
            finished(x, tables, y, row + i, first, over_rows(rows.top + i * 4), rows.factor + i * 4, rows.down + i * 4);
    }

    static void run(const Input *__restrict x, const Tables &tables, Output *__restrict y) {
        set_modes();
        for (unsigned g = 0; g < Config::groups; ++g)
            for (unsigned i = 0; i < Span::count; ++i)
                span(x, tables, y, Span::start(i), g * blocks);
    }
};

/// tables: the exponentials of int8 differences; for int16, then those of the differences' upper bytes.
template <class Config, class Input, class Output>
void softmax(adf::input_buffer<Input> &x, const int32 *tables, const int32 *copies, adf::output_buffer<Output> &y) {
    Softmax<Config, Input, Output>::run(x.data(), {tables, copies}, y.data());
}

} // namespace placer
