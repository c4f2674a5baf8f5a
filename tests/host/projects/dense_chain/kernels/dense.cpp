#include "dense.h"

template <typename ConfigT>
dense_base<ConfigT>::dense_base() {
    // Modes belong to the core and stay.
    aie::set_rounding(ConfigT::ROUNDING);
    aie::set_saturation(ConfigT::SATURATION);
}

template <int M, typename T, unsigned N>
static inline auto replicate(const aie::vector<T, N> &row) {
    if constexpr (M == 2)
        return aie::concat(row, row);
    else
        return aie::concat(row, row, row, row);
}

template <typename ConfigT, typename Start, typename Finish>
static inline void multiply(const typename ConfigT::data_t *__restrict pA, const typename ConfigT::weight_t *__restrict pB, Start start, Finish finish) {
    using MMUL = aie::mmul<ConfigT::M, ConfigT::K, ConfigT::N, typename ConfigT::data_t, typename ConfigT::weight_t, typename ConfigT::acc_scalar_t>;
    constexpr unsigned colsA = ConfigT::IN_SLICE / ConfigT::K, colsB = ConfigT::OUT_SLICE / ConfigT::N;
    for (unsigned z = 0; z < ConfigT::ROWS / ConfigT::M; ++z)
        for (unsigned j = 0; j < colsB; ++j) {
            MMUL C = start(j);
            for (unsigned i = 0; i < colsA; ++i)
                chess_prepare_for_pipelining chess_loop_range(2, )
                {
                    const auto A = aie::load_v<MMUL::size_A>(pA + (z * colsA + i) * MMUL::size_A);
                    const auto B = aie::load_v<MMUL::size_B>(pB + (i * colsB + j) * MMUL::size_B);
                    C.mac(A, B);
                }
            finish(C, z, j);
        }
}

template <typename ConfigT, typename MMUL>
static inline void store(const MMUL &C, typename ConfigT::result_t *__restrict to) {
    using result_t = typename ConfigT::result_t;
    auto v = C.template to_vector<result_t>(ConfigT::SHIFT);
    if constexpr (ConfigT::USE_RELU)
        v = aie::max(v, result_t(0));
    aie::store_v(to, v);
}

template <typename ConfigT>
void dense_single<ConfigT>::run(input_buffer<data_t> &ifm, const weight_t (&wts)[ConfigT::IN_SLICE * ConfigT::OUT_SLICE],
                                const bias_t (&bias)[ConfigT::OUT_SLICE], output_buffer<result_t> &ofm) {
    using MMUL = aie::mmul<ConfigT::M, ConfigT::K, ConfigT::N, data_t, weight_t, typename ConfigT::acc_scalar_t>;
    result_t *pC = ofm.data();
    multiply<ConfigT>(
        ifm.data(), wts,
        [&](unsigned j) {
            MMUL C;
            C = replicate<ConfigT::M>(aie::load_v<ConfigT::N>(bias + j * ConfigT::N));
            return C;
        },
        [&](const MMUL &C, unsigned z, unsigned j) { store<ConfigT>(C, pC + (z * (ConfigT::OUT_SLICE / ConfigT::N) + j) * MMUL::size_C); });
}

template <typename ConfigT>
void dense_first<ConfigT>::run(input_buffer<data_t> &ifm, const weight_t (&wts)[ConfigT::IN_SLICE * ConfigT::OUT_SLICE],
                               output_cascade<acc_scalar_t> *out) {
    using MMUL = aie::mmul<ConfigT::M, ConfigT::K, ConfigT::N, data_t, weight_t, acc_scalar_t>;
    multiply<ConfigT>(
        ifm.data(), wts, [](unsigned) { return MMUL(); }, [&](const MMUL &C, unsigned, unsigned) { writeincr(out, C.to_accum()); });
}

template <typename ConfigT>
void dense_last<ConfigT>::run(input_buffer<data_t> &ifm, const weight_t (&wts)[ConfigT::IN_SLICE * ConfigT::OUT_SLICE],
                              input_cascade<acc_scalar_t> *in, const bias_t (&bias)[ConfigT::OUT_SLICE], output_buffer<result_t> &ofm) {
    using MMUL = aie::mmul<ConfigT::M, ConfigT::K, ConfigT::N, data_t, weight_t, acc_scalar_t>;
    result_t *pC = ofm.data();
    multiply<ConfigT>(
        ifm.data(), wts, [&](unsigned) { return MMUL(readincr_v<MMUL::size_C>(in)); },
        [&](MMUL C, unsigned z, unsigned j) {
            C = aie::add(C.to_accum(), replicate<ConfigT::M>(aie::load_v<ConfigT::N>(bias + j * ConfigT::N)));
            store<ConfigT>(C, pC + (z * (ConfigT::OUT_SLICE / ConfigT::N) + j) * MMUL::size_C);
        });
}
