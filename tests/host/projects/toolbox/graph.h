#pragma once
#include <adf.h>

#include <array>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels.h"
#include "tables.h"

using namespace adf;

// A zero-padded 6 x 6 window of an 8 x 8 image, four of them, through a kernel template.
template <int COL>
class Padded : public adf::graph {
public:
    adf::kernel k1;
    adf::port<input> din;
    adf::port<output> dout[1];
    adf::shared_buffer<int32> mtxin;

    Padded() {
        const uint D0 = 8, D1 = 8;
        mtxin = adf::shared_buffer<int32>::create({D0 * D1}, 1, 1);
        num_buffers(mtxin) = 1;
        adf::location<adf::buffer>(mtxin) = {adf::address(COL, 0, 0)};
        adf::location<adf::dma>(mtxin.in[0]) = adf::dma_channel(adf::memory_tile, COL, 0, 0);
        adf::location<adf::dma>(mtxin.out[0]) = adf::dma_channel(adf::memory_tile, COL, 0, 1);
        k1 = adf::kernel::create(frame_gain<40, 3>);
        adf::source(k1) = "kernels/buffers.cpp";
        adf::runtime<ratio>(k1) = 0.9;
        adf::location<adf::kernel>(k1) = adf::tile(COL, 0);
        adf::connect(din, mtxin.in[0]);
        adf::write_access(mtxin.in[0]) =
            adf::tiling({.buffer_dimension = {D0 * D1}, .tiling_dimension = {}, .offset = {0, 0}, .tile_traversal = {}});
        adf::connect(mtxin.out[0], k1.in[0]);
        adf::tiling_parameters T = {.buffer_dimension = {D0, D1},
                                    .tiling_dimension = {10, 2},
                                    .offset = {-1, -1},
                                    .tile_traversal = {{.dimension = 1, .stride = 2, .wrap = 5}, {.dimension = 0, .stride = 10, .wrap = 1}},
                                    .boundary_dimension = {D0, D1}};
        T.repetition = 2;
        adf::read_access(mtxin.out[0]) = adf::tiling(T);
        adf::connect(k1.out[0], dout[0]);
    }
};

// Two kernels on a cascade, the second at a place relative to the first.
class Power : public graph {
public:
    port<input> sig_i;
    input_port shift;
    port<output> sig_o;
    kernel a, b;
    Power(void) {
        a = kernel::create(square);
        b = kernel::create(scale_down);
        source(a) = "kernels/square.cc";
        source(b) = "kernels/scale_down.cc";
        headers(a) = {"kernels.h"};
        runtime<ratio>(a) = runtime<ratio>(b) = 0.8;
        location<kernel>(a) = tile(4, 1);
        location<kernel>(b) = location<kernel>(a) + relative_offset({.col_offset = 1, .row_offset = 0});
        connect<> n0(sig_i, a.in[0]);
        connect<cascade>(a.out[0], b.in[0]);
        connect<parameter>(shift, async(b.in[1]));
        connect<>(b.out[0], sig_o);
        fifo_depth(n0) = 32;
    }
};

template <int UsePadded>
class Toolbox : public adf::graph {
public:
    std::array<input_plio, 6> in;
    std::array<output_plio, 9> out;
    input_gmio gm_in;
    output_gmio gm_out;
    input_port shift, limit;
    inout_port counts;

    Power power;
    typename std::conditional<UsePadded == 1, Padded<10>, int>::type padded;
    kernel sums, moving, negative, counter, table, choose, weigh, bf16;
    parameter lut;

    template <typename G>
    void attach(G &g) {
        connect(in[1].out[0], g.din);
        connect(g.dout[0], out[1].in[0]);
    }

