#include "../kernels.h"

filter::filter(int16 (&t)[16]) : taps(t) {
    aie::set_rounding(aie::rounding_mode::symmetric_inf);
    aie::set_saturation(aie::saturation_mode::saturate);
    for (auto &sample : past)
        sample = (cint16){0, 0};
}

void filter::run(input_buffer<cint16, extents<samples>> &__restrict in, output_buffer<cint16, extents<samples>> &__restrict out) {
    aie::vector<cint16, 32> data;
    data.insert(3, aie::load_v<8>(past));
    const aie::vector<int16, 16> t = aie::load_v<16>(taps);
    auto from = aie::begin_vector<16>(in);
    auto to = aie::begin_vector<16>(out);
    aie::accum<cacc64, 16> sum;
    for (unsigned i = 0; i < samples / 32; ++i)
        chess_loop_range(samples / 32, ) chess_prepare_for_pipelining {
            data.insert(0, *from++);
            sum = aie::sliding_mul_ops<16, 8, 1, 1, 1, int16, cint16>::mul(t, 0, data, 25);
            *to++ = sum.to_vector<cint16>(15);
            data.insert(1, *from++);
            sum = aie::sliding_mul_ops<16, 8, 1, 1, 1, int16, cint16>::mul(t, 0, data, 9);
            *to++ = sum.to_vector<cint16>(15);
        }
    *(v8cint16 *)past = data.extract<8>(3);
}
