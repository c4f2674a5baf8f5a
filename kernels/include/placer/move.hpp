// Elements of one or two activations in another order, by a table of their places: element by element, in scalar code.
#pragma once

#include <adf.h>

#include "loops.hpp"

namespace placer {

/// Config::by_token: the table holds one place a column, the same for every row of its `rows`; else one an element of a sample of `rows`.
/// A place below 0 is -1 less a place in the second source. left_sample, right_sample: elements from one sample's block to the next one's.
template <class Config, class T, class Index>
void moved(const T *__restrict x, const T *__restrict x2, const Index *__restrict table, T *__restrict out) {
    static_assert(Config::columns % 8 == 0, "columns must be padded to 8");
    const auto at = [=](int place, int left, int right) { return place < 0 ? x2[-1 - place + right] : x[place + left]; };
    for (unsigned block = 0; block < Config::columns / 8; ++block)
        if constexpr (Config::by_token) {
            for (unsigned row = 0; row < Config::rows; ++row) PLACER_PIPELINED
                for (unsigned i = 0; i < 8; ++i)
                    *out++ = at(table[block * 8 + i], row * 8, row * 8);
        } else {
            for (unsigned sample = 0; sample < Config::samples; ++sample)
                for (unsigned i = 0; i < Config::rows * 8; ++i) PLACER_PIPELINED
                    *out++ = at(table[block * Config::rows * 8 + i], sample * Config::left_sample, sample * Config::right_sample);
        }
}

template <class Config, class T, class Index>
void move(adf::input_buffer<T> &x, const Index *table, adf::output_buffer<T> &y) {
    moved<Config>(x.data(), static_cast<const T *>(nullptr), table, y.data());
}

template <class Config, class T, class Index>
void join(adf::input_buffer<T> &x, adf::input_buffer<T> &x2, const Index *table, adf::output_buffer<T> &y) {
    moved<Config>(x.data(), x2.data(), table, y.data());
}

} // namespace placer
