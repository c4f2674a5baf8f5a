// value^-1/2 of a 64-bit integer by Newton steps, in scalar code: once a row, for LayerNorm and Softmax.
#pragma once

#include "aie_api/aie.hpp"

namespace placer {

using int64 = long long;

/// value^-1/2 as root / 2^shift, root with 31 fraction bits (placer/arithmetic.py, reciprocal_root).
struct ReciprocalRoot {
    int32 root;
    int shift;

    explicit ReciprocalRoot(int64 value) {
        int bits = 0;
        for (int step = 32; step; step /= 2)
            if (value >> bits >> step > 0)
                bits += step;
        const int exponent = bits & ~1;
        const int64 m = exponent >= 30 ? value >> (exponent - 30) : value << (30 - exponent);
        // 117/128 of the chord of m^-1/2 from m = 1 to 4, then Newton steps r (3 - m r^2) / 2.
        int64 r = (int64(117 * 7) << 31) / (128 * 6) - ((m * ((int64(117) << 32) / (128 * 6))) >> 31);
        for (int i = 0; i < 4; ++i) {
            const int64 square = (r * r) >> 31;
            r = (r * (((int64(3) << 61) - m * square) >> 31) + (int64(1) << 30)) >> 31;
        }
        root = int32(r < 0x7fffffff ? r : 0x7fffffff);
        shift = 31 + exponent / 2;
    }
};

/// value / 2^shift, rounded half to even; shift: 1 or more.
inline int64 half_even_wide(int64 value, int shift) { return (value + ((int64(1) << (shift - 1)) - 1) + ((value >> shift) & 1)) >> shift; }

} // namespace placer
