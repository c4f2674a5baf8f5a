#include "../kernels.h"
#define N 32
static const unsigned LANES = 8;

void scale_down(input_cascade<acc48> *in, int32 shift, output_buffer<int16, extents<64>> &__restrict out) {
    aie::set_rounding(aie::rounding_mode::positive_inf);
    aie::set_saturation(aie::saturation_mode::saturate);
    auto it = aie::begin_restrict_vector<LANES>(out);
    for (unsigned i = 0; i < 2 * N / LANES; ++i) {
        aie::accum<acc48, LANES> product;
        *in >> product;
        *it++ = product.to_vector<int16>(shift);
    }
}
