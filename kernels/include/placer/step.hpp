// What a layer's configuration says besides sizes: requantisation steps, the side of its weights, what it moves. docs/kernels.md has the
// arithmetic.
#pragma once

namespace placer {

/// On which side of the activation the weights stand.
enum class Side { right, left };

/// What is carried at once: pieces of blocks of columns, where rows stay; rows of blocks; 8 x 8 elements, transposed; or one element.
enum class Move { columns, runs, turned, elements };

/// `low` and `high` of a step without a clip.
inline constexpr int no_low = -2147483647 - 1, no_high = 2147483647;

/// out = clamp(saturate(round_half_even(((value << up) + bias) * multiplier / 2^shift) + zero_point), low, high), then max(out, 0) if relu.
struct Step {
    int up;
    int shift;
    bool relu;
    bool bias;
    /// Of the result: 8, 16 or 32; 0 says those of the layer's output.
    int bits = 0;
    int low = no_low, high = no_high;
    /// 0 where every channel has its own, after the biases.
    int multiplier = 1;
    int zero_point = 0;
    /// Bits beyond the result's to which it is rounded first, where the multiplier only stands for a ratio.
    int guard = 0;
    /// The sum needs 64-bit lanes, the bias two words (low, then high), the product two parts.
    bool wide = false;

    constexpr bool scales() const { return multiplier != 1 || zero_point != 0 || guard != 0; }
    constexpr bool holds() const { return bias || multiplier == 0; }
};

} // namespace placer
