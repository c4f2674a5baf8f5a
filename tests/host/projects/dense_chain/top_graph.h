#pragma once
#include <adf.h>

#include "dense_graph.h"

// Row-major features in, 4 x 8 blocks in the kernels: every edge is re-tiled on the way.
template <typename Cfg1, typename Cfg2>
class top_graph : public adf::graph {
public:
    adf::input_port ifm[1];
    adf::output_port ofm[1];
    adf::input_port wts1[4], bias1[2], wts2[1], bias2[1];

private:
    dense_graph<Cfg1> l1;
    dense_graph<Cfg2> l2;
    adf::shared_buffer<int8_t> buffer_in, buffer_mid;
    adf::shared_buffer<int16_t> buffer_out;

    template <typename Graph>
    friend struct plan;

public:
    top_graph();
};

template <typename Graph>
struct plan {
    static void configure(Graph &self) {
        self.buffer_in = adf::shared_buffer<int8_t>::create({32, 8}, 1, 2);
        adf::num_buffers(self.buffer_in) = 2;
        adf::connect<>(self.ifm[0], self.buffer_in.in[0]);
        adf::write_access(self.buffer_in.in[0]) = adf::tiling({.buffer_dimension = {32, 8}, .tiling_dimension = {32, 8}, .offset = {0, 0}});
        for (unsigned col = 0; col < 2; ++col) {
            adf::read_access(self.buffer_in.out[col]) = adf::tiling({.buffer_dimension = {32, 8},
                                                                     .tiling_dimension = {8, 4},
                                                                     .offset = {static_cast<int32_t>(16 * col), 0},
                                                                     .tile_traversal = {{.dimension = 0, .stride = 8, .wrap = 2},
                                                                                        {.dimension = 1, .stride = 4, .wrap = 2}},
                                                                     .boundary_dimension = {32, 8}});
            adf::connect<>(self.buffer_in.out[col], self.l1.in1[col]);
        }
        self.buffer_mid = adf::shared_buffer<int8_t>::create({16, 8}, 2, 1);
        adf::num_buffers(self.buffer_mid) = 2;
        for (unsigned chain = 0; chain < 2; ++chain) {
            adf::connect<>(self.l1.out1[chain], self.buffer_mid.in[chain]);
            // The kernel's own DMA undoes its blocks; the memory tile takes rows.
            adf::read_access(self.l1.kk[2 * chain + 1].out[0]) = adf::tiling({.buffer_dimension = {8, 4, 2},
                                                                              .tiling_dimension = {8, 4, 1},
                                                                              .offset = {0, 0, 0},
                                                                              .tile_traversal = {{.dimension = 0, .stride = 8, .wrap = 1},
                                                                                                 {.dimension = 1, .stride = 4, .wrap = 1},
                                                                                                 {.dimension = 2, .stride = 1, .wrap = 2}}});
            adf::write_access(self.buffer_mid.in[chain]) = adf::tiling({.buffer_dimension = {16, 8},
                                                                        .tiling_dimension = {8, 8},
                                                                        .offset = {static_cast<int32_t>(8 * chain), 0},
                                                                        .tile_traversal = {}});
        }
        adf::read_access(self.buffer_mid.out[0]) = adf::tiling({.buffer_dimension = {16, 8},
                                                                .tiling_dimension = {8, 4},
                                                                .offset = {0, 0},
                                                                .tile_traversal = {{0, 8, 2}, {1, 4, 2}}});
        adf::connect<>(self.buffer_mid.out[0], self.l2.in1[0]);
        self.buffer_out = adf::shared_buffer<int16_t>::create({8, 8}, 1, 1);
        adf::num_buffers(self.buffer_out) = 2;
        adf::connect<>(self.l2.out1[0], self.buffer_out.in[0]);
        adf::connect<>(self.buffer_out.out[0], self.ofm[0]);
        for (unsigned i = 0; i < 4; ++i)
            adf::connect<>(self.wts1[i], self.l1.wts[i]);
        for (unsigned i = 0; i < 2; ++i)
            adf::connect<>(self.bias1[i], self.l1.bias[i]);
        adf::connect<>(self.wts2[0], self.l2.wts[0]);
        adf::connect<>(self.bias2[0], self.l2.bias[0]);
        self.l1.place_graph(Cfg1Place::col_placement, Cfg1Place::row_placement);
        self.l2.place_graph(Cfg2Place::col_placement, Cfg2Place::row_placement);
    }
    using Cfg1Place = L1Cfg;
    using Cfg2Place = L2Cfg;
};

template <typename Cfg1, typename Cfg2>
top_graph<Cfg1, Cfg2>::top_graph() {
    plan<top_graph>::configure(*this);
}
