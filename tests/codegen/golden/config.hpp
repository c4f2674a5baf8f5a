// One configuration a layer, for the kernel templates in kernels/placer. Sizes are one tile's share, padded.
#pragma once

#include "kernels/placer/step.hpp"

/// quantizelinear_20_node.op
struct quantizelinear_20_node_op_config {
    static constexpr placer::Side side = placer::Side::right;
    static constexpr unsigned m = 4, k = 8, n = 8, register_rows = 2, register_columns = 2;
    static constexpr unsigned samples = 1, rows = 8, inner = 8, columns = 8;
    using input = int8;
    using weight = int8;
    using output = int8;
    static constexpr placer::Step steps[] = {{0, 8, true, true}};
};

/// quantizelinear_32_node.op
struct quantizelinear_32_node_op_config {
    static constexpr placer::Side side = placer::Side::left;
    static constexpr unsigned m = 4, k = 8, n = 8, register_rows = 2, register_columns = 2;
    static constexpr unsigned samples = 1, rows = 4, inner = 8, columns = 8;
    using input = int8;
    using weight = int8;
    using output = int8;
    static constexpr placer::Step steps[] = {{0, 7, false, false}};
};

/// quantizelinear_40_node.op
struct quantizelinear_40_node_op_config {
    static constexpr unsigned m = 4, rows = 4, columns = 8;
    static constexpr int left_factor = 1, right_factor = 2;
    static constexpr int left_zero = 0, right_zero = 0;
    using output = int8;
    static constexpr placer::Step steps[] = {{0, 1, false, false}};
};
