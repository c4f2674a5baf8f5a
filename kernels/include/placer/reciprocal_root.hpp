// value^-1/2 of a 64-bit integer by Newton steps, in scalar code: once a row, for LayerNorm and Softmax.
#pragma once

#include "aie_api/aie.hpp"

namespace placer {

using int64 = long long;

/// value^-1/2 as root / 2^shift, root with 30 fraction bits (placer/arithmetic.py, reciprocal_root).
struct ReciprocalRoot {
    int32 root;
    int shift;

    explicit ReciprocalRoot(int64 value) {
        int bits = 0;
        for (int step = 32; step; step /= 2)
            if (value >> bits >> step > 0)
                bits += step;
        const int exponent = bits & ~1;
        const int64 m = exponent >= 28 ? value >> (exponent - 28) : value << (28 - exponent);
        // The chord of m^-1/2 from m = 1 to 4, then Newton steps r (3 - m r^2) / 2.
        int64 r = (int64(7) << 30) / 6 - ((m * ((int64(2) << 30) / 3)) >> 30);
        for (int i = 0; i < 4; ++i) {
            const int64 square = (r * r) >> 30;
            r = (r * ((int64(3) << 28) - ((m * square) >> 30))) >> 29;
        }
        root = int32(r);
        shift = 30 + exponent / 2;
    }
};

/// value / 2^shift, rounded half to even; shift: 1 or more.
inline int64 half_even_wide(int64 value, int shift) { return (value + ((int64(1) << (shift - 1)) - 1) + ((value >> shift) & 1)) >> shift; }

} // namespace placer
