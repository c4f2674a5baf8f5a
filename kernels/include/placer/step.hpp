// What a layer's configuration says besides sizes: requantisation steps and the side of its weights. docs/kernels.md states the arithmetic.
#pragma once

namespace placer {

/// On which side of the activation the weights stand.
enum class Side { right, left };

/// `low` and `high` of a step without a clip.
inline constexpr int no_low = -2147483647 - 1, no_high = 2147483647;

/// out = clamp(saturate(round_half_even(((value << up) + bias) / 2^shift)), low, high), then max(out, 0) if relu.
struct Step {
    int up;
    int shift;
    bool relu;
    bool bias;
    /// Of the result: 8, 16 or 32; 0 says those of the layer's output.
    int bits = 0;
    int low = no_low, high = no_high;
};

} // namespace placer
