// Dense kernels: one tile's share of Y = X W (weights on the right) or Y = W^T X (weights on the left), alone or at one place of a cascade.
//
// A register block of row blocks by column blocks is computed together: each operand serves several products, and as many independent
// accumulator chains hide the latency of the multiplier. Where few blocks are deep, the loop over depth is unrolled, so that the loop around it
// can be pipelined: one register block's finish overlaps the next one's loads.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "operands.hpp"

namespace placer {

/// What one call works on. `bias`, `partial_in`, `partial_out` and `output` are null where the role has none.
template <class Config>
struct DenseCall {
    using G = Geometry<Config>;
    const typename G::Input *__restrict input;
    const typename G::Weight *__restrict weights;
    const int32 *__restrict bias;
    input_cascade<typename G::Tag> *partial_in;
    output_cascade<typename G::Tag> *partial_out;
    typename G::Output *__restrict output;
};

template <class Config, bool Reads, bool Writes>
struct DenseKernel {
    using G = Geometry<Config>;
    using Mmul = typename G::Mmul;
    using Call = DenseCall<Config>;

    // 16 deep: 64 products of a 2 x 2 block are a sixteenth of the program memory.
    static constexpr bool unrolls_depth = G::inner_blocks <= 16;
    // A sum that nothing doubles later starts at the bias, alone or in the first tile of a cascade, and the bias costs no addition.
    static constexpr bool sums_start_at_bias = Config::steps[0].bias && Config::steps[0].up == 0 && !Config::steps[0].wide;
    static constexpr bool starts_at_bias = !Reads && sums_start_at_bias;
    static constexpr Bias bias_where = !sums_start_at_bias ? Bias::to_add : Reads ? Bias::elsewhere : Bias::added;

    static const int32 *bias_of(const Call &call, unsigned row, unsigned column) {
        return bias_at<Config>(call.bias, G::left ? row * G::m : column * 8);
    }

    static Mmul start(const Call &call, unsigned row, unsigned column) {
        if constexpr (Reads) {
            return Mmul(readincr_v<G::lanes>(call.partial_in));
        } else if constexpr (starts_at_bias) {
            typename Mmul::accum_type acc;
            acc.from_vector(bias_block<G::left, G::m>(bias_of(call, row, column)), 0);
            return Mmul(acc);
        } else {
            return Mmul(aie::zeros<typename G::Tag, G::lanes>());
        }
    }

    static void end(const Call &call, const Mmul &sum, unsigned group, unsigned row, unsigned column) {
        if constexpr (Writes) {
            writeincr(call.partial_out, sum.to_accum());
        } else {
            const auto acc = raised<Config::steps[0].up, Config::steps[0].wide>(sum.to_accum());
            const int32 *bias = bias_of(call, row, column);
            aie::store_v(call.output + G::output_at(group, row, column),
                         finish<Config, G::left, G::m, bias_where>(acc, bias, G::channels));
        }
    }

    /// Rows x Columns output blocks from (row, column) on. Partial sums pass row by row.
    template <unsigned Rows, unsigned Columns>
    static void block(const Call &call, unsigned group, unsigned row, unsigned column) {
        const typename G::A *__restrict a;
        const typename G::B *__restrict b;
        if constexpr (G::left)
            a = call.weights, b = call.input;
        else
            a = call.input, b = call.weights;
        a += G::a_at(row);
        b += G::b_at(group, column);
        std::array<std::array<Mmul, Columns>, Rows> sums;
        unrolled<Rows>([&](auto r) { unrolled<Columns>([&](auto c) { sums[r][c] = start(call, row + r, column + c); }); });
        const auto deepen = [&] {
            const LeftOperands<Config, Rows> left(a);
            unrolled<8 / G::k>([&](auto s) {
                unrolled<Columns>([&](auto c) {
                    const auto right = aie::load_v<G::k * 8>(b + (G::b_at(0, c) + s * G::k * 8));
                    unrolled<Rows>([&](auto r) { sums[r][c].mac(left.at[r][s], right); });
                });
            });
            a += G::a_step;
            b += G::b_step;
        };
        if constexpr (unrolls_depth)
            for (unsigned i = 0; i < G::inner_blocks; ++i) PLACER_UNROLLED
                deepen();
        else
            for (unsigned i = 0; i < G::inner_blocks; ++i) PLACER_PIPELINED
                deepen();
        unrolled<Rows>([&](auto r) { unrolled<Columns>([&](auto c) { end(call, sums[r][c], group, row + r, column + c); }); });
    }

