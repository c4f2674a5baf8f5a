// LayerNorm over the features of each token, in integers (placer/reference.py, normalised).
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
    static constexpr unsigned columns = Config::columns, row_groups = Config::rows / 4;
    static constexpr int size = Config::features;
    using Lanes = aie::vector<int32, group>;

    /// Where the group of four rows number `row` starts in column block `column`.
    static constexpr unsigned at(unsigned row, unsigned column) { return (column * row_groups + row) * group; }

    static Lanes load(const Input *x, unsigned row, unsigned column) { return widened(aie::load_v<group>(x + at(row, column))); }

    /// All bits where a column of block `column` is a feature, none where it is padding.
    static Lanes real(unsigned column) {
        alignas(64) int32 mask[8];
        for (unsigned i = 0; i < 8; ++i)
            mask[i] = column * 8 + i < unsigned(size) ? -1 : 0;
        return bias_by_column<4>(mask);
    }

    /// The root, its shift and the sum of each of four rows.
    static void statistics(const Input *x, unsigned row, int32 (&root)[4], int (&shift)[4], int32 (&sum)[4]) {
        aie::accum<acc64, group> total = aie::zeros<acc64, group>(), squares = aie::zeros<acc64, group>();
        for (unsigned column = 0; column < columns / 8; ++column) PLACER_PIPELINED {
            Lanes v = load(x, row, column);
            if (column * 8 + 8 > unsigned(size))
                v = aie::bit_and(v, real(column));
            total = aie::add(total, v);
            squares = aie::mac(squares, v, v);
        }
        // Sums of squares pass 32 bits: two words, the upper rounded.
        const Lanes top = squares.template to_vector<int32>(16);
        alignas(64) int32 sums[group], high[group], low[group];
        aie::store_v(sums, total.template to_vector<int32>(0));
        aie::store_v(high, top);
        aie::store_v(low, aie::sub(squares, aie::accum<acc64, group>(top, 16)).template to_vector<int32>(0));
        for (unsigned r = 0; r < 4; ++r) {
            int64 all = 0, powers = 0;
            for (unsigned i = r * 8; i < r * 8 + 8; ++i) {
                all += sums[i];
                powers += int64(high[i]) * 65536 + low[i];
            }
            constexpr int64 unit = int64(1) << Config::epsilon_bits;
            const int64 spread = (size * powers - all * all) * unit + Config::epsilon;
            const ReciprocalRoot found(spread < unit ? unit : spread);
            root[r] = found.root;
            shift[r] = found.shift - Config::fraction - Config::epsilon_bits / 2;
            sum[r] = int32(all);
        }
    }

    /// deviation * root of each row, with Config::fraction fraction bits.
    static Lanes units(const Lanes &deviation, const int32 (&root)[4], const int (&shift)[4]) {
        return aie::concat(aie::mul<acc64>(deviation.template extract<8>(0), root[0]).template to_vector<int32>(shift[0]),
                           aie::mul<acc64>(deviation.template extract<8>(1), root[1]).template to_vector<int32>(shift[1]),
                           aie::mul<acc64>(deviation.template extract<8>(2), root[2]).template to_vector<int32>(shift[2]),
                           aie::mul<acc64>(deviation.template extract<8>(3), root[3]).template to_vector<int32>(shift[3]));
    }

    static void run(const Input *__restrict x, const int32 *__restrict values, Output *__restrict y) {
        set_modes();
        const int32 *gain = values, *offset = values + columns;
        for (unsigned row = 0; row < row_groups; ++row) {
            int32 root[4], sum[4];
            int shift[4];
            statistics(x, row, root, shift, sum);
            const aie::accum<acc64, group> sums(bias_by_row<4>(sum), 0);
            for (unsigned column = 0; column < columns / 8; ++column) PLACER_PIPELINED {
                const Lanes deviation = aie::sub(aie::mul<acc64>(load(x, row, column), int32(size)), sums).template to_vector<int32>(0);
                aie::accum<acc64, group> acc = aie::mul<acc64>(units(deviation, root, shift), bias_by_column<4>(gain + column * 8));
                acc = aie::add(acc, aie::accum<acc64, group>(bias_by_column<4>(offset + column * 8), Config::offset_up));
                Lanes out = acc.template to_vector<int32>(Config::shift);
                out = aie::min(aie::max(out, int32(Config::low - Config::zero_point)), int32(Config::high - Config::zero_point));
                aie::store_v(y + at(row, column), packed<Output>(aie::add(out, int32(Config::zero_point))));
            }
        }
    }
};

/// values: the gain of every column, then the offset.
template <class Config, class Input, class Output>
void normalise(adf::input_buffer<Input> &x, const int32 *values, adf::output_buffer<Output> &y) {
    Normalise<Config, Input, Output>::run(x.data(), values, y.data());
}

} // namespace placer
