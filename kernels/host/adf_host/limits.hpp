// What one tile has, on AIE-ML and AIE-MLv2 alike (AM020, AM027, aie-rt; UG1603 for the rules).
#pragma once

#include <cstddef>

namespace adf::host {

inline constexpr std::size_t core_bytes = 65536, bank_bytes = 16384, banks = core_bytes / bank_bytes;
inline constexpr std::size_t memory_tile_bytes = 524288;
/// The default of the vendor's compiler, where stack_size() says nothing else; its option stacksize is known to that compiler only.
inline constexpr std::size_t default_stack_bytes = 1024;
#if defined(__AIE_ARCH__) && __AIE_ARCH__ >= 21
inline constexpr std::size_t buffer_alignment = 64;
#else
inline constexpr std::size_t buffer_alignment = 32;
#endif

inline constexpr unsigned core_channels = 2, memory_channels = 6;
/// Channels of each neighbouring memory tile that reach this one's memory, and what a buffer may use without saying where.
inline constexpr unsigned neighbour_channels = 4, reachable_channels = memory_channels + 2 * neighbour_channels;
inline constexpr unsigned shim_inputs = 8, shim_outputs = 6;

/// Buffer descriptors: 16 a core tile; a memory tile has 24 for the even and 24 for the odd channels.
inline constexpr std::size_t core_descriptors = 16, channel_descriptors = 24;
/// Loops that one descriptor walks, and the largest count of all but its outermost one.
inline constexpr std::size_t core_loops = 3, memory_loops = 4, core_wrap = 255, memory_wrap = 1023;
/// Words of zeros that a memory tile's descriptor adds on either side of a dimension.
inline constexpr long padding[] = {63, 31, 15};

} // namespace adf::host
