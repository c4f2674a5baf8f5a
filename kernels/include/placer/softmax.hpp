// Softmax over each group of columns of a row, in integers (placer/softmax.py): exponentials from tables that several lanes read at
// once, an exact sum, one factor a row. The roots of sixteen rows are one vector; each exponential is looked up twice, for the sum and for the result.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "lookup_table.hpp"
#include "loops.hpp"
#include "reciprocal_root.hpp"

namespace placer {

template <class Config, class Input, class Output>
struct Softmax {
    /// Elements that are worked on together: four rows of eight columns.
    static constexpr unsigned group = 32;
    static_assert(Config::rows % 4 == 0 && Config::columns % 8 == 0, "rows must be padded to 4, columns to 8");
    static_assert(Config::width <= Config::columns && Config::columns - Config::width < 8, "the features of a group must fill its columns");
    static constexpr unsigned blocks = Config::columns / 8, row_groups = Config::rows / 4, last = Config::width % 8;
    static constexpr int guard = 28 - int(sizeof(Output) * 8), high_bits = 30, widest_shift = 59;
    using Lanes = aie::vector<int32, group>;
    using Source = aie::vector<Input, group>;
    using Key = std::make_unsigned_t<Input>;
    using Power = Lookup<Key, int32>;

    static unsigned at(unsigned row, unsigned column) { return (column * row_groups + row) * group; }

    /// Block `column` of a group; padding, which is in the last one, holds `instead`.
    template <class V, class T>
    static V real(const V &v, unsigned column, T instead) {
        if constexpr (last == 0)
            return v;
        else
            return column + 1 < blocks ? v : aie::select(v, instead, aie::mask<group>::from_uint32((0xffu << last & 0xffu) * 0x01010101u));
    }

    /// The largest element of each of four rows, in all of its lanes.
    static Source maxima(const Input *__restrict x, unsigned row, unsigned first) {
        constexpr Input least = std::numeric_limits<Input>::min();
        Source most = aie::broadcast<Input, group>(least);
        for (unsigned column = 0; column < blocks; ++column) PLACER_PIPELINED
            most = aie::max(most, real(aie::load_v<group>(x + at(row, first + column)), column, least));
        for (unsigned step = 4; step; step /= 2)
            most = aie::max(most, aie::shuffle_down(most, step));
        const auto upper = aie::interleave_zip(aie::broadcast<Input, 16>(most.get(0)), aie::broadcast<Input, 16>(most.get(8)), 8);
        const auto lower = aie::interleave_zip(aie::broadcast<Input, 16>(most.get(16)), aie::broadcast<Input, 16>(most.get(24)), 8);
        return aie::concat(upper.first, lower.first);
    }

    /// exp(-below * scale) of a block, from one table, or as the product of two; 0 in padding.
    static Lanes powers(const int32 *__restrict tables, const Source &x, const Source &top, unsigned column) {
        const aie::vector<Key, group> below = aie::sub(top, x).template cast_to<Key>();
        const Power low(table_at(tables));
        if constexpr (sizeof(Input) == 1) {
            return real(low.fetch(below), column, int32(0));
        } else {
            const aie::vector<Key, group> rest = aie::bit_and(below, Key(0xff));
            const Lanes upper = Power(table_at(tables + table_elements), 8).fetch(aie::sub(below, rest));
            return real(aie::mul<acc64>(upper, low.fetch(rest)).template to_vector<int32>(high_bits), column, int32(0));
        }
    }

    /// The exact sum of the exponentials of each of four rows.
    static void totals(const Input *__restrict x, const int32 *__restrict tables, unsigned row, unsigned first, const Source &top,
                       int64 (&total)[4]) {
        aie::accum<acc64, group> sum = aie::zeros<acc64, group>();
        for (unsigned column = 0; column < blocks; ++column) PLACER_PIPELINED
            sum = aie::add(sum, powers(tables, aie::load_v<group>(x + at(row, first + column)), top, column));
        row_sums(sum, total);
    }

    /// factor / 2^down = gain / 2^shift / total.
    static void factors(const int64 (&total)[root_rows], int32 (&factor)[root_rows], int (&down)[root_rows]) {
        const ReciprocalRoots found(total);
        const RootLanes inverse = root_product(found.root, found.root, ReciprocalRoots::bits);
        aie::store_v(factor, root_product(inverse, aie::broadcast<int32, root_rows>(Config::gain), ReciprocalRoots::bits));
        for (unsigned i = 0; i < root_rows; ++i) {
            down[i] = 2 * found.shift[i] - 2 * ReciprocalRoots::bits + Config::shift;
            if (down[i] > widest_shift) {
                factor[i] = int32(half_even_wide(factor[i], down[i] - widest_shift));
                down[i] = widest_shift;
            }
        }
    }

    /// Four rows of a group, from their factors.
    static void finished(const Input *__restrict x, const int32 *__restrict tables, Output *__restrict y, unsigned row, unsigned first,
                         const Source &top, const int32 *factor, const int *down) {
        for (unsigned column = 0; column < blocks; ++column) PLACER_PIPELINED {
            const Lanes e = powers(tables, aie::load_v<group>(x + at(row, first + column)), top, column);
            const Lanes near = aie::concat(aie::mul<acc64>(e.template extract<8>(0), factor[0]).template to_vector<int32>(down[0] - guard),
                                           aie::mul<acc64>(e.template extract<8>(1), factor[1]).template to_vector<int32>(down[1] - guard),
                                           aie::mul<acc64>(e.template extract<8>(2), factor[2]).template to_vector<int32>(down[2] - guard),
                                           aie::mul<acc64>(e.template extract<8>(3), factor[3]).template to_vector<int32>(down[3] - guard));
            Lanes out = aie::accum<acc64, group>(near, 0).template to_vector<int32>(guard);
            out = aie::min(aie::max(out, int32(Config::low - Config::zero_point)), int32(Config::high - Config::zero_point));
            aie::store_v(y + at(row, first + column), packed<Output>(aie::add(out, int32(Config::zero_point))));
        }
    }

    static void run(const Input *__restrict x, const int32 *__restrict tables, Output *__restrict y) {
        set_modes();
        constexpr unsigned together = root_rows / 4;
        for (unsigned g = 0; g < Config::groups; ++g)
            for (unsigned start = 0; start < row_groups; start += together) {
                const unsigned count = row_groups - start < together ? row_groups - start : together;
                Source top[together];
                int64 total[root_rows];
                alignas(64) int32 factor[root_rows];
                int down[root_rows];
                std::fill(total, total + root_rows, 1);
                for (unsigned i = 0; i < count; ++i) {
                    int64 sums[4];
                    top[i] = maxima(x, start + i, g * blocks);
                    totals(x, tables, start + i, g * blocks, top[i], sums);
                    std::copy(sums, sums + 4, total + i * 4);
                }
                factors(total, factor, down);
                for (unsigned i = 0; i < count; ++i)
                    finished(x, tables, y, start + i, g * blocks, top[i], factor + i * 4, down + i * 4);
            }
    }
};

/// tables: the exponentials of int8 differences; for int16, then those of the differences' upper bytes.
template <class Config, class Input, class Output>
void softmax(adf::input_buffer<Input> &x, const int32 *tables, adf::output_buffer<Output> &y) {
    Softmax<Config, Input, Output>::run(x.data(), tables, y.data());
}

} // namespace placer
