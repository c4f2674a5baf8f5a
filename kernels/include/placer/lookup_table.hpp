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
/// Elements that one table takes: every run twice, and all of it twice.
inline constexpr unsigned table_elements = 4 * table_size;

template <class Value>
using Table = aie::lut<table_accesses, Value>;
template <class Key, class Value>
using Lookup = aie::parallel_lookup<Key, Table<Value>, aie::lut_oor_policy::truncate>;

template <class Value>
inline Table<Value> table_at(const Value *values) {
    return Table<Value>(table_size, values, values + 2 * table_size);
}

} // namespace placer
