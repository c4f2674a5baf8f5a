// LayerNorm over the features of each token, in integers (placer/arithmetic/normalised.py). The roots of up to sixteen rows are one vector.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "loops.hpp"
#include "operands.hpp"
#include "reciprocal_root.hpp"
#include "rows.hpp"

namespace placer {

template <class Config, class Input, class Output>
struct Normalise {
    static constexpr unsigned group = block_lanes;
    static_assert(Config::rows % 4 == 0 && Config::columns % 8 == 0, "rows must be padded to 4, columns to 8");
    static constexpr unsigned columns = Config::columns, row_groups = Config::rows / 4, last = Config::features % 8;
    static_assert(Config::features < 32768, "a row has at most 32767 features");
    static_assert(Config::features <= columns && columns - Config::features < 8, "the features must fill the columns");
    static constexpr int size = Config::features;
    static constexpr bool narrow_input = sizeof(Input) == 1;
    using Lanes = aie::vector<int32, group>;
    /// N q - S of int8 fits 16 bits in rows of at most 129.
    using Deviation = std::conditional_t<narrow_input && (size - 1) * 255 < 32768, int16, int32>;
    /// Squares of int8 fill 32 bits in no row that is taken.
    using Squares = aie::accum<std::conditional_t<narrow_input, acc32, acc64>, group>;
    /// The product of a block with -1s: the sums of its rows, less than 0, each over the eight lanes of its row.
    using Product = aie::mmul<4, narrow_input ? 8 : 4, 8, Input, Input>;
    using Ones = aie::vector<Input, Product::size_B>;
    using Batch = Batches<row_groups>;
    static constexpr unsigned unrolled_bytes = 128;

    /// Where the group of four rows number `row` starts in column block `column`.
    static constexpr unsigned at(unsigned row, unsigned column) { return (column * row_groups + row) * group; }

    /// A block as int16, which the multiplier takes as it is.
    static aie::vector<int16, group> narrow(const Input *x) {
        if constexpr (narrow_input)
            return aie::load_v<group>(x).unpack();
        else
            return aie::load_v<group>(x);
    }

    /// -1s for the real rows of the right operand, of `real` from the first one on.
    static Ones minus_ones(int real) {
        static_assert(Product::size_B <= 64, "a mask of 64 lanes");
        const unsigned rows = real < 0 ? 0 : real;
        const unsigned long long padding = rows * 8 >= Product::size_B ? 0 : ~0ull << (rows * 8);
        return aie::select(aie::broadcast<Input, Product::size_B>(-1), Input(0), aie::mask<Product::size_B>::from_uint64(padding));
    }

    /// Adds a block of which so many columns are real.
    template <unsigned Real>
    static void count(const aie::vector<Input, group> &v, Product &sums, Squares &squares) {
        const auto parts = columns_apart<Product::K, 8>(v);
        unrolled<8 / Product::K>([&](auto i) { sums.mac(parts[i], minus_ones(int(Real) - int(i * Product::K))); });
        if constexpr (Real == 8)
            squares = aie::mac(squares, v, v);
        else
            squares = aie::mac(squares, v, aie::select(v, Input(0), aie::mask<group>::from_uint32((0xffu << Real & 0xffu) * 0x01010101u)));
    }

    /// The sums of four rows, less than 0, and of their squares, lane by lane.
    static void statistics(const Input *x, unsigned row, Lanes &sum, Squares &squares) {
        Product sums(aie::zeros<typename Product::accum_type::value_type, group>());
        squares = aie::zeros<typename Squares::value_type, group>();
        over_blocks<Input, columns / 8 - (last != 0), unrolled_bytes>(
            [&](unsigned column) { count<8>(aie::load_v<group>(x + at(row, column)), sums, squares); });
        if constexpr (last != 0)
            count<last>(aie::load_v<group>(x + at(row, columns / 8 - 1)), sums, squares);
        sum = sums.template to_vector<int32>(0);
    }

    /// What the rows of a batch add up to: elements, less than 0, and squares, which fit one word for int8.
    struct Sums {
        RowLanes elements = aie::zeros<int32, row_lanes>();
        WideSums squares;

        void add(const Lanes &sum, const Squares &square, unsigned group) {
            const Lanes one[] = {sum};
            elements = with_group(elements, by_row(one, [](const auto &a, const auto &) { return a; }), group);
            if constexpr (narrow_input)
                squares.low = with_group(squares.low, row_sums(square.template to_vector<int32>(0)), group);
            else
                squares.add(square, group);
        }
    };

