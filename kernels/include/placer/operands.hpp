// The left operands of one step of 8 along the contraction: m x k pieces, whatever way the left matrix lies in memory.
#pragma once

#include <array>

#include "geometry.hpp"
#include "loops.hpp"

namespace placer {

/// An m x Width block, row-major, as Width / K operands of m x K.
template <unsigned K, unsigned Width, class T, unsigned N>
inline auto columns_apart(const aie::vector<T, N> &block) {
    if constexpr (K == Width) {
        return std::array{block};
    } else {
        const auto low = columns_apart<K, Width / 2>(aie::filter_even(block, Width / 2));
        const auto high = columns_apart<K, Width / 2>(aie::filter_odd(block, Width / 2));
        std::array<aie::vector<T, N * K / Width>, Width / K> all;
        unrolled<Width / K / 2>([&](auto i) {
            all[i] = low[i];
            all[i + Width / K / 2] = high[i];
        });
        return all;
    }
}

/// Operands [row block][step of k] of `Rows` row blocks.
template <class Config, unsigned Rows>
struct LeftOperands {
    using G = Geometry<Config>;
    using T = typename G::A;
    static constexpr unsigned steps = 8 / G::k;
    std::array<std::array<aie::vector<T, G::m * G::k>, steps>, Rows> at;

    explicit LeftOperands(const T *__restrict from) {
        if constexpr (G::left)
            unrolled<Rows>([&](auto r) {
                unrolled<steps>([&](auto s) { at[r][s] = aie::load_v<G::m * G::k>(from + G::a_at(r) + s * G::m * G::k); });
            });
        else if constexpr (G::transposed)
            load_transposed(from);
        else
            unrolled<Rows>([&](auto r) { at[r] = columns_apart<G::k, 8>(aie::load_v<G::m * 8>(from + G::a_at(r))); });
    }

private:
    /// k x 8 elements of the transpose become 8 x k: the operands of 8 / m row blocks.
    void load_transposed(const T *__restrict from) {
        constexpr unsigned blocks = 8 / G::m;
        unrolled<Rows / blocks>([&](auto r) {
            unrolled<steps>([&](auto s) {
                const auto turned = aie::transpose(aie::load_v<G::k * 8>(from + G::a_at(r * blocks) + s * G::k * 8), G::k, 8);
                unrolled<blocks>([&](auto i) { at[r * blocks + i][s] = turned.template extract<G::m * G::k>(i); });
            });
        });
    }
};

} // namespace placer
