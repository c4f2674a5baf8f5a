// value^-1/2 of 64-bit integers, for sixteen rows as one vector, for LayerNorm and Softmax (placer/arithmetic/integers.py, reciprocal_root).
#pragma once

#include <bit>

#include "finish.hpp"
#include "rows.hpp"

namespace placer {

/// a * b / 2^shift, rounded as the core is set to and saturated.
inline RowLanes row_product(const RowLanes &a, const RowLanes &b, int shift) {
    return aie::mul<acc64>(a, b).template to_vector<int32>(shift);
}

/// v << shift, of values that do not pass 32 bits.
inline RowLanes shifted_up(const RowLanes &v, int shift) { return RowSums(v, shift).template to_vector<int32>(0); }

/// value = whole * 2^Up + Low as m * 2^e, m from 1 to 4 in 29 fraction bits, cut, and e even: 60 - 2 half. value: below 2^62, Low: below
/// 2^Up. Where whole is 0, which only some know never to be, value is 2^Up.
template <int Up, int64 Low, bool MayBeNone>
struct EvenScaled {
    static constexpr int word = 31;
    RowLanes m, half;

    explicit EvenScaled(RowSums whole) {
        aie::set_rounding(aie::rounding_mode::floor);
        RowLanes more_high = aie::broadcast<int32, row_lanes>(int32(Low >> word));
        RowLanes more_low = aie::broadcast<int32, row_lanes>(int32(Low & 0x7fffffff));
        if constexpr (MayBeNone) {
            const RowLanes none = aie::zeros<int32, row_lanes>();
            const auto flat = aie::eq(whole.template to_vector<int32>(0), none);
            whole = aie::add(whole, aie::select(none, aie::broadcast<int32, row_lanes>(1), flat));
            more_high = aie::select(more_high, none, flat);
            more_low = aie::select(more_low, none, flat);
        }
        if constexpr (Up <= word) {
            const RowLanes high = whole.template to_vector<int32>(word - Up);
            const RowLanes low = shifted_up(aie::sub(whole, RowSums(high, word - Up)).template to_vector<int32>(0), Up);
            scale(high, aie::add(low, more_low));
        } else {
            scale(aie::add(shifted_up(whole.template to_vector<int32>(0), Up - word), more_high), more_low);
        }
        aie::set_rounding(aie::rounding_mode::conv_even);
    }

private:
    /// From the value's upper and lower 31 bits.
    void scale(RowLanes high, RowLanes low) {
        const RowLanes none = aie::zeros<int32, row_lanes>();
        const auto short_one = aie::eq(high, none);
        high = aie::select(high, RowSums(low, 0).template to_vector<int32>(1), short_one);
        low = aie::select(low, shifted_up(aie::bit_and(int32(1), low), 30), short_one);
        half = aie::select(none, aie::broadcast<int32, row_lanes>(15), short_one);
        RowLanes power = aie::broadcast<int32, row_lanes>(1);
        for (int up = 16; up > 1; up /= 2) PLACER_UNROLLED {
            const auto small = aie::lt(high, int32(1) << (word - up));
            high = aie::select(high, shifted_up(high, up), small);
            power = aie::select(power, shifted_up(power, up), small);
            half = aie::add(half, aie::select(none, aie::broadcast<int32, row_lanes>(up / 2), small));
        }
        m = aie::add(high, row_product(low, power, word));
    }
};

/// The same of values from 2^28 on, and at most Most times that: one of few scales, each in one rounding. Nearest, of a value less just
/// under a half of what is shifted out, is what is cut.
template <unsigned Most>
struct NearScaled {
    static constexpr int scales = (int(std::bit_width(Most)) + 1) / 2;
    RowLanes m, half;

    explicit NearScaled(const RowSums &whole) {
        const RowSums twice = aie::add(whole, whole);
        m = twice.to_vector<int32>(0);
        half = aie::broadcast<int32, row_lanes>(16);
        unrolled<scales - 1>([&](auto i) {
            constexpr int down = 2 * int(i) + 1;
            const RowSums nearly = aie::add(twice, aie::broadcast<int32, row_lanes>(1 - (1 << down)));
            const RowLanes cut = nearly.to_vector<int32>(down + 1);
            const auto large = aie::ge(cut, int32(1) << 29);
            m = aie::select(m, cut, large);
            half = aie::select(half, aie::broadcast<int32, row_lanes>(15 - int(i)), large);
        });
    }
};

/// value^-1/2 as root / 2^shift of a value as EvenScaled or NearScaled has it, root with `bits` fraction bits: a cubic's guess g of 16 bits, and
/// g (1 + d / 2 + 3 d^2 / 8) with d = 1 - m g^2.
struct ReciprocalRoots {
    static constexpr int bits = 31, guess_bits = 15, miss_bits = 38;
    static constexpr int16 low[] = {26742, -8900, 4854, -2771}, high[] = {18910, -6293, 3433, -1959};
    using Guess = aie::vector<int16, row_lanes>;
    RowLanes root, shift;

    template <class Scaled>
    explicit ReciprocalRoots(const Scaled &value) {
        const RowLanes m = value.m;
        const Guess g = guess(m);
        const RowSums unit(aie::broadcast<int32, row_lanes>(1 << 29), 30);
        const RowLanes miss = aie::msc(unit, m, aie::mul(g, g).template to_vector<int32>(0)).template to_vector<int32>(59 - miss_bits);
        const RowLanes square = row_product(miss, miss, miss_bits), twice = aie::add(miss, miss);
        const RowLanes more = aie::add(aie::add(twice, twice), aie::add(square, aie::add(square, square)));
        const RowSums start(g.unpack(), miss_bits + 3);
        root = aie::mac(start, g, more).template to_vector<int32>(guess_bits + miss_bits + 3 - bits);
        shift = aie::sub(int32(2 * bits - 1), value.half);
    }

private:
    /// a + b * x, a * b in guess_bits each.
    static Guess line(const Guess &a, const Guess &b, const Guess &x) {
        return aie::mac(aie::accum<acc32, row_lanes>(a, guess_bits), b, x).template to_vector<int16>(guess_bits);
    }

    static Guess guess(const RowLanes &m) {
        const auto above = aie::ge(m, int32(1) << 30);
        const auto either = [&](unsigned i) {
            return aie::select(aie::broadcast<int16, row_lanes>(low[i]), aie::broadcast<int16, row_lanes>(high[i]), above);
        };
        const Guess x = aie::select(RowSums(aie::sub(m, int32(3 << 28)), 0).template to_vector<int16>(14),
                                    RowSums(aie::sub(m, int32(3 << 29)), 0).template to_vector<int16>(15), above);
        const Guess square = aie::mul(x, x).template to_vector<int16>(guess_bits);
        return line(line(either(0), either(1), x), line(either(2), either(3), x), square);
    }
};

} // namespace placer
