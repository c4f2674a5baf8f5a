// value^-1/2 of 64-bit integers by Newton steps, for as many rows together as a vector of products has lanes, for LayerNorm and Softmax.
#pragma once

#include "aie_api/aie.hpp"

namespace placer {

using int64 = long long;

/// Rows whose roots are computed together.
inline constexpr unsigned root_rows = 16;
using RootLanes = aie::vector<int32, root_rows>;

/// a * b / 2^shift, rounded half to even and saturated (finish.hpp, set_modes).
inline RootLanes root_product(const RootLanes &a, const RootLanes &b, int shift) {
    return aie::mul<acc64>(a, b).template to_vector<int32>(shift);
}

/// The even exponent e with value / 2^e from 1 to 4, of a positive value.
inline int even_exponent(int64 value) {
    const uint32 high = uint32(value >> 32), word = high ? high : uint32(value);
    int bits = high ? 32 : 0;
    for (int step = 16; step; step /= 2)
        if (word >> (bits & 31) >> step)
            bits += step;
    return bits & ~1;
}

/// value^-1/2 as root / 2^shift, root with `bits` fraction bits (placer/arithmetic.py, reciprocal_root).
struct ReciprocalRoots {
    static constexpr int bits = 31;
    RootLanes root;
    int shift[root_rows];

    explicit ReciprocalRoots(const int64 (&value)[root_rows]) {
        alignas(64) int32 scaled[root_rows];
        for (unsigned i = 0; i < root_rows; ++i) {
            const int exponent = even_exponent(value[i]);
            scaled[i] = int32(exponent >= 29 ? value[i] >> (exponent - 29) : value[i] << (29 - exponent));
            shift[i] = bits + exponent / 2;
        }
        // 117/128 of the chord of m^-1/2 from m = 1 to 4, then Newton steps r (3 - m r^2) / 2.
        constexpr int32 guess = int32((int64(117 * 7) << bits) / (128 * 6)), slope = int32((int64(117) << (bits + 1)) / (128 * 6));
        const RootLanes m = aie::load_v<root_rows>(scaled);
        root = aie::sub(aie::broadcast<int32, root_rows>(guess), root_product(m, aie::broadcast<int32, root_rows>(slope), bits - 1));
        for (int i = 0; i < 4; ++i) {
            const RootLanes half = root_product(m, root_product(root, root, bits), bits);
            root = root_product(root, aie::sub(aie::broadcast<int32, root_rows>(3 << (bits - 2)), half), bits - 1);
        }
    }
};

/// value / 2^shift, rounded half to even; shift: 1 or more.
inline int64 half_even_wide(int64 value, int shift) { return (value + ((int64(1) << (shift - 1)) - 1) + ((value >> shift) & 1)) >> shift; }

/// Of a block of four rows by eight columns, the sum of each row: of lanes below 2^46, in two words.
inline void row_sums(const aie::accum<acc64, 32> &lanes, int64 (&sum)[4]) {
    aie::vector<int32, 32> high = lanes.template to_vector<int32>(16);
    aie::vector<int32, 32> low = aie::sub(lanes, aie::accum<acc64, 32>(high, 16)).template to_vector<int32>(0);
    for (unsigned step = 4; step; step /= 2) {
        high = aie::add(high, aie::shuffle_down(high, step));
        low = aie::add(low, aie::shuffle_down(low, step));
    }
    for (unsigned r = 0; r < 4; ++r)
        sum[r] = int64(high.get(r * 8)) * 65536 + low.get(r * 8);
}

} // namespace placer
