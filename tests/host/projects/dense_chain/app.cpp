#include "parameters.h"
#include "top_graph.h"

using namespace adf;

extern "C" {
#include "weights/layers.h"
}

class dut_graph : public graph {
public:
    input_plio plio_data[1];
    input_port wts1[4], bias1[2], wts2[1], bias2[1];
    output_plio plio_ofm[1];
    top_graph<L1Cfg, L2Cfg> dut;

    dut_graph() {
        plio_data[0] = input_plio::create("PLIO_ifm_" + std::to_string(0), plio_128_bits, "data/ifm_c0.txt");
        connect<>(plio_data[0].out[0], dut.ifm[0]);
        for (int i = 0; i < 4; ++i)
            connect<>(wts1[i], dut.wts1[i]);
        for (int i = 0; i < 2; ++i)
            connect<>(bias1[i], dut.bias1[i]);
        connect<>(wts2[0], dut.wts2[0]);
        connect<>(bias2[0], dut.bias2[0]);
        plio_ofm[0] = output_plio::create("PLIO_ofm_0", plio_128_bits, "data/y_p0.txt");
        connect<>(dut.ofm[0], plio_ofm[0].in[0]);
    }
};

dut_graph dut;

#if defined(__AIESIM__) || defined(__X86SIM__)
int main() {
    dut.init();
    int n = 0;
    for (auto &chain : weights_l1)
        for (auto &tile : chain)
            for (auto &w : tile)
                w = static_cast<int8_t>((7 * n++ + 3) % 31 - 15);
    for (auto &w : weights_l2[0][0])
        w = static_cast<int8_t>((7 * n++ + 3) % 31 - 15);
    for (int i = 0; i < 8; ++i) {
        bias_l1[0][i] = 100 * i - 300;
        bias_l1[1][i] = 50 * i;
        bias_l2[0][i] = 1000 - 400 * i;
    }
    for (int ch = 0; ch < 2; ++ch) {
        for (int col = 0; col < 2; ++col)
            dut.update(dut.wts1[ch * 2 + col], weights_l1[ch][col], 128);
        dut.update(dut.bias1[ch], bias_l1[ch], 8);
    }
    dut.update(dut.wts2[0], weights_l2[0][0], 128);
    dut.update(dut.bias2[0], bias_l2[0], 8);
#if defined(__AIESIM__)
    event::handle handle = event::start_profiling(dut.plio_data[0], dut.plio_ofm[0], event::io_stream_start_difference_cycles);
#endif
    dut.run(N_ITER);
    dut.end();
    return 0;
}
#endif
