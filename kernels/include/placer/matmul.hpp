// Products of two activations: per sample and group of columns, left [rows, inner] by right [inner, columns], or by the transpose of right.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "operands.hpp"

namespace placer {

template <class Config>
struct MatMulKernel {
    using Left = typename Config::left;
    using Right = typename Config::right;
    using Output = typename Config::output;
    static constexpr unsigned m = Config::m, k = Config::k, steps = 8 / k;
    using Mmul = aie::mmul<m, k, 8, Left, Right>;
    using Tag = typename Mmul::accum_type::value_type;
    static constexpr unsigned lanes = m * 8;
    static constexpr unsigned samples = Config::samples, row_blocks = Config::rows / m, inner_blocks = (Config::inner + 7) / 8;
    static constexpr unsigned column_blocks = Config::columns / 8, last = Config::inner % 8;
    // Values less their zero points may not fit their type; sums over the other operand correct the product instead.
    static constexpr bool sums_rows = Config::right_zero != 0, sums_columns = Config::left_zero != 0;
    static_assert(8 % k == 0, "blocks are 8 columns wide: take an mmul shape with n = 8 and k = 1, 2, 4 or 8");
    static_assert(Config::rows % m == 0, "rows must be padded to the rows of the mmul shape");
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");
    static_assert((Config::register_rows * Config::register_columns + sums_rows * Config::register_rows + sums_columns * Config::register_columns) *
                          Mmul::accum_type::bits() <=
                      accumulator_bits,
                  "the register block needs more accumulators than the core has: make register_rows or register_columns smaller");

    struct Call {
        const Left *__restrict left;
        const Right *__restrict right;
        const int32 *__restrict bias;
        Output *__restrict output;
        // An m x 8 block with ones in the real columns of the last block of the contraction; and the same with all bits set.
        alignas(64) Left ones[m * 8];
        alignas(64) Left mask[m * 8];

        Call(const Left *x, const Right *x2, const int32 *values, Output *y) : left(x), right(x2), bias(values), output(y) {
            for (unsigned i = 0; i < m * 8; ++i) {
                ones[i] = last == 0 || i % 8 < last ? 1 : 0;
                mask[i] = Left(-ones[i]);
            }
        }
    };

    static auto left_operands(const Call &call, unsigned sample, unsigned group, unsigned row, unsigned inner) {
        auto block = aie::load_v<m * 8>(call.left + (((group * inner_blocks + inner) * samples + sample) * row_blocks + row) * m * 8);
        if (last && inner + 1 == inner_blocks)
            block = aie::bit_and(block, aie::load_v<m * 8>(call.mask));
        return columns_apart<k, 8>(block);
    }

    static auto ones(const Call &call, unsigned inner) {
        if (last && inner + 1 == inner_blocks)
            return columns_apart<k, 8>(aie::load_v<m * 8>(call.ones));
        return columns_apart<k, 8>(aie::broadcast<Left, m * 8>(1));
    }

    /// The 8 x 8 block of the right operand, row-major.
    static aie::vector<Right, 64> right_block(const Call &call, unsigned sample, unsigned group, unsigned inner, unsigned column) {
        if constexpr (Config::turned)
            return aie::transpose(
                aie::load_v<64>(call.right + (((group * inner_blocks + inner) * samples + sample) * column_blocks + column) * 64), 8, 8);
        else
            return aie::load_v<64>(call.right + (((group * column_blocks + column) * samples + sample) * inner_blocks + inner) * 64);
    }

    /// acc - right_zero * (sums over the left rows) - left_zero * (sums over the right columns, less the zero points in them).
    static auto centred(const Mmul &sum, const Mmul &rows, const Mmul &columns) {
        if constexpr (!sums_rows && !sums_columns) {
            return sum.to_accum();
        } else {
            aie::accum<acc64, lanes> acc;
            if constexpr (std::is_same_v<Tag, acc32>)
                acc.from_vector(sum.template to_vector<int32>(0), 0);
            else
                acc = sum.to_accum();
            if constexpr (sums_rows)
                acc = aie::sub(acc, aie::mul<acc64>(rows.template to_vector<int32>(0), int32(Config::right_zero)));
            if constexpr (sums_columns) {
                const auto real = aie::sub(columns.template to_vector<int32>(0), int32(Config::inner) * Config::right_zero);
                acc = aie::sub(acc, aie::mul<acc64>(real, int32(Config::left_zero)));
            }
            return acc;
        }
    }

