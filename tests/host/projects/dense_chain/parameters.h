#pragma once
#include <adf.h>
#if __cplusplus >= 202002L
#include <aie_api/aie.hpp>
#endif

// Two layers, 8 rows a run: 32 -> 16 in two chains of two, then 16 -> 8 in one tile.
struct L1Cfg {
    using data_t = int8_t;
    using weight_t = int8_t;
    using bias_t = int32_t;
    using result_t = int8_t;
    using acc_scalar_t = acc32;
    static constexpr unsigned M = 4, K = 8, N = 8;
    static constexpr unsigned ROWS = 8, IN_SLICE = 16, OUT_SLICE = 8, CAS_LENGTH = 2, CAS_NUM = 2;
    static constexpr int SHIFT = 6;
    static constexpr bool USE_RELU = true;
    static constexpr int col_placement = 7, row_placement = 2;
#if __cplusplus >= 202002L
    static constexpr auto ROUNDING = aie::rounding_mode::conv_even;
    static constexpr auto SATURATION = aie::saturation_mode::saturate;
#endif
};

struct L2Cfg {
    using data_t = int8_t;
    using weight_t = int8_t;
    using bias_t = int32_t;
    using result_t = int16_t;
    using acc_scalar_t = acc32;
    static constexpr unsigned M = 4, K = 8, N = 8;
    static constexpr unsigned ROWS = 8, IN_SLICE = 16, OUT_SLICE = 8, CAS_LENGTH = 1, CAS_NUM = 1;
    static constexpr int SHIFT = 3;
    static constexpr bool USE_RELU = false;
    static constexpr int col_placement = 11, row_placement = 2;
#if __cplusplus >= 202002L
    static constexpr auto ROUNDING = aie::rounding_mode::symmetric_inf;
    static constexpr auto SATURATION = aie::saturation_mode::saturate;
#endif
};

static constexpr int N_ITER = 3;
