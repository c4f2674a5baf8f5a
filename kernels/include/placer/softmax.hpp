// Softmax over each group of columns of a row, in integers (placer/arithmetic/softmax.py): exponentials from tables that several lanes read at once, an
// exact sum, one factor a row. The factors of up to sixteen rows are one vector; each exponential is looked up twice, for the sum and for
// the result.
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
    using Batch = Batches<row_groups>;
    static constexpr unsigned unrolled_bytes = 64;
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

    /// The largest element of each lane of each group of four rows.
    static void maxima(const Input *__restrict x, unsigned row, unsigned first, Source (&most)[Batch::together]) {
        constexpr Input least = std::numeric_limits<Input>::min();
        unrolled<Batch::together>([&](auto i) { most[i] = aie::broadcast<Input, group>(least); });
        for (unsigned column = 0; column < blocks; ++column) PLACER_PIPELINED
            unrolled<Batch::together>([&](auto i) {
                most[i] = aie::max(most[i], real(aie::load_v<group>(x + at(row + i, first + column)), column, least));
            });
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

    /// factor / 2^down is nearly gain / 2^shift / total; down: at most widest_shift.
    static void factors(const WideSums &sums, int32 (&factor)[row_lanes], int32 (&down)[row_lanes]) {
        const ReciprocalRoots found(EvenScaled<0, 0, false>(aie::add(RowSums(sums.high, 16), sums.low)));
        const RowLanes inverse = row_product(found.root, found.root, ReciprocalRoots::bits);
        aie::store_v(factor, row_product(inverse, aie::broadcast<int32, row_lanes>(Config::gain), ReciprocalRoots::bits));
        aie::store_v(down, aie::add(aie::add(found.shift, found.shift), int32(Config::shift - 2 * ReciprocalRoots::bits)));
        // A total is from 2^power_bits on, and less than twice the width times that: most shifts can never be too wide.
        if constexpr (Config::shift + power_bits + std::bit_width(unsigned(Config::width)) > widest_shift)
            for (unsigned i = 0; i < Batch::together * 4; ++i)
                if (down[i] > widest_shift) {
                    factor[i] = int32(half_even(int64(factor[i]), down[i] - widest_shift));
                    down[i] = widest_shift;
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

    /// A batch of groups of four rows, of one group of columns.
    static void batch(const Input *__restrict x, const Tables &tables, Output *__restrict y, unsigned row, unsigned first) {
        Source most[Batch::together];
        WideSums sums;
        alignas(64) Input top[row_lanes];
        alignas(64) int32 factor[row_lanes], down[row_lanes];
        maxima(x, row, first, most);
        aie::store_v(top, by_row(most, [](const auto &a, const auto &b) { return aie::max(a, b); }));
        for (unsigned i = 0; i < Batch::together; ++i) PLACER_PIPELINED
            sums.add(totals(x, tables, row + i, first, over_rows(top + i * 4)), i);
        factors(sums, factor, down);
        for (unsigned i = 0; i < Batch::together; ++i) PLACER_PIPELINED
            finished(x, tables, y, row + i, first, over_rows(top + i * 4), factor + i * 4, down + i * 4);
    }

    static void run(const Input *__restrict x, const Tables &tables, Output *__restrict y) {
        set_modes();
        for (unsigned g = 0; g < Config::groups; ++g)
            for (unsigned i = 0; i < Batch::count; ++i)
                batch(x, tables, y, Batch::start(i), g * blocks);
    }
};

/// tables: the exponentials of int8 differences; for int16, then those of the differences' upper bytes.
template <class Config, class Input, class Output>
void softmax(adf::input_buffer<Input> &x, const int32 *tables, const int32 *copies, adf::output_buffer<Output> &y) {
    Softmax<Config, Input, Output>::run(x.data(), {tables, copies}, y.data());
}

} // namespace placer
