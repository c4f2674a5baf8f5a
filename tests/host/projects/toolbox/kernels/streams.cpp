#include "../kernels.h"

void accumulate8(input_stream<int32> *in, output_stream<int32> *out) {
    for (unsigned i = 0; i < 2; ++i) chess_prepare_for_pipelining {
        bool last = false;
        const aie::vector<int32, 8> v = readincr_v<8>(in, last);
        writeincr(out, aie::reduce_add(v), i == 1);
    }
}

void relu_bf16(input_stream<int16> *in, output_stream<int16> *out) {
    aie::vector<bfloat16, 16> v = v16bfloat16(readincr_v<16>(in));
    aie::mask<16> negative = aie::lt(v, bfloat16(0));
    writeincr(out, v16int16(aie::select(v, aie::zeros<bfloat16, 16>(), negative)));
}
