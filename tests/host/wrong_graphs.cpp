// Small graphs, each with one mistake or one deadlock; the first argument names the one to run. `ok` graphs show that the legal twin passes.
#include <adf.h>

#include <cstring>
#include <map>
#include <string>

#include "aie_api/aie.hpp"

using namespace adf;

void copy(input_buffer<int32> &x, output_buffer<int32> &y) {
    for (unsigned i = 0; i < y.size(); ++i)
        y.data()[i] = x.data()[i];
}
void join(input_buffer<int32> &a, input_buffer<int32> &b, input_buffer<int32> &c, output_buffer<int32> &y) {
    for (unsigned i = 0; i < y.size(); ++i)
        y.data()[i] = a.data()[i] + b.data()[i] + c.data()[i];
}
void fan(input_buffer<int32> &x, output_buffer<int32> &a, output_buffer<int32> &b, output_buffer<int32> &c) {
    for (unsigned i = 0; i < x.size(); ++i)
        a.data()[i] = b.data()[i] = c.data()[i] = x.data()[i];
}
void split(input_buffer<int32> &x, output_buffer<int32> &a, output_buffer<int32> &b) {
    for (unsigned i = 0; i < x.size(); ++i)
        a.data()[i] = b.data()[i] = x.data()[i];
}
void send(input_buffer<int32> &x, output_cascade<acc32> *out) {
    aie::accum<acc32, 16> sum(aie::load_v<16>(x.data()));
    writeincr(out, sum);
}
void receive(input_cascade<acc32> *in, output_buffer<int32> &y) { aie::store_v(y.data(), readincr_v<16>(in).to_vector<int32>()); }
void scale(input_buffer<int32> &x, const int32 (&factors)[4096], output_buffer<int32> &y) { y.data()[0] = x.data()[0] * factors[0]; }
void loop(input_buffer<int32> &x, input_stream<int32> *back, output_stream<int32> *out, output_buffer<int32> &y) {
    // Waits for its own past before it has any.
    y.data()[0] = x.data()[0] + readincr(back);
    writeincr(out, y.data()[0]);
}
void pass(input_stream<int32> *in, output_stream<int32> *out) { writeincr(out, readincr(in)); }
void flood(input_buffer<int32> &x, output_cascade<acc32> *out, output_stream<int32> *done) {
    for (int i = 0; i < 6; ++i)
        writeincr(out, aie::accum<acc32, 16>(aie::load_v<16>(x.data())));
    writeincr(done, 1);
}
void drain(input_cascade<acc32> *in, input_stream<int32> *start, output_buffer<int32> &y) {
    readincr(start);
    for (int i = 0; i < 6; ++i)
        aie::store_v(y.data(), readincr_v<16>(in).to_vector<int32>());
}
void tell(input_buffer<int32> &x, output_buffer<int32> &y, int32 (&seen)[4]) { seen[0] = y.data()[0] = x.data()[0]; }
void bytes(input_buffer<int8> &x, output_buffer<int8> &y) { y.data()[0] = x.data()[0]; }
void misaligned(input_buffer<int32> &x, output_buffer<int32> &y) { aie::store_v(y.data(), aie::load_v<8>(x.data() + 1)); }
/// Element 5 is 5 in one copy and 0 in the other: a table that was not written twice.
void torn(input_buffer<int32> &, output_buffer<int32> &y) {
    alignas(aie::vector_decl_align) int32 memory[16] = {0, 1, 2, 3, 0, 1, 2, 3, 4, 5};
    const aie::lut<4, int32> table(8, memory, memory);
    aie::store_v(y.data(), aie::parallel_lookup<uint8, aie::lut<4, int32>>(table).fetch(aie::broadcast<uint8, 16>(5)));
}

