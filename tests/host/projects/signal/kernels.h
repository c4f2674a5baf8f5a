#pragma once
#include <adf.h>
#include <aie_api/aie.hpp>

using namespace adf;

// A filter of eight real taps over complex samples; its past is kept from block to block.
class filter {
    static constexpr unsigned samples = 64;
    int16 (&taps)[16];
    alignas(aie::vector_decl_align) cint16 past[8];

public:
    filter(int16 (&t)[16]);
    void run(input_buffer<cint16, extents<samples>> &__restrict in, output_buffer<cint16, extents<samples>> &__restrict out);
    static void registerKernelClass() {
        REGISTER_FUNCTION(filter::run);
        REGISTER_PARAMETER(taps);
    }
};

// Eight complex sums of eight products, half of them in each kernel.
template <int Half>
class transform {
    cint16 (&factors)[32];

public:
    transform(cint16 (&f)[32]);
    void first(input_buffer<cint16, extents<64>> &__restrict in, output_cascade<cacc64> *__restrict sums);
    void last(input_buffer<cint16, extents<64>> &__restrict in, input_cascade<cacc64> *__restrict sums, output_buffer<cint32, extents<64>> &__restrict out);
    static void registerKernelClass(void) {
        if constexpr (Half == 0)
            REGISTER_FUNCTION(transform::first);
        else
            REGISTER_FUNCTION(transform::last);
    }
};

// Packets, for kernels that know nothing of them.
void add_one(input_buffer<int32> &in, output_buffer<int32> &out);
void add_two(input_window_int32 *in, output_window_int32 *out);

// Four weights over a window that starts with what ended the one before.
void weighted(input_window<int32> *in, output_window<int32> *out);

// Parameters from kernel to kernel.
void produce(const int32 &start, int32 (&numbers)[16]);
void consume(const int32 (&numbers)[16], output_window<int32> *out);
void count(const int32 (&numbers)[16], int32 &runs);

// Mean over three kernels: defined in sources that use the same names for things of their own.
template <int N>
void mean_first(input_buffer<bfloat16> &__restrict in, input_stream<bfloat16> *__restrict mean, output_cascade<accfloat> *__restrict sums,
                output_buffer<bfloat16> &__restrict out);
template <int N, int Parts>
void mean_last(input_buffer<bfloat16> &__restrict in, input_cascade<accfloat> *__restrict sums, output_buffer<bfloat16> &__restrict out,
               output_stream<bfloat16> *__restrict mean);