    template <unsigned Columns>
    static void column_of_blocks(const Call &call, unsigned group, unsigned column) {
        constexpr unsigned rows = G::register_rows, rest = G::row_blocks % rows;
        for (unsigned row = 0; row + rows <= G::row_blocks; row += rows) PLACER_PIPELINED
            block<rows, Columns>(call, group, row, column);
        if constexpr (rest > 0)
            block<rest, Columns>(call, group, G::row_blocks - rest, column);
    }

    // Where no rows are left over and a block outlasts the arithmetic of its place, all of its size are one loop, which fills its pipeline once.
    static constexpr bool one_loop = unrolls_depth && G::inner_blocks >= 2 && G::row_blocks > G::register_rows &&
                                     G::row_blocks % G::register_rows == 0;

    /// Register blocks column by column, as column_of_blocks has them, in one loop.
    template <unsigned Columns>
    static void all_blocks(const Call &call, unsigned group) {
        constexpr unsigned rows = G::register_rows, count = (G::row_blocks / rows) * (G::column_blocks / Columns);
        unsigned row = 0, column = 0;
        for (unsigned i = 0; i < count; ++i) PLACER_PIPELINED {
            block<rows, Columns>(call, group, row, column);
            const bool ends = row + rows == G::row_blocks;
            row = ends ? 0 : row + rows;
            column = ends ? column + Columns : column;
        }
    }

    static void run(const Call &call) {
        constexpr unsigned columns = G::register_columns, rest = G::column_blocks % columns;
        set_modes();
        for (unsigned group = 0; group < G::groups; ++group) {
            if constexpr (one_loop)
                all_blocks<columns>(call, group);
            else
                for (unsigned column = 0; column + columns <= G::column_blocks; column += columns) PLACER_PIPELINED
                    column_of_blocks<columns>(call, group, column);
            if constexpr (rest > 0)
                column_of_blocks<rest>(call, group, G::column_blocks - rest);
        }
    }
};

template <class Config, class Input, class Weight, class Output>
void dense_single(adf::input_buffer<Input> &x, const Weight *weights, const int32 *bias, adf::output_buffer<Output> &y) {
    DenseKernel<Config, false, false>::run({x.data(), weights, bias, nullptr, nullptr, y.data()});
}

template <class Config, class Input, class Weight, class Tag>
void dense_first(adf::input_buffer<Input> &x, const Weight *weights, const int32 *bias, output_cascade<Tag> *partial_out) {
    DenseKernel<Config, false, true>::run({x.data(), weights, bias, nullptr, partial_out, nullptr});
}

template <class Config, class Input, class Weight, class Tag>
void dense_middle(adf::input_buffer<Input> &x, const Weight *weights, input_cascade<Tag> *partial_in, output_cascade<Tag> *partial_out) {
    DenseKernel<Config, true, true>::run({x.data(), weights, nullptr, partial_in, partial_out, nullptr});
}

template <class Config, class Input, class Weight, class Tag, class Output>
void dense_last(adf::input_buffer<Input> &x, const Weight *weights, const int32 *bias, input_cascade<Tag> *partial_in,
                adf::output_buffer<Output> &y) {
    DenseKernel<Config, true, false>::run({x.data(), weights, bias, partial_in, nullptr, y.data()});
}

} // namespace placer
