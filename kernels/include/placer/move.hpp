// Elements of one or two activations in another order, by a table of the places that they come from (placer/moves.py): in vectors wherever
// what lies together comes from what lies together.
#pragma once

#include <adf.h>

#include "aie_api/aie.hpp"
#include "loops.hpp"
#include "step.hpp"

namespace placer {

/// 32 bits of anything.
using Word [[gnu::may_alias]] = int32;

/// The table holds places in the first source, or -1 less a place in the second. left_sample, right_sample: elements from one sample's block
/// to the next one's. Of whole samples one after the other, `samples` times.
template <class Config, class T, class Index, bool Two>
struct Mover {
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");
    static_assert(Config::rows % 4 == 0, "rows must be padded to 4");
    static constexpr unsigned rows = Config::rows, blocks = Config::columns / 8, run = Config::run, pieces = Config::pieces;
    /// Elements of a block of columns that are worked on together, so that twice as many fit a vector.
    static constexpr unsigned lanes = sizeof(T) == 4 ? 16 : 32;
    using Vector = aie::vector<T, lanes>;
    /// Bytes of the vectors that single elements are gathered in.
    static constexpr unsigned element_bytes = 32;
    const T *__restrict x;
    const T *__restrict x2;

    const T *at(int place, unsigned sample) const {
        if constexpr (!Two)
            return x + (place + int(sample * Config::left_sample));
        return place < 0 ? x2 + (-1 - place + int(sample * Config::right_sample)) : x + (place + int(sample * Config::left_sample));
    }

    /// Eight columns of each row, from column `shift` of two blocks side by side.
    static Vector window(const T *first, const T *second, unsigned shift) {
        if constexpr (!Config::shifted)
            return aie::load_v<lanes>(first);
        const auto [low, high] = aie::interleave_zip(aie::load_v<lanes>(first), aie::load_v<lanes>(second), 8);
        return aie::filter_even(aie::shuffle_down_rotate(aie::concat(low, high), shift), 8);
    }

    /// Each block of columns from its pieces: two blocks, a shift, and the columns that the piece is for.
    void columns(const Index *__restrict table, T *__restrict out) const {
        for (unsigned block = 0; block < blocks; ++block, table += pieces * 4) {
            for (unsigned i = 0; i < rows * 8; i += lanes) PLACER_PIPELINED {
                Vector v = window(at(table[0], 0) + i, at(table[1], 0) + i, unsigned(table[2]));
                unrolled<pieces - 1>([&](auto p) {
                    const Index *piece = table + (p + 1) * 4;
                    const auto mask = aie::mask<lanes>::from_uint32(uint32(piece[3]) * (lanes == 32 ? 0x01010101u : 0x0101u));
                    v = aie::select(v, window(at(piece[0], 0) + i, at(piece[1], 0) + i, unsigned(piece[2])), mask);
                });
                aie::store_v(out, v);
                out += lanes;
            }
        }
    }

    /// Rows of blocks: vectors, or two words where a row is no vector.
    void runs(const Index *__restrict table, T *__restrict out) const {
        for (unsigned block = 0; block < blocks; ++block, table += rows * 8 / run)
            for (unsigned sample = 0; sample < Config::samples; ++sample)
                for (unsigned i = 0; i < rows * 8 / run; ++i) PLACER_PIPELINED {
                    const T *from = at(table[i], sample);
                    if constexpr (run * sizeof(T) == 8) {
                        const Word *words = reinterpret_cast<const Word *>(from);
                        Word *to = reinterpret_cast<Word *>(out);
                        to[0] = words[0];
                        to[1] = words[1];
                    } else {
                        aie::store_v(out, aie::load_v<run>(from));
                    }
                    out += run;
                }
    }

    /// Blocks of eight rows, of which the last one may have four.
    void turned(const Index *__restrict table, T *__restrict out) const {
        constexpr unsigned whole = rows / 8, count = (rows + 7) / 8;
        for (unsigned block = 0; block < blocks; ++block, table += count)
            for (unsigned sample = 0; sample < Config::samples; ++sample) {
                for (unsigned i = 0; i < whole; ++i) PLACER_PIPELINED {
                    aie::store_v(out, aie::transpose(aie::load_v<64>(at(table[i], sample)), 8, 8));
                    out += 64;
                }
                if constexpr (count > whole) {
                    aie::store_v(out, aie::transpose(aie::load_v<64>(at(table[whole], sample)), 8, 8).template extract<32>(0));
                    out += 32;
                }
            }
    }

    /// One element after the other into a vector, the last one first: a store of less than a word would read and write all of it.
    void elements(const Index *__restrict table, T *__restrict out) const {
        constexpr unsigned together = element_bytes / sizeof(T);
        for (unsigned block = 0; block < blocks; ++block, table += rows * 8)
            for (unsigned sample = 0; sample < Config::samples; ++sample)
                for (unsigned i = 0; i < rows * 8; i += together) PLACER_PIPELINED {
                    aie::vector<T, together> v;
                    unrolled<together>([&](auto k) { v.push(*at(table[i + together - 1 - k], sample)); });
                    aie::store_v(out, v);
                    out += together;
                }
    }

    void operator()(const Index *table, T *out) const {
        if constexpr (Config::kind == Move::columns)
            columns(table, out);
        else if constexpr (Config::kind == Move::runs)
            runs(table, out);
        else if constexpr (Config::kind == Move::turned)
            turned(table, out);
        else
            elements(table, out);
    }
};

template <class Config, class T, class Index>
void move(adf::input_buffer<T> &x, const Index *table, adf::output_buffer<T> &y) {
    Mover<Config, T, Index, false>{x.data(), nullptr}(table, y.data());
}

template <class Config, class T, class Index>
void join(adf::input_buffer<T> &x, adf::input_buffer<T> &x2, const Index *table, adf::output_buffer<T> &y) {
    Mover<Config, T, Index, true>{x.data(), x2.data()}(table, y.data());
}

} // namespace placer
