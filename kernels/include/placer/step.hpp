// One requantisation step, and loop hints. docs/kernels.md states the arithmetic.
#pragma once

#if defined(__chess__)
#define PLACER_PIPELINED chess_prepare_for_pipelining
#else
#define PLACER_PIPELINED
#endif

namespace placer {

/// On which side of the activation the weights stand.
enum class Side { right, left };

/// out = saturate(round_half_even(((value << up) + bias) / 2^shift)), then max(out, 0) if relu.
struct Step {
    int up;
    int shift;
    bool relu;
    bool bias;
};

} // namespace placer