/// A kernel between two PLIO; the base of most graphs below.
struct Line : graph {
    input_plio in = input_plio::create("in", plio_32_bits, "in.txt");
    output_plio out = output_plio::create("out", plio_32_bits, "out.txt");
    kernel made(void (*function)(input_buffer<int32> &, output_buffer<int32> &), int col, int row, unsigned size = 16) {
        kernel k = kernel::create(function);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        location<kernel>(k) = tile(col, row);
        dimensions(k.in[0]) = {size};
        dimensions(k.out[0]) = {size};
        return k;
    }
};
struct One : Line {
    kernel k;
    explicit One(unsigned size = 16) {
        k = made(copy, 3, 3, size);
        connect(in.out[0], k.in[0]);
        connect(k.out[0], out.in[0]);
    }
};
struct Two : Line {
    kernel a, b;
    Two(int col, int row, unsigned size = 16) {
        a = made(copy, 3, 3, size);
        b = made(copy, col, row, size);
        connect(in.out[0], a.in[0]);
        connect(a.out[0], b.in[0]);
        connect(b.out[0], out.in[0]);
    }
};

struct ok_plain : One {};
struct ok_shared_core : Two {
    ok_shared_core() : Two(3, 3) { runtime<ratio>(a) = runtime<ratio>(b) = 0.4; }
};
struct two_kernels_on_one_tile : Two {
    two_kernels_on_one_tile() : Two(3, 3) {}
};
struct ratio_above_one : One {
    ratio_above_one() { runtime<ratio>(k) = 1.5; }
};
struct out_of_reach : One {
    out_of_reach() { location<buffer>(k.in[0]) = {bank(4, 3, 0), bank(4, 3, 1)}; }
};
struct ok_in_reach : One {
    ok_in_reach() {
        location<buffer>(k.in[0]) = {bank(2, 3, 0), bank(2, 3, 1)};
        location<buffer>(k.out[0]) = {address(3, 4, 0), address(3, 4, 64)};
        location<stack>(k) = bank(3, 2, 3);
    }
};
struct shared_buffer_out_of_reach : Two {
    shared_buffer_out_of_reach() : Two(3, 4) { location<buffer>(a.out[0]) = {address(2, 3, 0), address(2, 3, 64)}; }
};
struct overlapping : One {
    overlapping() {
        location<buffer>(k.in[0]) = {address(3, 3, 0), address(3, 3, 0x40)};
        location<buffer>(k.out[0]) = {address(3, 3, 0x60), address(3, 3, 0x100)};
    }
};
struct bank_overflow : One {
    bank_overflow() : One(3000) { location<buffer>(k.in[0]) = {bank(3, 3, 1), bank(3, 3, 1)}; }
};
struct beyond_the_memory : One {
    beyond_the_memory() : One(64) { location<buffer>(k.out[0]) = {address(3, 3, 0xff80), address(3, 3, 0)}; }
};
struct misplaced : One {
    misplaced() { location<buffer>(k.in[0]) = {address(3, 3, 0x24), address(3, 3, 0x80)}; }
};
struct copies_in_two_tiles : One {
    copies_in_two_tiles() { location<buffer>(k.in[0]) = {address(3, 3, 0), address(2, 3, 0)}; }
};
struct relative : Two {
    relative() : Two(0, 0) {
        location<kernel>(b) = location<kernel>(a) + relative_offset({.col_offset = 0, .row_offset = 1});
        location<buffer>(b.out[0]) = {bank(4, 4, 0), bank(4, 4, 1)};
    }
};
struct three_channels_in : Line {
    kernel k;
    input_plio more[2];
    three_channels_in() {
        k = kernel::create(join);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        location<kernel>(k) = tile(3, 3);
        for (int i = 0; i < 3; ++i) {
            dimensions(k.in[i]) = {16};
            if (i > 0)
                more[i - 1] = input_plio::create("more" + std::to_string(i), plio_32_bits, "in.txt");
            connect(i == 0 ? in.out[0] : more[i - 1].out[0], k.in[i]);
        }
        dimensions(k.out[0]) = {16};
        connect(k.out[0], out.in[0]);
    }
};
struct ok_channels_of_a_neighbour : three_channels_in {
    ok_channels_of_a_neighbour() { location<buffer>(k.in[2]) = {bank(2, 3, 0), bank(2, 3, 1)}; }
};
struct three_channels_out : Line {
    kernel k;
    output_plio more[2];
    three_channels_out() {
        k = kernel::create(fan);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        dimensions(k.in[0]) = {16};
        connect(in.out[0], k.in[0]);
        for (int i = 0; i < 3; ++i) {
            dimensions(k.out[i]) = {16};
            if (i > 0)
                more[i - 1] = output_plio::create("more" + std::to_string(i), plio_32_bits, "more" + std::to_string(i) + ".txt");
            connect(k.out[i], i == 0 ? out.in[0] : more[i - 1].in[0]);
        }
    }
};
struct Cascade : Line {
    kernel a, b;
    Cascade(int col, int row) {
        a = kernel::create(send);
        b = kernel::create(receive);
        for (kernel &k : {std::ref(a), std::ref(b)}) {
            source(k) = "wrong_graphs.cpp";
            runtime<ratio>(k) = 0.9;
        }
        location<kernel>(a) = tile(3, 3);
        location<kernel>(b) = tile(col, row);
        dimensions(a.in[0]) = {16};
        dimensions(b.out[0]) = {16};
        connect(in.out[0], a.in[0]);
        connect<cascade>(a.out[0], b.in[0]);
        connect(b.out[0], out.in[0]);
    }
};
struct ok_cascade_east : Cascade {
    ok_cascade_east() : Cascade(4, 3) {}
};
struct ok_cascade_south : Cascade {
    ok_cascade_south() : Cascade(3, 2) {}
};
struct cascade_west : Cascade {
    cascade_west() : Cascade(2, 3) {}
};
struct cascade_north : Cascade {
    cascade_north() : Cascade(3, 4) {}
};
struct cascade_too_far : Cascade {
    cascade_too_far() : Cascade(5, 3) {}
};
struct unconnected : Line {
    kernel k;
    unconnected() {
        k = made(copy, 3, 3);
        connect(in.out[0], k.in[0]);
    }
};
struct without_a_size : One {
    without_a_size() { dimensions(k.out[0]) = {}; }
};
struct connected_twice : One {
    input_plio other = input_plio::create("other", plio_32_bits, "in.txt");
    connected_twice() { connect(other.out[0], k.in[0]); }
};
struct no_such_port : One {
    no_such_port() { connect(k.out[1], out.in[0]); }
};
struct rates_that_differ : Two {
    rates_that_differ() : Two(5, 5) {
        dimensions(b.in[0]) = {12};
        repetition_count(a) = 1;
        repetition_count(b) = 1;
    }
};

