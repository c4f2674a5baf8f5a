// LayerNorm over the features of each token, in integers (placer/normalised.py). The roots of sixteen rows are one vector.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "loops.hpp"
#include "reciprocal_root.hpp"

namespace placer {

template <class Config, class Input, class Output>
struct Normalise {
    /// Elements that are worked on together: four rows of eight columns.
    static constexpr unsigned group = 32;
    static_assert(Config::rows % 4 == 0 && Config::columns % 8 == 0, "rows must be padded to 4, columns to 8");
    static constexpr unsigned columns = Config::columns, row_groups = Config::rows / 4, last = Config::features % 8;
    static_assert(Config::features < 32768, "a row has at most 32767 features");
    static_assert(Config::features <= columns && columns - Config::features < 8, "the features must fill the columns");
    static constexpr int size = Config::features;
    using Lanes = aie::vector<int32, group>;

    /// Where the group of four rows number `row` starts in column block `column`.
    static constexpr unsigned at(unsigned row, unsigned column) { return (column * row_groups + row) * group; }

    /// A block as int16, which the multiplier takes as it is.
    static aie::vector<int16, group> narrow(const Input *x) {
        if constexpr (sizeof(Input) == 1)
            return aie::load_v<group>(x).unpack();
        else
            return aie::load_v<group>(x);
    }

    /// Block `column` with nothing in padding, which is in the last one.
    static aie::vector<Input, group> real(const aie::vector<Input, group> &v, unsigned column) {
        if constexpr (last == 0)
            return v;
        else
            return column + 1 < columns / 8 ? v : aie::select(v, Input(0), aie::mask<group>::from_uint32((0xffu << last & 0xffu) * 0x01010101u));
    }

    /// The sum of each of four rows, and N^2 * variance + epsilon.
    static void statistics(const Input *x, unsigned row, int32 (&sum)[4], int64 (&spread)[4]) {
        // Squares of int8 fill 32 bits in no row that is taken.
        using Tag = std::conditional_t<sizeof(Input) == 1, acc32, acc64>;
        aie::accum<acc64, group> total = aie::zeros<acc64, group>();
        aie::accum<Tag, group> squares = aie::zeros<Tag, group>();
        for (unsigned column = 0; column < columns / 8; ++column) PLACER_PIPELINED {
            const aie::vector<Input, group> v = real(aie::load_v<group>(x + at(row, column)), column);
            total = aie::add(total, widened(v));
            squares = aie::mac(squares, v, v);
        }
        int64 all[4], powers[4];
        row_sums(total, all);
        if constexpr (sizeof(Input) == 1)
            row_sums(aie::accum<acc64, group>(squares.template to_vector<int32>(0), 0), powers);
        else
            row_sums(squares, powers);
        for (unsigned r = 0; r < 4; ++r) {
            constexpr int64 unit = int64(1) << Config::epsilon_bits;
            const int64 exact = (size * powers[r] - all[r] * all[r]) * unit + Config::epsilon;
            spread[r] = exact < unit ? unit : exact;
            sum[r] = int32(all[r]);
        }
    }

    /// deviation * root of each row, with Config::fraction fraction bits.
    static Lanes units(const Lanes &deviation, const int32 *root, const int *shift) {
        return aie::concat(aie::mul<acc64>(deviation.template extract<8>(0), root[0]).template to_vector<int32>(shift[0]),
                           aie::mul<acc64>(deviation.template extract<8>(1), root[1]).template to_vector<int32>(shift[1]),
                           aie::mul<acc64>(deviation.template extract<8>(2), root[2]).template to_vector<int32>(shift[2]),
                           aie::mul<acc64>(deviation.template extract<8>(3), root[3]).template to_vector<int32>(shift[3]));
    }

    /// Four rows, from their roots.
    static void finished(const Input *__restrict x, const int32 *__restrict values, Output *__restrict y, unsigned row, const int32 *root,
                         const int *shift, const int32 *sum) {
        const int32 *gain = values, *offset = values + columns;
        const aie::accum<acc64, group> sums(bias_by_row<4>(sum), 0);
        for (unsigned column = 0; column < columns / 8; ++column) PLACER_PIPELINED {
            const Lanes deviation = aie::sub(aie::mul<acc64>(narrow(x + at(row, column)), int16(size)), sums).template to_vector<int32>(0);
            aie::accum<acc64, group> acc = aie::mul<acc64>(units(deviation, root, shift), bias_by_column<4>(gain + column * 8));
            acc = aie::add(acc, aie::accum<acc64, group>(bias_by_column<4>(offset + column * 8), Config::offset_up));
            Lanes out = acc.template to_vector<int32>(Config::shift);
            out = aie::min(aie::max(out, int32(Config::low - Config::zero_point)), int32(Config::high - Config::zero_point));
            aie::store_v(y + at(row, column), packed<Output>(aie::add(out, int32(Config::zero_point))));
        }
    }

    static void run(const Input *__restrict x, const int32 *__restrict values, Output *__restrict y) {
        set_modes();
        constexpr unsigned together = root_rows / 4;
        for (unsigned start = 0; start < row_groups; start += together) {
            const unsigned count = row_groups - start < together ? row_groups - start : together;
            int32 sum[root_rows];
            int64 spread[root_rows];
            std::fill(spread, spread + root_rows, 1);
            for (unsigned i = 0; i < count; ++i) {
                int32 sums[4];
                int64 spreads[4];
                statistics(x, start + i, sums, spreads);
                std::copy(sums, sums + 4, sum + i * 4);
                std::copy(spreads, spreads + 4, spread + i * 4);
            }
            ReciprocalRoots found(spread);
            alignas(64) int32 root[root_rows];
            aie::store_v(root, found.root);
            for (unsigned i = 0; i < root_rows; ++i)
                found.shift[i] -= Config::fraction + Config::epsilon_bits / 2;
            for (unsigned i = 0; i < count; ++i)
                finished(x, values, y, start + i, root + i * 4, found.shift + i * 4, sum + i * 4);
        }
    }
};

/// values: the gain of every column, then the offset.
template <class Config, class Input, class Output>
void normalise(adf::input_buffer<Input> &x, const int32 *values, adf::output_buffer<Output> &y) {
    Normalise<Config, Input, Output>::run(x.data(), values, y.data());
}

} // namespace placer
