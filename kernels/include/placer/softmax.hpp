// Softmax over each group of columns of a row, in integers (placer/softmax.py): a table of exponentials, an exact sum, one factor a row.
#pragma once

#include <adf.h>

#include "finish.hpp"
#include "loops.hpp"
#include "reciprocal_root.hpp"

namespace placer {

template <class Config, class Input, class Output>
struct Softmax {
    /// Elements that are worked on together: four rows of eight columns.
    static constexpr unsigned group = 32;
    static_assert(Config::rows % 4 == 0 && Config::columns % 8 == 0, "rows must be padded to 4, columns to 8");
    static_assert(Config::width <= Config::columns && Config::columns - Config::width < 8, "the features of a group must fill its columns");
    static constexpr unsigned width = Config::width, blocks = Config::columns / 8, row_groups = Config::rows / 4;
    static constexpr int guard = 24 - int(sizeof(Output) * 8), root_bits = 31, high_bits = 30, widest_shift = 59;
    using Lanes = aie::vector<int32, group>;

    static unsigned at(unsigned row, unsigned column) { return (column * row_groups + row) * group; }

    /// exp(-below * scale), from one table, or as the product of two.
    static int32 power(const int32 *__restrict tables, int32 below) {
        if constexpr (sizeof(Input) == 1)
            return tables[below];
        else
            return int32(half_even_wide(int64(tables[256 + (below >> 8)]) * tables[below & 255], high_bits));
    }

    /// The largest of the width elements of each of four rows.
    static void maxima(const Input *__restrict x, unsigned row, unsigned first, int32 (&top)[4]) {
        aie::vector<Input, group> most = aie::load_v<group>(x + at(row, first));
        const unsigned whole = width / 8;
        for (unsigned column = 1; column < whole; ++column) PLACER_PIPELINED
            most = aie::max(most, aie::load_v<group>(x + at(row, first + column)));
        alignas(64) Input held[group], rest[group];
        aie::store_v(held, most);
        aie::store_v(rest, aie::load_v<group>(x + at(row, first + blocks - 1)));
        constexpr unsigned last = width % 8;
        for (unsigned r = 0; r < 4; ++r) {
            top[r] = held[r * 8];
            for (unsigned i = 1; i < (width < 8 ? width : 8); ++i)
                top[r] = held[r * 8 + i] > top[r] ? held[r * 8 + i] : top[r];
            for (unsigned i = 0; i < last; ++i)
                top[r] = rest[r * 8 + i] > top[r] ? rest[r * 8 + i] : top[r];
        }
    }

    /// factor / 2^down = gain / 2^shift / total.
    static void factor_of(int64 total, int32 &factor, int &down) {
        const ReciprocalRoot found(total);
        const int64 inverse = half_even_wide(int64(found.root) * found.root, root_bits);
        int64 scaled = half_even_wide(inverse * Config::gain, root_bits);
        down = 2 * found.shift - 2 * root_bits + Config::shift;
        if (down > widest_shift) {
            scaled = half_even_wide(scaled, down - widest_shift);
            down = widest_shift;
        }
        factor = int32(scaled);
    }

    /// The exponentials of four rows, block after block, 0 in padding, and their sums.
    static void exponentials(const Input *__restrict x, const int32 *__restrict tables, unsigned row, unsigned first, int32 *powers,
                             int64 (&total)[4]) {
        int32 top[4];
        maxima(x, row, first, top);
        for (unsigned r = 0; r < 4; ++r)
            total[r] = 0;
        for (unsigned column = 0; column < blocks; ++column) {
            const Input *source = x + at(row, first + column);
            const unsigned real = width - column * 8 < 8 ? width - column * 8 : 8;
            for (unsigned r = 0; r < 4; ++r)
                for (unsigned i = 0; i < 8; ++i) PLACER_PIPELINED {
                    const int32 e = i < real ? power(tables, top[r] - source[r * 8 + i]) : 0;
                    powers[column * group + r * 8 + i] = e;
                    total[r] += e;
                }
        }
    }

    static void run(const Input *__restrict x, const int32 *__restrict tables, Output *__restrict y) {
        set_modes();
        alignas(64) int32 powers[blocks * group];
        for (unsigned g = 0; g < Config::groups; ++g)
            for (unsigned row = 0; row < row_groups; ++row) {
                int64 total[4];
                int32 factor[4];
                int down[4];
                exponentials(x, tables, row, g * blocks, powers, total);
                for (unsigned r = 0; r < 4; ++r)
                    factor_of(total[r], factor[r], down[r]);
                for (unsigned column = 0; column < blocks; ++column) PLACER_PIPELINED {
                    const Lanes e = aie::load_v<group>(powers + column * group);
                    const Lanes near = aie::concat(aie::mul<acc64>(e.template extract<8>(0), factor[0]).template to_vector<int32>(down[0] - guard),
                                                   aie::mul<acc64>(e.template extract<8>(1), factor[1]).template to_vector<int32>(down[1] - guard),
                                                   aie::mul<acc64>(e.template extract<8>(2), factor[2]).template to_vector<int32>(down[2] - guard),
                                                   aie::mul<acc64>(e.template extract<8>(3), factor[3]).template to_vector<int32>(down[3] - guard));
                    Lanes out = aie::accum<acc64, group>(near, 0).template to_vector<int32>(guard);
                    out = aie::min(aie::max(out, int32(Config::low - Config::zero_point)), int32(Config::high - Config::zero_point));
                    aie::store_v(y + at(row, g * blocks + column), packed<Output>(aie::add(out, int32(Config::zero_point))));
                }
            }
    }
};

/// tables: 256 exponentials of int8 differences; for int16, then 256 of their upper bytes.
template <class Config, class Input, class Output>
void softmax(adf::input_buffer<Input> &x, const int32 *tables, adf::output_buffer<Output> &y) {
    Softmax<Config, Input, Output>::run(x.data(), tables, y.data());
}

} // namespace placer