/// in -> memory tile -> kernel -> out, 64 words a block.
struct Memory : Line {
    shared_buffer<int32> m;
    kernel k;
    explicit Memory(std::vector<uint32> size = {64}, unsigned block = 64) {
        m = shared_buffer<int32>::create(size, 1, 1);
        k = made(copy, 3, 3, block);
        connect(in.out[0], m.in[0]);
        connect(m.out[0], k.in[0]);
        connect(k.out[0], out.in[0]);
        repetition_count(m) = 1;
    }
    void read(tiling_parameters t) { read_access(m.out[0]) = tiling(t); }
};
struct ok_memory : Memory {
    ok_memory() {
        num_buffers(m) = 2;
        location<buffer>(m) = {address(3, 0, 0), address(3, 0, 0x40000)};
        location<dma>(m.in[0]) = dma_channel(memory_tile, 3, 0, 0);
        location<dma>(m.out[0]) = dma_channel(memory_tile, 3, 0, 1);
    }
};
struct memory_tile_overflow : Memory {
    memory_tile_overflow() : Memory({100000}, 100) { num_buffers(m) = 2; }
};
struct memory_tile_end : Memory {
    memory_tile_end() {
        num_buffers(m) = 2;
        location<buffer>(m) = {address(3, 0, 0), address(3, 0, 524200)};
    }
};
struct memory_tile_overlap : Memory {
    memory_tile_overlap() {
        num_buffers(m) = 2;
        location<buffer>(m) = {address(3, 0, 0), address(3, 0, 128)};
    }
};
struct same_dma_channel : Memory {
    shared_buffer<int32> n;
    output_plio other = output_plio::create("other", plio_32_bits, "other.txt");
    same_dma_channel() {
        n = shared_buffer<int32>::create({64}, 1, 1);
        connect(in.out[0], n.in[0]);
        connect(n.out[0], other.in[0]);
        location<buffer>(m) = address(3, 0, 0);
        location<buffer>(n) = address(3, 0, 1024);
        location<dma>(m.in[0]) = dma_channel(memory_tile, 3, 0, 2);
        location<dma>(n.in[0]) = dma_channel(memory_tile, 3, 0, 2);
    }
};
struct no_such_dma_channel : Memory {
    no_such_dma_channel() { location<dma>(m.in[0]) = dma_channel(memory_tile, 3, 0, 6); }
};
struct too_many_memory_channels : Line {
    shared_buffer<int32> m;
    output_plio more[7];
    too_many_memory_channels() {
        m = shared_buffer<int32>::create({64}, 1, 7);
        location<buffer>(m) = address(3, 0, 0);
        connect(in.out[0], m.in[0]);
        for (int i = 0; i < 7; ++i) {
            if (i > 0)
                more[i] = output_plio::create("more" + std::to_string(i), plio_32_bits, "more" + std::to_string(i) + ".txt");
            connect(m.out[i], i == 0 ? out.in[0] : more[i].in[0]);
        }
    }
};
struct reads_outside : Memory {
    reads_outside() {
        read({.buffer_dimension = {8, 8}, .tiling_dimension = {4, 4}, .offset = {0, 0}, .tile_traversal = {{0, 4, 2}, {1, 4, 3}}});
        repetition_count(k) = 1;
        dimensions(k.in[0]) = dimensions(k.out[0]) = {96};
    }
};
struct reads_beyond_its_buffer : Memory {
    reads_beyond_its_buffer() { read({.buffer_dimension = {8, 16}, .tiling_dimension = {8, 8}, .offset = {0, 4}}); }
};
struct too_many_loops : Memory {
    too_many_loops() : Memory({1024}, 16) {
        read({.buffer_dimension = {8, 8, 16},
              .tiling_dimension = {4, 4, 1},
              .offset = {0, 0, 0},
              .tile_traversal = {{0, 4, 2}, {1, 4, 2}, {2, 1, 16}}});
    }
};
struct ok_loops : Memory {
    ok_loops() : Memory({1024}, 16) {
        read({.buffer_dimension = {8, 128}, .tiling_dimension = {4, 4}, .offset = {0, 0}, .tile_traversal = {{0, 4, 2}, {1, 4, 32}}});
    }
};
struct Bytes : Line {
    kernel k;
    explicit Bytes(unsigned size) {
        k = kernel::create(bytes);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        dimensions(k.in[0]) = {size};
        dimensions(k.out[0]) = {size};
        connect(in.out[0], k.in[0]);
        connect(k.out[0], out.in[0]);
    }
};
struct cuts_a_word : Bytes {
    cuts_a_word() : Bytes(64) {
        read_access(k.out[0]) = tiling({.buffer_dimension = {8, 8}, .tiling_dimension = {2, 8}, .offset = {0, 0}, .tile_traversal = {{0, 2, 4}}});
    }
};
struct part_of_a_word : Bytes {
    part_of_a_word() : Bytes(18) {}
};
struct too_many_descriptors : Line {
    kernel k;
    output_plio other = output_plio::create("other", plio_32_bits, "other.txt");
    too_many_descriptors() : Line() {
        k = kernel::create(split);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        location<kernel>(k) = tile(3, 3);
        dimensions(k.in[0]) = {256};
        connect(in.out[0], k.in[0]);
        for (int i = 0; i < 2; ++i) {
            dimensions(k.out[i]) = {256};
            read_access(k.out[i]) = tiling({.buffer_dimension = {16, 16},
                                            .tiling_dimension = {2, 2},
                                            .offset = {0, 0},
                                            .tile_traversal = {{0, 4, 3}, {1, 3, 5}}});
            connect(k.out[i], i == 0 ? out.in[0] : other.in[0]);
        }
    }
};
struct too_many_loops_in_a_core : One {
    too_many_loops_in_a_core() : One(2048) {
        read_access(k.out[0]) = tiling({.buffer_dimension = {16, 16, 8},
                                        .tiling_dimension = {2, 2, 2},
                                        .offset = {0, 0, 0},
                                        .tile_traversal = {{1, 2, 8}, {0, 2, 8}, {2, 2, 4}}});
    }
};
struct padding_too_wide : Memory {
    padding_too_wide() : Memory({64}, 64 + 70) {
        read({.buffer_dimension = {64}, .tiling_dimension = {134}, .offset = {-70}, .boundary_dimension = {64}});
    }
};
struct padding_in_a_core : One {
    padding_in_a_core() {
        read_access(k.out[0]) = tiling({.buffer_dimension = {16}, .tiling_dimension = {16}, .offset = {-4}, .boundary_dimension = {16}});
    }
};
struct no_such_plio_channel : One {
    no_such_plio_channel() { location<PLIO>(out) = shim(3, 6); }
};
struct same_plio_channel : One {
    input_plio other = input_plio::create("other", plio_32_bits, "in.txt");
    output_plio sink = output_plio::create("sink", plio_32_bits, "sink.txt");
    same_plio_channel() {
        connect(other.out[0], sink.in[0]);
        location<PLIO>(in) = shim(3, 1);
        location<PLIO>(other) = shim(3, 1);
    }
};
struct Scaled : Line {
    kernel k;
    input_port factors;
    Scaled() {
        k = kernel::create(scale);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        location<kernel>(k) = tile(3, 3);
        dimensions(k.in[0]) = {16};
        dimensions(k.out[0]) = {16};
        connect(in.out[0], k.in[0]);
        connect<parameter>(factors, async(k.in[1]));
        connect(k.out[0], out.in[0]);
    }
};
struct parameter_overflow : Scaled {
    parameter_overflow() { location<buffer>(k.in[1]) = {bank(3, 3, 2), bank(3, 3, 2)}; }
};
struct parameter_never_updated : Scaled {};
struct ok_large_stack : One {
    ok_large_stack() {
        location<stack>(k) = bank(3, 3, 1);
        stack_size(k) = 8192;
        heap_size(k) = 8192;
    }
};
struct stack_overflow : ok_large_stack {
    stack_overflow() { heap_size(k) = 8224; }
};
/// A kernel that writes a parameter of four numbers, for another.
struct Told : Line {
    kernel k, other;
    Told() {
        k = kernel::create(tell);
        source(k) = "wrong_graphs.cpp";
        runtime<ratio>(k) = 0.9;
        dimensions(k.in[0]) = {16};
        dimensions(k.out[0]) = {16};
        connect(in.out[0], k.in[0]);
    }
};
struct parameter_of_another_size : Told {
    parameter_of_another_size() {
        other = kernel::create(scale);
        source(other) = "wrong_graphs.cpp";
        dimensions(other.in[0]) = {16};
        dimensions(other.out[0]) = {16};
        connect(k.out[0], other.in[0]);
        connect<parameter>(k.inout[0], other.in[1]);
        connect(other.out[0], out.in[0]);
    }
};
struct parameter_to_a_buffer : Told {
    parameter_to_a_buffer() {
        other = made(copy, 5, 3);
        connect(k.inout[0], other.in[0]);
        connect(other.out[0], out.in[0]);
        output_plio rest = output_plio::create("rest", plio_32_bits, "rest.txt");
        connect(k.out[0], rest.in[0]);
    }
};

