// Lookup tables that several lanes read at once: aie::lut and aie::parallel_lookup.
#pragma once

#include <cstring>

#include "memory.hpp"

namespace aie {

enum class lut_oor_policy { saturate, truncate };

namespace detail {
/// Bytes of a table in a row before they are repeated, and how many lanes read at once (UG1603, Lookup Tables and Linear Approximation).
#if __AIE_ARCH__ >= 21
inline constexpr unsigned lut_run = 32, lut_accesses = 8;
#else
inline constexpr unsigned lut_run = 16, lut_accesses = 4;
#endif
} // namespace detail

/// A table in memory: `ab` holds every run of its bytes twice, `cd` is a copy of `ab`, for another bank.
template <unsigned Accesses, class Offset, class Slope = Offset>
struct lut {
    static_assert(Accesses == detail::lut_accesses, "AIE-ML reads tables for four lanes at once, AIE-MLv2 for eight");
    static_assert(sizeof(Offset) >= 2, "values of 8 bits are stored as 16");
    using offset_type = Offset;

    lut(unsigned elements, const void *ab, const void *cd) : elements(elements), ab_(ab), cd_(cd) {}

    /// Element `i`; all copies must agree, since which of them the core reads depends on the lane.
    Offset at(unsigned i) const {
        constexpr unsigned run = detail::lut_run;
        const std::size_t from = i * sizeof(Offset) / run * 2 * run + i * sizeof(Offset) % run;
        Offset copies[4];
        for (unsigned c = 0; c < 4; ++c)
            std::memcpy(&copies[c], static_cast<const char *>(c < 2 ? ab_ : cd_) + from + c % 2 * run, sizeof(Offset));
        for (const Offset &copy : copies)
            if (copy != copies[0]) [[unlikely]]
                adf::host::kernel_fault("parallel_lookup: the copies of table element " + std::to_string(i) + " differ");
        return copies[0];
    }

    const unsigned elements;

private:
    const void *ab_;
    const void *cd_;
};

/// Table values of many keys: element floor(key / 2^step_bits) + bias, held in the table or taken modulo its size.
template <class Key, class Table, lut_oor_policy policy = lut_oor_policy::saturate>
class parallel_lookup {
public:
    explicit parallel_lookup(const Table &table, unsigned step_bits = 0, unsigned bias = 0) : table_(table), step_bits_(step_bits), bias_(bias) {
        static_assert(sizeof(Key) <= 2, "keys have 8 or 16 bits");
    }

    template <unsigned N>
    auto fetch(const vector<Key, N> &keys) const {
        static_assert(N == 16 || N == 32, "16 or 32 keys at once");
        return detail::generate<typename Table::offset_type, N>([&](unsigned i) {
            // The core shifts keys as it rounds.
            if (step_bits_ && keys.get(i) % (1 << step_bits_) && get_rounding() != rounding_mode::floor) [[unlikely]]
                adf::host::kernel_fault("parallel_lookup with step bits needs the rounding mode floor");
            const std::int64_t wanted = (std::int64_t(keys.get(i)) >> step_bits_) + bias_, count = table_.elements;
            const std::int64_t held = wanted < 0 ? 0 : wanted >= count ? count - 1 : wanted;
            return table_.at(static_cast<unsigned>(policy == lut_oor_policy::saturate ? held : ((wanted % count) + count) % count));
        });
    }

private:
    const Table table_;
    const unsigned step_bits_, bias_;
};

} // namespace aie