    /// N^2 * variance + whole epsilons of each row.
    static RowSums spread(const Sums &sums) {
        const RowLanes &sum = sums.elements;
        RowSums scaled;
        if constexpr (narrow_input)
            scaled = aie::mul<acc64>(sums.squares.low, int16(size));
        else
            scaled = aie::mac(aie::mul<acc64>(sums.squares.high, int32(size) << 16), sums.squares.low, int16(size));
        scaled = aie::msc(scaled, sum, sum);
        constexpr int64 whole = Config::epsilon >> Config::epsilon_bits;
        if constexpr (whole >> 31 != 0)
            scaled = aie::add(scaled, RowSums(aie::broadcast<int32, row_lanes>(int32(whole >> 31)), 31));
        return aie::add(scaled, int32(whole & 0x7fffffff));
    }

    /// deviation * root of each row, with Config::fraction fraction bits.
    static Lanes units(const aie::vector<Deviation, group> &deviation, const Lanes &root, const int32 *shift) {
        const auto upper = aie::mul<acc64>(deviation.template extract<16>(0), root.template extract<16>(0));
        const auto lower = aie::mul<acc64>(deviation.template extract<16>(1), root.template extract<16>(1));
        return aie::concat(
            upper.template extract<8>(0).template to_vector<int32>(shift[0]), upper.template extract<8>(1).template to_vector<int32>(shift[1]),
            lower.template extract<8>(0).template to_vector<int32>(shift[2]), lower.template extract<8>(1).template to_vector<int32>(shift[3]));
    }

    /// Four rows, from their roots.
    static void finished(const Input *__restrict x, const int32 *__restrict values, Output *__restrict y, unsigned row, const int32 *root,
                         const int32 *shift, const int32 *minus) {
        const int32 *gain = values, *offset = values + columns;
        const aie::accum<acc32, group> start(over_rows(minus), 0);
        const Lanes roots = over_rows(root);
        over_blocks<Input, columns / 8, unrolled_bytes>([&](unsigned column) {
            const auto deviation = aie::mac(start, narrow(x + at(row, column)), int16(size)).template to_vector<Deviation>(0);
            const aie::accum<acc64, group> from(bias_by_column<4>(offset + column * 8), Config::offset_up);
            const auto acc = aie::mac(from, units(deviation, roots, shift), bias_by_column<4>(gain + column * 8));
            aie::store_v(y + at(row, column), clipped<Output, Config>(acc, Config::shift));
        });
    }

    /// A batch of groups of four rows.
    static void batch(const Input *__restrict x, const int32 *__restrict values, Output *__restrict y, unsigned first) {
        Sums sums;
        for (unsigned i = 0; i < Batch::together; ++i) PLACER_PIPELINED {
            Lanes sum;
            Squares squares;
            statistics(x, first + i, sum, squares);
            sums.add(sum, squares, i);
        }
        constexpr int64 whole = Config::epsilon >> Config::epsilon_bits, part = Config::epsilon - (whole << Config::epsilon_bits);
        const ReciprocalRoots found(EvenScaled<Config::epsilon_bits, part, whole == 0>(spread(sums)));
        alignas(64) int32 root[row_lanes], shift[row_lanes], minus[row_lanes];
        aie::store_v(root, found.root);
        aie::store_v(shift, aie::sub(found.shift, int32(Config::fraction + Config::epsilon_bits / 2)));
        aie::store_v(minus, sums.elements);
        for (unsigned i = 0; i < Batch::together; ++i) PLACER_PIPELINED
            finished(x, values, y, first + i, root + i * 4, shift + i * 4, minus + i * 4);
    }

    static void run(const Input *__restrict x, const int32 *__restrict values, Output *__restrict y) {
        set_modes();
        for (unsigned i = 0; i < Batch::count; ++i)
            batch(x, values, y, Batch::start(i));
    }
};

/// values: the gain of every column, then the offset.
template <class Config, class Input, class Output>
void normalise(adf::input_buffer<Input> &x, const int32 *values, adf::output_buffer<Output> &y) {
    Normalise<Config, Input, Output>::run(x.data(), values, y.data());
}

} // namespace placer