// -- deadlocks ------------------------------------------------------------------------------------------------------------------------

struct waits_for_itself : Line {
    kernel k, p;
    waits_for_itself() {
        k = kernel::create(loop);
        p = kernel::create(pass);
        for (kernel &each : {std::ref(k), std::ref(p)}) {
            source(each) = "wrong_graphs.cpp";
            runtime<ratio>(each) = 0.9;
        }
        dimensions(k.in[0]) = {16};
        dimensions(k.out[1]) = {16};
        connect(in.out[0], k.in[0]);
        connect(k.out[0], p.in[0]);
        connect(p.out[0], k.in[1]);
        connect(k.out[1], out.in[0]);
    }
};
struct cascade_is_full : Line {
    kernel a, b;
    cascade_is_full() {
        a = kernel::create(flood);
        b = kernel::create(drain);
        for (kernel &k : {std::ref(a), std::ref(b)}) {
            source(k) = "wrong_graphs.cpp";
            runtime<ratio>(k) = 0.9;
        }
        dimensions(a.in[0]) = {16};
        dimensions(b.out[0]) = {16};
        connect(in.out[0], a.in[0]);
        connect<cascade>(a.out[0], b.in[0]);
        connect(a.out[1], b.in[1]);
        connect(b.out[0], out.in[0]);
    }
};
struct input_ends : One {};
struct torn_table : Line {
    kernel k;
    torn_table() {
        k = made(torn, 3, 3);
        connect(in.out[0], k.in[0]);
        connect(k.out[0], out.in[0]);
    }
};
struct misaligned_load : Line {
    kernel k;
    misaligned_load() {
        k = made(misaligned, 3, 3);
        connect(in.out[0], k.in[0]);
        connect(k.out[0], out.in[0]);
    }
};

