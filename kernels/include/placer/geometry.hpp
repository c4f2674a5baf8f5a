// Sizes of one tile's share in blocks, where each block lies, and which register blocks fit. docs/kernels.md draws the layout.
#pragma once

#include "aie_api/aie.hpp"
#include "step.hpp"

namespace placer {

/// Bits of accumulator registers: 9 x 1024 on AIE-ML, of which one stays free to finish a block in, and 16 x 1024 on AIE-MLv2.
#if __AIE_ARCH__ >= 21
inline constexpr unsigned accumulator_bits = 16 * 1024;
#else
inline constexpr unsigned accumulator_bits = 8 * 1024;
#endif

/// A Config whose input is stored as its transpose says so; others need not mention it.
template <class Config>
inline constexpr bool reads_transposed = requires { requires Config::transposed; };

/// Group: a sample for weights on the left, the whole tile for weights on the right.
template <class Config>
struct Geometry {
    static constexpr unsigned m = Config::m, k = Config::k, n = Config::n;
    static constexpr bool left = Config::side == Side::left, transposed = reads_transposed<Config>;
    static_assert(n == 8 && 8 % k == 0, "blocks are 8 columns wide: take an mmul shape with n = 8 and k = 1, 2, 4 or 8");
    static_assert(Config::rows % m == 0, "rows must be padded to the rows of the mmul shape");
    static_assert(Config::inner % 8 == 0, "the contraction must be padded to 8");
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");
    static_assert(!(left && transposed), "weights on the left read a transposed input already");
    static_assert(!transposed || Config::rows % 8 == 0, "a transposed input has its rows padded to 8");

    using Input = typename Config::input;
    using Weight = typename Config::weight;
    using Output = typename Config::output;
    /// Left and right operand of mmul.
    using A = std::conditional_t<left, Weight, Input>;
    using B = std::conditional_t<left, Input, Weight>;
    using Mmul = aie::mmul<m, k, n, A, B>;
    using Tag = typename Mmul::accum_type::value_type;
    static constexpr unsigned lanes = m * n;

    static constexpr unsigned groups = left ? Config::samples : 1;
    static constexpr unsigned row_blocks = Config::rows / m;
    static constexpr unsigned inner_blocks = Config::inner / 8;
    static constexpr unsigned column_blocks = Config::columns / 8;
    static constexpr unsigned weight_count = Config::inner * (left ? Config::rows : Config::columns);
    static constexpr unsigned channels = left ? Config::rows : Config::columns;

    static constexpr unsigned register_rows = Config::register_rows, register_columns = Config::register_columns;
    static_assert(register_rows >= 1 && register_columns >= 1, "a register block has at least one row and one column of blocks");
    static_assert(register_rows * register_columns * Mmul::accum_type::bits() <= accumulator_bits,
                  "the register block needs more accumulators than the core has: make register_rows or register_columns smaller");
    static_assert(!transposed || (register_rows * m) % 8 == 0, "a transposed input is read 8 rows at a time: register_rows * m must be a multiple of 8");

    /// Elements between one block of 8 along the contraction and the next, for the left and the right operand.
    static constexpr unsigned a_step = left ? m * 8 : transposed ? 64 : row_blocks * m * 8;
    static constexpr unsigned b_step = 64;

    static constexpr unsigned a_at(unsigned row) { return left || transposed ? row * m * Config::inner : row * m * 8; }
    static constexpr unsigned b_at(unsigned group, unsigned column) { return (left ? column * groups + group : column) * Config::inner * 8; }
    static constexpr unsigned output_at(unsigned group, unsigned row, unsigned column) {
        return ((column * groups + group) * row_blocks + row) * m * 8;
    }
};

} // namespace placer
