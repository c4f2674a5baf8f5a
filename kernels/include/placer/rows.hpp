// Rows as lanes: what belongs to sixteen rows in one vector, row r of the group of four number g as lane 4 g + r; and back.
#pragma once

#include "aie_api/aie.hpp"
#include "loops.hpp"

namespace placer {

using int64 = long long;

/// Lanes of a block of four rows by eight columns; rows that are one vector, and groups of four of them.
inline constexpr unsigned block_lanes = 32, row_lanes = 16, most_together = 4;
using RowLanes = aie::vector<int32, row_lanes>;
using RowSums = aie::accum<acc64, row_lanes>;

/// Batches in which `groups` groups of four rows are worked on, and the groups of each: as even as can be; the last batch may overlap.
template <unsigned Groups, unsigned Most = most_together>
struct Batches {
    static constexpr unsigned count = (Groups + Most - 1) / Most, together = (Groups + count - 1) / count;
    static constexpr unsigned start(unsigned batch) { return batch * together < Groups - together ? batch * together : Groups - together; }
};

/// f(0), f(1), ... f(Count - 1) for blocks of eight columns of T: a pipelined loop; or, up to Most bytes a row, unrolled by the vendor's
/// compiler, so that the loop over groups around it is pipelined. Most: what fits the program memory. Other compilers gain nothing by it.
template <class T, unsigned Count, unsigned Most, class F>
[[gnu::always_inline]] inline void over_blocks(F f) {
#if defined(__chess__)
    constexpr bool few = Count * 8 * sizeof(T) <= Most;
#else
    constexpr bool few = false;
#endif
    if constexpr (few)
        unrolled<Count>(f);
    else
        for (unsigned i = 0; i < Count; ++i) PLACER_PIPELINED
            f(i);
}

/// f of each two neighbouring lanes.
template <class T, unsigned N, class F>
inline aie::vector<T, N / 2> in_pairs(const aie::vector<T, N> &v, F f) {
    return f(aie::filter_even(v), aie::filter_odd(v));
}

/// f over the eight lanes of each row, of the blocks of `Groups` groups; the lanes of further groups hold anything.
template <unsigned Groups, class T, class F>
inline aie::vector<T, row_lanes> by_row(const aie::vector<T, block_lanes> (&block)[Groups], F f) {
    const auto joined = [&](const auto &a, const auto &b) { return in_pairs(aie::concat(a, b), f); };
    const auto first = in_pairs(block[0], f);
    if constexpr (Groups == 1) {
        const auto low = joined(first, first);
        return joined(low, low);
    } else {
        const auto low = joined(first, in_pairs(block[1], f));
        if constexpr (Groups == 2)
            return joined(low, low);
        else
            return joined(low, joined(in_pairs(block[2], f), in_pairs(block[Groups - 1], f)));
    }
}

/// The sum of each of the four rows of a block, one after the other and again.
inline RowLanes row_sums(const aie::vector<int32, block_lanes> &block) {
    const aie::vector<int32, block_lanes> one[] = {block};
    return by_row(one, [](const auto &a, const auto &b) { return aie::add(a, b); });
}

/// `rows` with those of group `group` from `one`, which has them in each four lanes.
inline RowLanes with_group(const RowLanes &rows, const RowLanes &one, unsigned group) {
    return aie::select(rows, one, aie::mask<row_lanes>::from_uint32(0xfu << (4 * group)));
}

/// The sum of each of four rows, one after the other and again, of lanes below 2^46, as high * 2^16 + low.
struct WideRowSums {
    RowLanes high, low;

    explicit WideRowSums(const aie::accum<acc64, block_lanes> &block) {
        const aie::vector<int32, block_lanes> upper = block.template to_vector<int32>(16);
        const aie::accum<acc64, block_lanes> rest = aie::sub(block, aie::accum<acc64, block_lanes>(upper, 16));
        high = row_sums(upper);
        low = row_sums(rest.template to_vector<int32>(0));
    }
};

/// The same of the rows of four groups.
struct WideSums {
    RowLanes high = aie::zeros<int32, row_lanes>(), low = aie::zeros<int32, row_lanes>();

    void add(const aie::accum<acc64, block_lanes> &block, unsigned group) {
        const WideRowSums sums(block);
        high = with_group(high, sums.high, group);
        low = with_group(low, sums.low, group);
    }
};

/// Four values in memory, one a row, over the eight lanes of each row of a block.
template <class T>
inline aie::vector<T, block_lanes> over_rows(const T *value) {
    if constexpr (sizeof(T) == 4) {
        return aie::concat(aie::broadcast<T, 8>(value[0]), aie::broadcast<T, 8>(value[1]), aie::broadcast<T, 8>(value[2]),
                           aie::broadcast<T, 8>(value[3]));
    } else {
        const auto upper = aie::interleave_zip(aie::broadcast<T, 16>(value[0]), aie::broadcast<T, 16>(value[1]), 8);
        const auto lower = aie::interleave_zip(aie::broadcast<T, 16>(value[2]), aie::broadcast<T, 16>(value[3]), 8);
        return aie::concat(upper.first, lower.first);
    }
}

} // namespace placer
