#pragma once
#include <adf.h>
#include <aie_api/aie.hpp>

using namespace adf;

// Streams: sums of eight, TLAST kept.
void accumulate8(input_stream<int32> *in, output_stream<int32> *out);
// Cascade of vectors, with the shift operators.
void square(input_buffer<int16, extents<64>> &__restrict in, output_cascade<acc48> *out);
void scale_down(input_cascade<acc48> *in, int32 shift, output_buffer<int16, extents<64>> &__restrict out);
// A margin of eight samples from the block before, circular iterators.
void moving_sum(input_circular_buffer<int32, extents<32>, margin<8>> &in, output_buffer<int32, extents<32>> &out);
// Legacy windows.
void negate(input_window<int32> *in, output_window<int32> *out);
// A counter that the host reads.
void count_above(input_buffer<int32> &in, const int32 &limit, int32 (&counts)[2], output_buffer<int32> &out);
// Any frame length: defined in its source file only.
template <int FrameLength, int Factor>
void frame_gain(adf::input_buffer<int32, adf::extents<FrameLength>> &__restrict in, adf::output_buffer<int32, adf::extents<FrameLength>> &__restrict out);
// Takes its buffer only when it needs one.
class weighted {
    int32 calls = 0;

public:
    weighted();
    void run(input_buffer<int32> &in, input_async_buffer<int32> &weights, output_buffer<int32> &out);
    static void registerKernelClass() { REGISTER_FUNCTION(weighted::run); }
};
// A table given to the constructor, placed as a parameter.
class lookup {
    alignas(32) int16 (&table)[16];

public:
    explicit lookup(int16 (&values)[16]);
    void run(input_buffer<int16> &in, output_buffer<int16> &out);
    static void registerKernelClass() {
        REGISTER_FUNCTION(lookup::run);
        REGISTER_PARAMETER(table);
    }
};
// Reads the global array that the graph places.
void add_table(input_buffer<int32> &in, output_buffer<int32> &out);
void start_table();
// bfloat16 vectors through int16 streams, as softmax kernels do it.
void relu_bf16(input_stream<int16> *in, output_stream<int16> *out);
