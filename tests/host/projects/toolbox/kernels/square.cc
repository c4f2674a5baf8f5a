#include "../kernels.h"
#define N 64
static const unsigned LANES = 8;

void square(input_buffer<int16, extents<64>> &__restrict in, output_cascade<acc48> *out) {
    auto it = aie::cbegin_vector<LANES>(in);
    for (unsigned i = 0; i < N / LANES; ++i)
        chess_flatten_loop {
            auto v = *it++;
            aie::accum<acc48, LANES> product = aie::mul<acc48>(v, v);
            *out << product;
        }
}