    static Mmul zero() { return Mmul(aie::zeros<Tag, lanes>()); }

    /// Rows x Columns output blocks from (row, column) on.
    template <unsigned Rows, unsigned Columns>
    static void block(const Call &call, unsigned sample, unsigned group, unsigned row, unsigned column) {
        std::array<std::array<Mmul, Columns>, Rows> sums;
        std::array<Mmul, Rows> row_sums;
        std::array<Mmul, Columns> column_sums;
        unrolled<Rows>([&](auto r) {
            row_sums[r] = zero();
            unrolled<Columns>([&](auto c) { sums[r][c] = zero(); });
        });
        unrolled<Columns>([&](auto c) { column_sums[c] = zero(); });
        for (unsigned i = 0; i < inner_blocks; ++i) PLACER_PIPELINED {
            std::array<decltype(left_operands(call, 0, 0, 0, 0)), Rows> left;
            unrolled<Rows>([&](auto r) { left[r] = left_operands(call, sample, group, row + r, i); });
            if constexpr (sums_rows)
                unrolled<steps>([&](auto s) {
                    unrolled<Rows>([&](auto r) { row_sums[r].mac(left[r][s], aie::broadcast<Right, k * 8>(1)); });
                });
            unrolled<Columns>([&](auto c) {
                const auto right = right_block(call, sample, group, i, column + c);
                unrolled<steps>([&](auto s) {
                    const auto part = right.template extract<k * 8>(s);
                    unrolled<Rows>([&](auto r) { sums[r][c].mac(left[r][s], part); });
                    if constexpr (sums_columns)
                        column_sums[c].mac(ones(call, i)[s], part);
                });
            });
        }
        unrolled<Rows>([&](auto r) {
            unrolled<Columns>([&](auto c) {
                const auto acc = raised<Config::steps[0].up, Config::steps[0].wide>(centred(sums[r][c], row_sums[r], column_sums[c]));
                const unsigned at = group * column_blocks + column + c;
                Output *y = call.output + ((at * samples + sample) * row_blocks + row + r) * lanes;
                aie::store_v(y, finish<Config, false, m>(acc, bias_at<Config>(call.bias, at * 8), Config::groups * Config::columns));
            });
        });
    }

    template <unsigned Columns>
    static void column_of_blocks(const Call &call, unsigned sample, unsigned group, unsigned column) {
        constexpr unsigned rows = Config::register_rows, rest = row_blocks % rows;
        for (unsigned row = 0; row + rows <= row_blocks; row += rows)
            block<rows, Columns>(call, sample, group, row, column);
        if constexpr (rest > 0)
            block<rest, Columns>(call, sample, group, row_blocks - rest, column);
    }

    static void run(const Call &call) {
        constexpr unsigned columns = Config::register_columns, rest = column_blocks % columns;
        set_modes();
        for (unsigned group = 0; group < Config::groups; ++group)
            for (unsigned sample = 0; sample < samples; ++sample) {
                for (unsigned column = 0; column + columns <= column_blocks; column += columns)
                    column_of_blocks<columns>(call, sample, group, column);
                if constexpr (rest > 0)
                    column_of_blocks<rest>(call, sample, group, column_blocks - rest);
            }
    }
};

template <class Config, class Left, class Right, class Output>
void matmul(adf::input_buffer<Left> &x, adf::input_buffer<Right> &x2, const int32 *bias, adf::output_buffer<Output> &y) {
    MatMulKernel<Config>::run({x.data(), x2.data(), bias, y.data()});
}

} // namespace placer
