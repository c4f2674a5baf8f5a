#pragma once
#include <adf.h>

#include "kernels/dense.h"

using namespace adf;

template <typename ConfigT>
class dense_graph : public graph {
public:
    static constexpr unsigned CAS_NUM = ConfigT::CAS_NUM, CAS_LENGTH = ConfigT::CAS_LENGTH;
    input_port in1[CAS_LENGTH];
    adf::port<adf::direction::in> wts[CAS_NUM * CAS_LENGTH];
    adf::port<adf::direction::in> bias[CAS_NUM];
    output_port out1[CAS_NUM];
    kernel kk[CAS_NUM * CAS_LENGTH];

    void place_graph(int COL_START, int ROW_START) {
        for (unsigned idx = 0; idx < CAS_NUM * CAS_LENGTH; ++idx) {
            const int row = ROW_START + idx / CAS_LENGTH, col = COL_START + idx % CAS_LENGTH;
            location<kernel>(kk[idx]) = tile(col, row);
            location<buffer>(kk[idx].in[0]) = {bank(col - 1, row, 0), bank(col - 1, row, 3)};
            location<buffer>(kk[idx].in[1]) = bank(col - 1, row, 1);
            location<stack>(kk[idx]) = bank(col - 1, row, 2);
            if (idx % CAS_LENGTH == CAS_LENGTH - 1)
                location<buffer>(kk[idx].out[0]) = {bank(col, row, 1), bank(col, row, 2)};
        }
    }

    dense_graph(void) {
        for (unsigned idx = 0; idx < CAS_NUM * CAS_LENGTH; ++idx) {
            if constexpr (CAS_LENGTH == 1)
                kk[idx] = kernel::create_object<dense_single<ConfigT>>();
            else
                kk[idx] = idx % CAS_LENGTH == 0 ? kernel::create_object<dense_first<ConfigT>>() : kernel::create_object<dense_last<ConfigT>>();
            source(kk[idx]) = "kernels/dense.cpp";
            runtime<ratio>(kk[idx]) = 1.0;
            single_buffer(kk[idx].in[1]);
            connect<parameter>(wts[idx], async(kk[idx].in[1]));
            connect<>(in1[idx % CAS_LENGTH], kk[idx].in[0]);
            dimensions(kk[idx].in[0]) = {ConfigT::ROWS * ConfigT::IN_SLICE};
            if (idx % CAS_LENGTH == CAS_LENGTH - 1) {
                const int port = CAS_LENGTH == 1 ? 2 : 3;
                connect<parameter>(bias[idx / CAS_LENGTH], async(kk[idx].in[port]));
                single_buffer(kk[idx].in[port]);
                connect<>(kk[idx].out[0], out1[idx / CAS_LENGTH]);
                dimensions(kk[idx].out[0]) = {ConfigT::ROWS * ConfigT::OUT_SLICE};
            }
        }
        for (unsigned chain = 0; chain < CAS_NUM; ++chain)
            for (unsigned c = 0; c + 1 < CAS_LENGTH; ++c)
                connect<cascade>(kk[chain * CAS_LENGTH + c].out[0], kk[chain * CAS_LENGTH + c + 1].in[2]);
    }
};
