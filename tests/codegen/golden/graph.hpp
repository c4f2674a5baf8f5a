// The graph of model: kernels, memory-tile buffers and PLIO, every one at the place that the mapping gives it.
#pragma once

#include <adf.h>

#include <cstdint>
#include <vector>

#include "kernels/layers.hpp"
#include "placement.hpp"

class Network : public adf::graph {
public:
    adf::input_plio quantizelinear_3_in[4];
    adf::output_plio quantizelinear_40_out[8];
    adf::input_port quantizelinear_20_node_op_weights[8];
    adf::input_port quantizelinear_32_node_op_weights[8];
    adf::input_port quantizelinear_20_node_op_start[4];

    Network() {
        quantizelinear_3_in[0] = adf::input_plio::create("quantizelinear_3_in0", adf::plio_128_bits, "data/quantizelinear_3_in0.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_3_in[0]) = adf::shim(4, 0);
        quantizelinear_3_in[1] = adf::input_plio::create("quantizelinear_3_in1", adf::plio_128_bits, "data/quantizelinear_3_in1.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_3_in[1]) = adf::shim(4, 4);
        quantizelinear_3_in[2] = adf::input_plio::create("quantizelinear_3_in2", adf::plio_128_bits, "data/quantizelinear_3_in2.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_3_in[2]) = adf::shim(5, 0);
        quantizelinear_3_in[3] = adf::input_plio::create("quantizelinear_3_in3", adf::plio_128_bits, "data/quantizelinear_3_in3.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_3_in[3]) = adf::shim(5, 4);
        quantizelinear_40_out[0] = adf::output_plio::create("quantizelinear_40_out0", adf::plio_128_bits, "data/quantizelinear_40_out0.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[0]) = adf::shim(0, 0);
        quantizelinear_40_out[1] = adf::output_plio::create("quantizelinear_40_out1", adf::plio_128_bits, "data/quantizelinear_40_out1.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[1]) = adf::shim(0, 2);
        quantizelinear_40_out[2] = adf::output_plio::create("quantizelinear_40_out2", adf::plio_128_bits, "data/quantizelinear_40_out2.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[2]) = adf::shim(1, 0);
        quantizelinear_40_out[3] = adf::output_plio::create("quantizelinear_40_out3", adf::plio_128_bits, "data/quantizelinear_40_out3.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[3]) = adf::shim(1, 2);
        quantizelinear_40_out[4] = adf::output_plio::create("quantizelinear_40_out4", adf::plio_128_bits, "data/quantizelinear_40_out4.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[4]) = adf::shim(2, 0);
        quantizelinear_40_out[5] = adf::output_plio::create("quantizelinear_40_out5", adf::plio_128_bits, "data/quantizelinear_40_out5.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[5]) = adf::shim(2, 2);
        quantizelinear_40_out[6] = adf::output_plio::create("quantizelinear_40_out6", adf::plio_128_bits, "data/quantizelinear_40_out6.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[6]) = adf::shim(3, 0);
        quantizelinear_40_out[7] = adf::output_plio::create("quantizelinear_40_out7", adf::plio_128_bits, "data/quantizelinear_40_out7.txt", plio_mhz);
        adf::location<adf::PLIO>(quantizelinear_40_out[7]) = adf::shim(3, 2);
        place_quantizelinear_20_node_op();
        place_quantizelinear_32_node_op();
        place_quantizelinear_40_node_op();
        connect_streams();
        buffer_quantizelinear_20_memory0();
        buffer_quantizelinear_20_memory1();
        buffer_quantizelinear_20_memory2();
        buffer_quantizelinear_20_memory3();
    }

private:
    static constexpr double plio_mhz = 312.5;
    adf::kernel quantizelinear_20_node_op[8];
    adf::kernel quantizelinear_32_node_op[8];
    adf::kernel quantizelinear_40_node_op[8];
    adf::shared_buffer<int8> quantizelinear_20_memory0;
    adf::shared_buffer<int8> quantizelinear_20_memory1;
    adf::shared_buffer<int8> quantizelinear_20_memory2;
    adf::shared_buffer<int8> quantizelinear_20_memory3;

    static adf::address at(const Address &a) { return adf::address(a.col, a.row, a.offset); }

    // quantizelinear_20_node.op: 8 tiles, cascades of 2.
    void place_quantizelinear_20_node_op() {
        for (int i = 0; i < 8; ++i) {
            const Tile &t = place::quantizelinear_20_node_op[i];
            adf::kernel &k = quantizelinear_20_node_op[i];
            const int position = i % 2;
            const bool first = position == 0, last = position == 1;
            k = first ? adf::kernel::create(quantizelinear_20_node_op_first) : adf::kernel::create(quantizelinear_20_node_op_last);
            adf::source(k) = "kernels/quantizelinear_20_node_op.cc";
            adf::runtime<adf::ratio>(k) = 1.0;
            adf::repetition_count(k) = 1;
            adf::location<adf::kernel>(k) = adf::tile(t.col, t.row);
            adf::location<adf::stack>(k) = at(t.stack);
            adf::dimensions(k.in[0]) = {64};
            adf::location<adf::buffer>(k.in[0]) = {at(t.input[0]), at(t.input[1])};
            adf::connect<adf::parameter>(quantizelinear_20_node_op_weights[i], adf::async(k.in[1]));
            adf::single_buffer(k.in[1]);
            adf::location<adf::buffer>(k.in[1]) = at(t.weights);
            if (first) {
                adf::connect<adf::parameter>(quantizelinear_20_node_op_start[i / 2], adf::async(k.in[2]));
                adf::single_buffer(k.in[2]);
                adf::location<adf::buffer>(k.in[2]) = at(t.bias);
            }
            if (last) {
                adf::dimensions(k.out[0]) = {64};
                adf::location<adf::buffer>(k.out[0]) = {at(t.output[0]), at(t.output[1])};
            }
            if (!first)
                adf::connect<adf::cascade>(quantizelinear_20_node_op[i - 1].out[0], k.in[2]);
        }
    }

    // quantizelinear_32_node.op: 8 tiles, cascades of 1.
    void place_quantizelinear_32_node_op() {
        for (int i = 0; i < 8; ++i) {
            const Tile &t = place::quantizelinear_32_node_op[i];
            adf::kernel &k = quantizelinear_32_node_op[i];
            k = adf::kernel::create(quantizelinear_32_node_op_single);
            adf::source(k) = "kernels/quantizelinear_32_node_op.cc";
            adf::runtime<adf::ratio>(k) = 1.0;
            adf::repetition_count(k) = 1;
            adf::location<adf::kernel>(k) = adf::tile(t.col, t.row);
            adf::location<adf::stack>(k) = at(t.stack);
            adf::dimensions(k.in[0]) = {64};
            adf::location<adf::buffer>(k.in[0]) = {at(t.input[0]), at(t.input[1])};
            adf::connect<adf::parameter>(quantizelinear_32_node_op_weights[i], adf::async(k.in[1]));
            adf::single_buffer(k.in[1]);
            adf::location<adf::buffer>(k.in[1]) = at(t.weights);
            adf::dimensions(k.out[0]) = {32};
            adf::location<adf::buffer>(k.out[0]) = {at(t.output[0]), at(t.output[1])};
        }
    }

    // quantizelinear_40_node.op: 8 tiles, cascades of 1.
    void place_quantizelinear_40_node_op() {
        for (int i = 0; i < 8; ++i) {
            const Tile &t = place::quantizelinear_40_node_op[i];
            adf::kernel &k = quantizelinear_40_node_op[i];
            k = adf::kernel::create(quantizelinear_40_node_op_single);
            adf::source(k) = "kernels/quantizelinear_40_node_op.cc";
            adf::runtime<adf::ratio>(k) = 1.0;
            adf::repetition_count(k) = 1;
            adf::location<adf::kernel>(k) = adf::tile(t.col, t.row);
            adf::location<adf::stack>(k) = at(t.stack);
            adf::dimensions(k.in[0]) = {32};
            adf::location<adf::buffer>(k.in[0]) = {at(t.input[0]), at(t.input[1])};
            adf::dimensions(k.in[1]) = {32};
            adf::location<adf::buffer>(k.in[1]) = {at(t.second_input[0]), at(t.second_input[1])};
            adf::dimensions(k.out[0]) = {32};
            adf::location<adf::buffer>(k.out[0]) = {at(t.output[0]), at(t.output[1])};
        }
    }

    // The part `tile` at `offset` of a buffer of dimensions `whole`, all in samples; dimension 0 is contiguous.
    static adf::tiling_parameters window(std::vector<std::uint32_t> whole, std::vector<std::uint32_t> tile, std::vector<std::int32_t> offset) {
        adf::tiling_parameters parameters;
        parameters.buffer_dimension = whole;
        parameters.tiling_dimension = tile;
        parameters.offset = offset;
        return parameters;
    }

    // Windows that pass from one port to another as they are.
    void connect_streams() {
        adf::connect<>(quantizelinear_3_in[0].out[0], quantizelinear_20_node_op[0].in[0]);
        adf::connect<>(quantizelinear_3_in[0].out[0], quantizelinear_20_node_op[2].in[0]);
        adf::connect<>(quantizelinear_3_in[1].out[0], quantizelinear_20_node_op[1].in[0]);
        adf::connect<>(quantizelinear_3_in[1].out[0], quantizelinear_20_node_op[3].in[0]);
        adf::connect<>(quantizelinear_3_in[2].out[0], quantizelinear_20_node_op[4].in[0]);
        adf::connect<>(quantizelinear_3_in[2].out[0], quantizelinear_20_node_op[6].in[0]);
        adf::connect<>(quantizelinear_3_in[3].out[0], quantizelinear_20_node_op[5].in[0]);
        adf::connect<>(quantizelinear_3_in[3].out[0], quantizelinear_20_node_op[7].in[0]);
        adf::connect<>(quantizelinear_20_node_op[1].out[0], quantizelinear_32_node_op[0].in[0]);
        adf::connect<>(quantizelinear_20_node_op[1].out[0], quantizelinear_32_node_op[1].in[0]);
        adf::connect<>(quantizelinear_20_node_op[3].out[0], quantizelinear_32_node_op[2].in[0]);
        adf::connect<>(quantizelinear_20_node_op[3].out[0], quantizelinear_32_node_op[3].in[0]);
        adf::connect<>(quantizelinear_20_node_op[5].out[0], quantizelinear_32_node_op[4].in[0]);
        adf::connect<>(quantizelinear_20_node_op[5].out[0], quantizelinear_32_node_op[5].in[0]);
        adf::connect<>(quantizelinear_20_node_op[7].out[0], quantizelinear_32_node_op[6].in[0]);
        adf::connect<>(quantizelinear_20_node_op[7].out[0], quantizelinear_32_node_op[7].in[0]);
        adf::connect<>(quantizelinear_32_node_op[0].out[0], quantizelinear_40_node_op[0].in[1]);
        adf::connect<>(quantizelinear_32_node_op[2].out[0], quantizelinear_40_node_op[1].in[1]);
        adf::connect<>(quantizelinear_32_node_op[1].out[0], quantizelinear_40_node_op[2].in[1]);
        adf::connect<>(quantizelinear_32_node_op[3].out[0], quantizelinear_40_node_op[3].in[1]);
        adf::connect<>(quantizelinear_32_node_op[4].out[0], quantizelinear_40_node_op[4].in[1]);
        adf::connect<>(quantizelinear_32_node_op[6].out[0], quantizelinear_40_node_op[5].in[1]);
        adf::connect<>(quantizelinear_32_node_op[5].out[0], quantizelinear_40_node_op[6].in[1]);
        adf::connect<>(quantizelinear_32_node_op[7].out[0], quantizelinear_40_node_op[7].in[1]);
        adf::connect<>(quantizelinear_40_node_op[0].out[0], quantizelinear_40_out[0].in[0]);
        adf::connect<>(quantizelinear_40_node_op[1].out[0], quantizelinear_40_out[1].in[0]);
        adf::connect<>(quantizelinear_40_node_op[2].out[0], quantizelinear_40_out[2].in[0]);
        adf::connect<>(quantizelinear_40_node_op[3].out[0], quantizelinear_40_out[3].in[0]);
        adf::connect<>(quantizelinear_40_node_op[4].out[0], quantizelinear_40_out[4].in[0]);
        adf::connect<>(quantizelinear_40_node_op[5].out[0], quantizelinear_40_out[5].in[0]);
        adf::connect<>(quantizelinear_40_node_op[6].out[0], quantizelinear_40_out[6].in[0]);
        adf::connect<>(quantizelinear_40_node_op[7].out[0], quantizelinear_40_out[7].in[0]);
        adf::read_access(quantizelinear_20_node_op[1].out[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[0].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[1].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::read_access(quantizelinear_20_node_op[3].out[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[2].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[3].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::read_access(quantizelinear_20_node_op[5].out[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[4].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[5].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::read_access(quantizelinear_20_node_op[7].out[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[6].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::write_access(quantizelinear_32_node_op[7].in[0]) = adf::tiling(window({64}, {64}, {0}));
        adf::read_access(quantizelinear_32_node_op[0].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[0].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[2].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[1].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[1].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[2].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[3].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[3].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[4].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[4].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[6].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[5].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[5].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[6].in[1]) = adf::tiling(window({32}, {32}, {0}));
        adf::read_access(quantizelinear_32_node_op[7].out[0]) = adf::tiling(window({32}, {32}, {0}));
        adf::write_access(quantizelinear_40_node_op[7].in[1]) = adf::tiling(window({32}, {32}, {0}));
    }

    // quantizelinear_20 in memory tile (1, 0): [column blocks][samples][bytes of rows].
    void buffer_quantizelinear_20_memory0() {
        auto &b = quantizelinear_20_memory0;
        b = adf::shared_buffer<int8>::create({64, 1, 1}, 1, 2);
        adf::num_buffers(b) = 2;
        adf::repetition_count(b) = 1;
        adf::location<adf::buffer>(b) = {adf::address(1, 0, 0), adf::address(1, 0, 64)};
        adf::write_access(b.in[0]) = adf::tiling(window({64, 1, 1}, {64, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.in[0]) = adf::dma_channel(adf::memory_tile, 1, 0, 0);
        adf::connect<>(quantizelinear_20_node_op[1].out[0], b.in[0]);
        adf::read_access(b.out[0]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.out[0]) = adf::dma_channel(adf::memory_tile, 1, 0, 0);
        adf::connect<>(b.out[0], quantizelinear_40_node_op[0].in[0]);
        adf::read_access(b.out[1]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {32, 0, 0}));
        adf::location<adf::dma>(b.out[1]) = adf::dma_channel(adf::memory_tile, 1, 0, 1);
        adf::connect<>(b.out[1], quantizelinear_40_node_op[2].in[0]);
    }

    // quantizelinear_20 in memory tile (2, 0): [column blocks][samples][bytes of rows].
    void buffer_quantizelinear_20_memory1() {
        auto &b = quantizelinear_20_memory1;
        b = adf::shared_buffer<int8>::create({64, 1, 1}, 1, 2);
        adf::num_buffers(b) = 2;
        adf::repetition_count(b) = 1;
        adf::location<adf::buffer>(b) = {adf::address(2, 0, 0), adf::address(2, 0, 64)};
        adf::write_access(b.in[0]) = adf::tiling(window({64, 1, 1}, {64, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.in[0]) = adf::dma_channel(adf::memory_tile, 2, 0, 0);
        adf::connect<>(quantizelinear_20_node_op[3].out[0], b.in[0]);
        adf::read_access(b.out[0]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.out[0]) = adf::dma_channel(adf::memory_tile, 2, 0, 0);
        adf::connect<>(b.out[0], quantizelinear_40_node_op[1].in[0]);
        adf::read_access(b.out[1]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {32, 0, 0}));
        adf::location<adf::dma>(b.out[1]) = adf::dma_channel(adf::memory_tile, 2, 0, 1);
        adf::connect<>(b.out[1], quantizelinear_40_node_op[3].in[0]);
    }

    // quantizelinear_20 in memory tile (3, 0): [column blocks][samples][bytes of rows].
    void buffer_quantizelinear_20_memory2() {
        auto &b = quantizelinear_20_memory2;
        b = adf::shared_buffer<int8>::create({64, 1, 1}, 1, 2);
        adf::num_buffers(b) = 2;
        adf::repetition_count(b) = 1;
        adf::location<adf::buffer>(b) = {adf::address(3, 0, 0), adf::address(3, 0, 64)};
        adf::write_access(b.in[0]) = adf::tiling(window({64, 1, 1}, {64, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.in[0]) = adf::dma_channel(adf::memory_tile, 3, 0, 0);
        adf::connect<>(quantizelinear_20_node_op[5].out[0], b.in[0]);
        adf::read_access(b.out[0]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.out[0]) = adf::dma_channel(adf::memory_tile, 3, 0, 0);
        adf::connect<>(b.out[0], quantizelinear_40_node_op[4].in[0]);
        adf::read_access(b.out[1]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {32, 0, 0}));
        adf::location<adf::dma>(b.out[1]) = adf::dma_channel(adf::memory_tile, 3, 0, 1);
        adf::connect<>(b.out[1], quantizelinear_40_node_op[6].in[0]);
    }

    // quantizelinear_20 in memory tile (4, 0): [column blocks][samples][bytes of rows].
    void buffer_quantizelinear_20_memory3() {
        auto &b = quantizelinear_20_memory3;
        b = adf::shared_buffer<int8>::create({64, 1, 1}, 1, 2);
        adf::num_buffers(b) = 2;
        adf::repetition_count(b) = 1;
        adf::location<adf::buffer>(b) = {adf::address(4, 0, 0), adf::address(4, 0, 64)};
        adf::write_access(b.in[0]) = adf::tiling(window({64, 1, 1}, {64, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.in[0]) = adf::dma_channel(adf::memory_tile, 4, 0, 0);
        adf::connect<>(quantizelinear_20_node_op[7].out[0], b.in[0]);
        adf::read_access(b.out[0]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {0, 0, 0}));
        adf::location<adf::dma>(b.out[0]) = adf::dma_channel(adf::memory_tile, 4, 0, 0);
        adf::connect<>(b.out[0], quantizelinear_40_node_op[5].in[0]);
        adf::read_access(b.out[1]) = adf::tiling(window({64, 1, 1}, {32, 1, 1}, {32, 0, 0}));
        adf::location<adf::dma>(b.out[1]) = adf::dma_channel(adf::memory_tile, 4, 0, 1);
        adf::connect<>(b.out[1], quantizelinear_40_node_op[7].in[0]);
    }
};
