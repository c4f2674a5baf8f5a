// Tables of 256 values that several lanes read at once, as placer/lookup_table.py lays them out.
#pragma once

#include "aie_api/aie.hpp"

namespace placer {

/// Lanes that read a table at once. ASSUMPTION: eight on AIE-MLv2 (UG1603, 2026.1; its API's source was not available).
#if __AIE_ARCH__ >= 21
inline constexpr unsigned table_accesses = 8;
#else
inline constexpr unsigned table_accesses = 4;
#endif
inline constexpr unsigned table_size = 256;
/// Elements that one table takes in each of two buffers, which other banks may hold: every run twice.
inline constexpr unsigned table_elements = 2 * table_size;

template <class Value>
using Table = aie::lut<table_accesses, Value>;
template <class Key, class Value>
using Lookup = aie::parallel_lookup<Key, Table<Value>, aie::lut_oor_policy::truncate>;

template <class Value>
inline Table<Value> table_at(const Value *values, const Value *copy) {
    return Table<Value>(table_size, values, copy);
}

} // namespace placer
