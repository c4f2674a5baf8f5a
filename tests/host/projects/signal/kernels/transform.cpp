#include "../kernels.h"

using MMUL = aie::mmul<1, 4, 8, cint16, cint16>;

template <int Half>
transform<Half>::transform(cint16 (&f)[32]) : factors(f) {
    set_rnd(rnd_conv_even);
    set_sat();
}

template <int Half>
void transform<Half>::first(input_buffer<cint16, extents<64>> &__restrict in, output_cascade<cacc64> *__restrict sums) {
    const aie::vector<cint16, 32> b = aie::load_v<32>(factors);
    const cint16 *__restrict from = in.data();
    for (int i = 0; i < 8; ++i) {
        MMUL m;
        m.mul(aie::load_v<4>(from + 8 * i), b);
        writeincr(sums, m.to_accum());
    }
}

template <int Half>
void transform<Half>::last(input_buffer<cint16, extents<64>> &__restrict in, input_cascade<cacc64> *__restrict sums,
                           output_buffer<cint32, extents<64>> &__restrict out) {
    aie::vector<cint16, 32> b;
    for (int i = 0; i < 4; ++i)
        b.insert<8>(i, aie::load_v<8>(&factors[8 * i]));
    auto from = aie::begin_vector<4>(in);
    auto to = aie::begin_vector<8>(out);
    for (int i = 0; i < 8; ++i) {
        MMUL m(readincr_v<8>(sums));
        m.mac(*(from + 2 * i + 1), b);
        *to++ = m.to_vector<cint32>(3);
    }
}
