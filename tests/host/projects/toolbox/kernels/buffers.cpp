#include "../kernels.h"
#include "../tables.h"

void moving_sum(input_circular_buffer<int32, extents<32>, margin<8>> &in, output_buffer<int32, extents<32>> &out) {
    auto it = aie::begin_circular(in);
    int32 *y = out.data();
    for (unsigned i = 0; i < 32; ++i) {
        int32 sum = 0;
        for (unsigned j = 0; j <= 8; ++j)
            sum += it[i + j];
        y[i] = sum;
    }
}

void negate(input_window<int32> *in, output_window<int32> *out) {
    for (unsigned i = 0; i < window_size(in); ++i)
        window_writeincr(out, -window_readincr(in));
}

void count_above(input_buffer<int32> &in, const int32 &limit, int32 (&counts)[2], output_buffer<int32> &out) {
    for (unsigned i = 0; i < in.size(); ++i) {
        counts[in.data()[i] > limit] += 1;
        out.data()[i] = in.data()[i];
    }
}

template <int FrameLength, int Factor>
void frame_gain(adf::input_buffer<int32, adf::extents<FrameLength>> &__restrict in, adf::output_buffer<int32, adf::extents<FrameLength>> &__restrict out) {
    auto read = aie::begin_vector<8>(in);
    auto write = aie::begin_vector<8>(out);
    for (unsigned i = 0; i < FrameLength / 8; ++i) chess_prepare_for_pipelining chess_loop_range(1, ) {
        *write++ = aie::mul(*read++, Factor).template to_vector<int32>(0);
    }
}

weighted::weighted() { aie::set_saturation(aie::saturation_mode::saturate); }
void weighted::run(input_buffer<int32> &in, input_async_buffer<int32> &weights, output_buffer<int32> &out) {
    // Fresh weights every second call.
    if (calls % 2 == 0)
        weights.acquire();
    for (unsigned i = 0; i < in.size(); ++i)
        out.data()[i] = in.data()[i] * weights.data()[i];
    if (calls % 2 == 1)
        weights.release();
    ++calls;
}

lookup::lookup(int16 (&values)[16]) : table(values) {}
void lookup::run(input_buffer<int16> &in, output_buffer<int16> &out) {
    for (unsigned i = 0; i < in.size(); ++i)
        out.data()[i] = table[in.data()[i] & 15];
}

alignas(32) int32 offsets[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static int32 base = 0;
void start_table() { base = 100; }
void add_table(input_buffer<int32> &in, output_buffer<int32> &out) {
    for (unsigned i = 0; i < in.size(); ++i)
        out.data()[i] = in.data()[i] + offsets[i % 8] + base;
}
