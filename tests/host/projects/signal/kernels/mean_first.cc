#include "../kernels.h"

alignas(aie::vector_decl_align) float start[16] = {0};
static bfloat16 found = 0;

template <int N>
void mean_first(input_buffer<bfloat16> &__restrict in, input_stream<bfloat16> *__restrict mean, output_cascade<accfloat> *__restrict sums,
                output_buffer<bfloat16> &__restrict out) {
    auto from = aie::begin_vector<16>(in);
    aie::accum<accfloat, 16> sum;
    sum.from_vector(aie::load_v<16>(start), 0);
    for (int i = 0; i < N / 16; ++i)
        sum = aie::add(sum, *from++);
    writeincr(sums, sum);
    found = readincr(mean);
    from = aie::begin_vector<16>(in);
    auto to = aie::begin_vector<16>(out);
    for (int i = 0; i < N / 16; ++i)
        *to++ = aie::div(aie::sub(*from++, aie::broadcast<bfloat16, 16>(found)), bfloat16(2));
}
