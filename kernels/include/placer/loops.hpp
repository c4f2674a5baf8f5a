// Loops that the compiler pipelines, and loops that are gone before it sees them.
#pragma once

#include <type_traits>
#include <utility>

#if defined(__chess__)
#define PLACER_PIPELINED chess_prepare_for_pipelining
#define PLACER_UNROLLED chess_unroll_loop(*)
#else
#define PLACER_PIPELINED
#define PLACER_UNROLLED
#endif

namespace placer {

/// f(0), f(1), ... f(Count - 1), each number a constant: accumulators in arrays indexed by it stay in registers.
template <unsigned Count, class F>
[[gnu::always_inline]] inline void unrolled(F f) {
    [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) {
        (f(std::integral_constant<unsigned, I>()), ...);
    }(std::make_integer_sequence<unsigned, Count>());
}

} // namespace placer
