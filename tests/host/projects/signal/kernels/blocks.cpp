#include "../kernels.h"

void add_one(input_buffer<int32> &in, output_buffer<int32> &out) { *aie::begin_vector<8>(out) = aie::add(*aie::begin_vector<8>(in), 1); }
void add_two(input_window_int32 *in, output_window_int32 *out) {
    for (int i = 0; i < 8; ++i) {
        int32 value;
        window_readincr(in, value);
        window_writeincr(out, value + 2);
    }
}

void weighted(input_window<int32> *in, output_window<int32> *out) {
    // Eight samples of the past are there, and three are wanted.
    window_incr(in, 5);
    for (unsigned i = 0; i < window_size(in); ++i) {
        int32 sum = 0;
        for (int tap = 1; tap <= 4; ++tap)
            sum += tap * window_readincr(in);
        window_decr(in, 3);
        window_writeincr(out, sum);
    }
}

void produce(const int32 &start, int32 (&numbers)[16]) {
    for (int i = 0; i < 16; ++i)
        numbers[i] = start + i;
}
void consume(const int32 (&numbers)[16], output_window<int32> *out) {
    for (int32 number : numbers)
        window_writeincr(out, 2 * number);
}
void count(const int32 (&numbers)[16], int32 &runs) { runs += numbers[0] > 0; }