    Toolbox() {
        in[0] = input_plio::create("power_in", plio_64_bits, "data/power.txt", 625);
        in[1] = input_plio::create("image_in", plio_64_bits, "data/image.csv", 625);
        in[2] = input_plio::create("sums_in", plio_32_bits, "data/sums.txt");
        in[3] = input_plio::create("moving_in", plio_128_bits, "data/moving.txt");
        in[4] = input_plio::create("weights_in", plio_32_bits, "data/weights.txt");
        in[5] = input_plio::create("bf16_in", plio_128_bits, "data/bf16.txt");
        const char *names[] = {"power", "image", "sums", "moving", "counted", "table", "chosen", "weighed", "bf16"};
        for (unsigned i = 0; i < out.size(); ++i)
            out[i] = output_plio::create(names[i], i == 0 || i == 6 ? plio_64_bits : i == 8 ? plio_128_bits : plio_32_bits,
                                         "data/" + std::string(names[i]) + "_out.txt");
        gm_in = input_gmio::create("gm_in", 64, 1000);
        gm_out = output_gmio::create("gm_out", 64, 1000);

        connect<>(in[0].out[0], power.sig_i);
        connect<parameter>(shift, power.shift);
        connect<>(power.sig_o, out[0].in[0]);
        location<graph>(power) = bounding_box(4, 1, 5, 1);
        if constexpr (UsePadded == 1)
            attach(padded);

        auto make = [](auto function, const char *file) {
            kernel k = kernel::create(function);
            source(k) = file;
            runtime<ratio>(k) = 0.5;
            return k;
        };
        sums = make(accumulate8, "kernels/streams.cpp");
        connect<stream>(in[2].out[0], sums.in[0]);
        connect<stream>(sums.out[0], out[2].in[0]);
        repetition_count(sums) = 2;

        moving = make(moving_sum, "kernels/buffers.cpp");
        connect(in[3].out[0], moving.in[0]);
        connect(moving.out[0], out[3].in[0]);

        negative = make(negate, "kernels/buffers.cpp");
        counter = make(count_above, "kernels/buffers.cpp");
        connect<window<64>>(gm_in.out[0], negative.in[0]);
        connect<window<64>> w(negative.out[0], gm_out.in[0]);
        dimensions(counter.in[0]) = {8};
        dimensions(counter.out[0]) = {8};
        connect(moving.out[0], counter.in[0]);
        connect<parameter>(limit, async(counter.in[1]));
        connect<parameter>(counter.inout[0], counts);
        connect(counter.out[0], out[4].in[0]);

        table = make(add_table, "kernels/buffers.cpp");
        initialization_function(table) = "start_table";
        lut = parameter::array(offsets);
        connect<>(lut, table);
        location<parameter>(lut) = location<kernel>(table);
        dimensions(table.in[0]) = dimensions(table.out[0]) = {16};
        connect(moving.out[0], table.in[0]);
        connect(table.out[0], out[5].in[0]);

        choose = kernel::create_object<lookup>(std::vector<int16>{15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
        source(choose) = "kernels/buffers.cpp";
        runtime<ratio>(choose) = 0.5;
        location<parameter>(choose.param[0]) = location<kernel>(choose);
        dimensions(choose.in[0]) = dimensions(choose.out[0]) = {64};
        connect(power.sig_o, choose.in[0]);
        connect(choose.out[0], out[6].in[0]);

        weigh = kernel::create_object<weighted>();
        source(weigh) = "kernels/buffers.cpp";
        runtime<ratio>(weigh) = 0.5;
        dimensions(weigh.in[0]) = dimensions(weigh.in[1]) = dimensions(weigh.out[0]) = {32};
        connect(moving.out[0], weigh.in[0]);
        connect(in[4].out[0], weigh.in[1]);
        connect(weigh.out[0], out[7].in[0]);
        single_buffer(weigh.in[1]);
        repetition_count(weigh) = 1;

        bf16 = make(relu_bf16, "kernels/streams.cpp");
        connect(in[5].out[0], bf16.in[0]);
        connect(bf16.out[0], out[8].in[0]);
    }
};