template <class G>
int start(int iterations) {
    // Not a named object: messages then call the graph by its class.
    G &graph = *new G;
    graph.init();
    graph.run(iterations);
    graph.end();
    return 0;
}

int main(int, char **arguments) {
    const std::string name = arguments[1];
#define CASE(G, ...)                                                                                                                       \
    if (name == #G)                                                                                                                        \
        return start<G>(__VA_ARGS__);
#define ONE(G) CASE(G, 1)
    ONE(ok_plain) ONE(ok_shared_core) ONE(two_kernels_on_one_tile) ONE(ratio_above_one) ONE(out_of_reach) ONE(ok_in_reach)
    ONE(shared_buffer_out_of_reach) ONE(overlapping) ONE(bank_overflow) ONE(beyond_the_memory) ONE(misplaced) ONE(copies_in_two_tiles)
    ONE(relative) ONE(three_channels_in) ONE(ok_channels_of_a_neighbour) ONE(three_channels_out) ONE(ok_cascade_east) ONE(ok_cascade_south)
    ONE(cascade_west) ONE(cascade_north) ONE(cascade_too_far) ONE(unconnected) ONE(without_a_size) ONE(connected_twice) ONE(no_such_port)
    ONE(rates_that_differ) ONE(ok_memory) ONE(memory_tile_overflow) ONE(memory_tile_end) ONE(memory_tile_overlap) ONE(same_dma_channel)
    ONE(no_such_dma_channel) ONE(too_many_memory_channels) ONE(reads_outside) ONE(reads_beyond_its_buffer) ONE(too_many_loops) ONE(ok_loops) ONE(cuts_a_word) ONE(part_of_a_word) ONE(too_many_descriptors)
    ONE(too_many_loops_in_a_core) ONE(padding_too_wide) ONE(padding_in_a_core) ONE(same_plio_channel) ONE(no_such_plio_channel) ONE(parameter_overflow)
    ONE(parameter_never_updated) ONE(ok_large_stack) ONE(stack_overflow) ONE(parameter_of_another_size) ONE(parameter_to_a_buffer)
    ONE(waits_for_itself) ONE(cascade_is_full) CASE(input_ends, 200) ONE(misaligned_load) ONE(torn_table)
    return 2;
}
