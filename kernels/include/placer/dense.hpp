// Dense int8 kernels: one tile's share of Y = X W (weights on the right) or Y = W^T X (weights on the left), in a cascade or alone.
//
// Two row blocks by two column blocks of accumulators are computed together: each operand block is loaded once for two products, and four
// independent accumulator chains hide the latency of the multiplier.
#pragma once

#include <adf.h>

#include "finish.hpp"

namespace placer {

/// Sizes in blocks and where the blocks of a Config lie. Group: a sample for weights on the left, the whole tile for weights on the right.
template <class Config>
struct Geometry {
    static constexpr unsigned m = Config::m;
    static_assert(m == 4 || m == 8, "mmul shapes are 4x8x8 (AIE-ML) and 8x8x8 (AIE-MLv2)");
    static_assert(Config::rows % m == 0, "rows must be padded to the rows of the mmul shape");
    static_assert(Config::inner % 8 == 0, "the contraction must be padded to 8");
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");
    static constexpr bool left = Config::side == Side::left;
    static constexpr unsigned groups = left ? Config::samples : 1;
    static constexpr unsigned row_blocks = Config::rows / m;
    static constexpr unsigned inner_blocks = Config::inner / 8;
    static constexpr unsigned column_blocks = Config::columns / 8;
    static constexpr unsigned weight_count = Config::inner * (left ? Config::rows : Config::columns);
    static constexpr unsigned channels = left ? Config::rows : Config::columns;

    /// Elements between one k block of the left operand and the next.
    static constexpr unsigned left_step = left ? m * 8 : row_blocks * m * 8;

    static constexpr unsigned left_block(unsigned row) { return left ? row * inner_blocks * m * 8 : row * m * 8; }
    static constexpr unsigned right_block(unsigned group, unsigned column) {
        return left ? (column * groups + group) * Config::inner * 8 : column * inner_blocks * 64;
    }
    static constexpr unsigned output_block(unsigned group, unsigned row, unsigned column) {
        return ((column * groups + group) * row_blocks + row) * m * 8;
    }
};

/// What one call works on. `bias`, `partial_in`, `partial_out` and `output` are null where the role has none.
struct DenseCall {
    const int8 *__restrict input;
    const int8 *__restrict weights;
    const int32 *__restrict bias;
    input_cascade<acc32> *partial_in;
    output_cascade<acc32> *partial_out;
    int8 *__restrict output;
};

template <class Config, bool Reads, bool Writes>
struct DenseKernel {
    using G = Geometry<Config>;
    using Mmul = aie::mmul<Config::m, 8, 8, int8, int8>;
    static constexpr unsigned lanes = Config::m * 8;

    static Mmul start(const DenseCall &call) {
        if constexpr (Reads)
            return Mmul(readincr_v<lanes>(call.partial_in));
        else
            return Mmul(aie::zeros<acc32, lanes>());
    }

    static void end(const DenseCall &call, const Mmul &sum, unsigned group, unsigned row, unsigned column) {
        if constexpr (Writes) {
            writeincr(call.partial_out, sum.to_accum());
        } else {
            aie::accum<acc32, lanes> acc = sum.to_accum();
            for (int i = 0; i < Config::steps[0].up; ++i)
                acc = aie::add(acc, acc);
            const int32 *bias = bias_at<Config>(call.bias, G::left ? row * Config::m : column * 8);
            aie::store_v(call.output + G::output_block(group, row, column), finish<Config, G::left, Config::m>(acc, bias, G::channels));
        }
    }

    /// Rows x Columns output blocks (each 1 or 2) from (row, column) on. Partial sums pass in the order 00, 01, 10, 11.
    template <unsigned Rows, unsigned Columns>
    static void block(const DenseCall &call, unsigned group, unsigned row, unsigned column) {
        const int8 *weights_or_input_left = G::left ? call.weights : call.input;
        const int8 *weights_or_input_right = G::left ? call.input : call.weights;
        const int8 *__restrict a0 = weights_or_input_left + G::left_block(row);
        const int8 *__restrict a1 = weights_or_input_left + G::left_block(row + Rows - 1);
        const int8 *__restrict b0 = weights_or_input_right + G::right_block(group, column);
        const int8 *__restrict b1 = weights_or_input_right + G::right_block(group, column + Columns - 1);
        Mmul c00 = start(call);
        Mmul c01 = Columns == 2 ? start(call) : c00;
        Mmul c10 = Rows == 2 ? start(call) : c00;
        Mmul c11 = Rows == 2 && Columns == 2 ? start(call) : c00;
        for (unsigned k = 0; k < G::inner_blocks; ++k) PLACER_PIPELINED {
            const aie::vector<int8, lanes> left0 = aie::load_v<lanes>(a0);
            const aie::vector<int8, 64> right0 = aie::load_v<64>(b0);
            c00.mac(left0, right0);
            if constexpr (Columns == 2)
                c01.mac(left0, aie::load_v<64>(b1));
            if constexpr (Rows == 2) {
                const aie::vector<int8, lanes> left1 = aie::load_v<lanes>(a1);
                c10.mac(left1, right0);
                if constexpr (Columns == 2)
                    c11.mac(left1, aie::load_v<64>(b1));
            }
            a0 += G::left_step;
            a1 += G::left_step;
            b0 += 64;
            b1 += 64;
        }
        end(call, c00, group, row, column);
        if constexpr (Columns == 2)
            end(call, c01, group, row, column + 1);
        if constexpr (Rows == 2)
            end(call, c10, group, row + 1, column);
        if constexpr (Rows == 2 && Columns == 2)
            end(call, c11, group, row + 1, column + 1);
    }

    template <unsigned Columns>
    static void column_of_blocks(const DenseCall &call, unsigned group, unsigned column) {
        unsigned row = 0;
        for (; row + 2 <= G::row_blocks; row += 2)
            block<2, Columns>(call, group, row, column);
        if constexpr (G::row_blocks % 2 == 1)
            block<1, Columns>(call, group, row, column);
    }

    static void run(const DenseCall &call) {
        set_modes();
        for (unsigned group = 0; group < G::groups; ++group) {
            unsigned column = 0;
            for (; column + 2 <= G::column_blocks; column += 2)
                column_of_blocks<2>(call, group, column);
            if constexpr (G::column_blocks % 2 == 1)
                column_of_blocks<1>(call, group, column);
        }
    }
};

template <class Config>
void dense_single(adf::input_buffer<int8> &x, const int8 *weights, const int32 *bias, adf::output_buffer<int8> &y) {
    DenseKernel<Config, false, false>::run({x.data(), weights, bias, nullptr, nullptr, y.data()});
}

template <class Config>
void dense_first(adf::input_buffer<int8> &x, const int8 *weights, output_cascade<acc32> *partial_out) {
    DenseKernel<Config, false, true>::run({x.data(), weights, nullptr, nullptr, partial_out, nullptr});
}

template <class Config>
void dense_middle(adf::input_buffer<int8> &x, const int8 *weights, input_cascade<acc32> *partial_in,
                  output_cascade<acc32> *partial_out) {
    DenseKernel<Config, true, true>::run({x.data(), weights, nullptr, partial_in, partial_out, nullptr});
}

template <class Config>
void dense_last(adf::input_buffer<int8> &x, const int8 *weights, const int32 *bias, input_cascade<acc32> *partial_in,
                adf::output_buffer<int8> &y) {
    DenseKernel<Config, true, false>::run({x.data(), weights, bias, partial_in, nullptr, y.data()});
}

} // namespace placer
