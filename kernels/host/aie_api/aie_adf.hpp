// Vectors and accumulators through ADF ports: streams, cascades, buffers and windows.
#pragma once

#include "../adf_host/kernel_types.hpp"
#include "detail/memory.hpp"

namespace aie::detail {

/// A cascade moves whole words of 512 bits; fewer lanes still take one.
inline constexpr std::size_t cascade_word = 64;

template <class V>
inline void cascade_write(adf::host::Fifo &fifo, const V &value) {
    constexpr std::size_t bytes = V::size() * sizeof(*value.data());
    if constexpr (bytes >= cascade_word) {
        fifo.write(value.data(), bytes);
    } else {
        std::byte word[cascade_word];
        std::memset(word, 0x5a, sizeof word);
        std::memcpy(word, value.data(), bytes);
        fifo.write(word, sizeof word);
    }
}
template <class V>
inline V cascade_read(adf::host::Fifo &fifo) {
    V value(nullptr);
    constexpr std::size_t bytes = V::size() * sizeof(*value.data());
    if constexpr (bytes >= cascade_word) {
        fifo.read(value.data(), bytes);
    } else {
        std::byte word[cascade_word];
        fifo.read(word, sizeof word);
        std::memcpy(static_cast<void *>(value.data()), word, bytes);
    }
    return value;
}

/// What a cascade of T carries, N lanes at a time: an accumulator where T is a tag, a vector elsewhere.
template <class T, unsigned N>
struct carried {
    using type = vector<T, N>;
};
template <class T, unsigned N>
    requires adf::host::is_accumulator_tag<T>
struct carried<T, N> {
    using type = accum<T, N>;
};

} // namespace aie::detail

template <unsigned N, class T>
inline auto readincr_v(adf::input_cascade<T> *cascade) {
    return aie::detail::cascade_read<typename aie::detail::carried<T, N>::type>(*cascade->fifo);
}
template <class Tag, unsigned N>
inline void writeincr(adf::output_cascade<Tag> *cascade, const aie::accum<Tag, N> &value) {
    aie::detail::cascade_write(*cascade->fifo, value);
}
template <class T, unsigned N>
inline void writeincr(adf::output_cascade<T> *cascade, const aie::vector<T, N> &value) {
    aie::detail::cascade_write(*cascade->fifo, value);
}
template <unsigned N, class T>
inline aie::vector<T, N> readincr_v(adf::input_stream<T> *stream) {
    aie::vector<T, N> value(nullptr);
    stream->fifo->read(value.data(), value.bytes());
    return value;
}
template <unsigned N, class T>
inline aie::vector<T, N> readincr_v(adf::input_stream<T> *stream, bool &last) {
    aie::vector<T, N> value(nullptr);
    last = stream->fifo->read(value.data(), value.bytes());
    return value;
}
template <class T, unsigned N>
inline void writeincr(adf::output_stream<T> *stream, const aie::vector<T, N> &value, bool last = false) {
    stream->fifo->write(value.data(), value.bytes(), last);
}

// `>>` and `<<`, on references and on pointers' targets.
template <class Tag, unsigned N>
inline adf::input_cascade<Tag> &operator>>(adf::input_cascade<Tag> &cascade, aie::accum<Tag, N> &value) {
    value = readincr_v<N>(&cascade);
    return cascade;
}
template <class T, unsigned N>
inline adf::input_cascade<T> &operator>>(adf::input_cascade<T> &cascade, aie::vector<T, N> &value) {
    value = readincr_v<N>(&cascade);
    return cascade;
}
template <class Tag, unsigned N>
inline adf::output_cascade<Tag> &operator<<(adf::output_cascade<Tag> &cascade, const aie::accum<Tag, N> &value) {
    writeincr(&cascade, value);
    return cascade;
}
template <class T, unsigned N>
inline adf::output_cascade<T> &operator<<(adf::output_cascade<T> &cascade, const aie::vector<T, N> &value) {
    writeincr(&cascade, value);
    return cascade;
}
template <class T, unsigned N>
inline adf::input_stream<T> &operator>>(adf::input_stream<T> &stream, aie::vector<T, N> &value) {
    value = readincr_v<N>(&stream);
    return stream;
}
template <class T, unsigned N>
inline adf::output_stream<T> &operator<<(adf::output_stream<T> &stream, const aie::vector<T, N> &value) {
    writeincr(&stream, value);
    return stream;
}
template <class Port, class Tag, unsigned N>
    requires requires(Port &p) { p.fifo; }
inline Port *operator>>(Port *port, aie::accum<Tag, N> &value) {
    *port >> value;
    return port;
}
template <class Port, class T, unsigned N>
    requires requires(Port &p) { p.fifo; }
inline Port *operator>>(Port *port, aie::vector<T, N> &value) {
    *port >> value;
    return port;
}
template <class Port, class Tag, unsigned N>
    requires requires(Port &p) { p.fifo; }
inline Port *operator<<(Port *port, const aie::accum<Tag, N> &value) {
    *port << value;
    return port;
}
template <class Port, class T, unsigned N>
    requires requires(Port &p) { p.fifo; }
inline Port *operator<<(Port *port, const aie::vector<T, N> &value) {
    *port << value;
    return port;
}

// Windows.
template <unsigned N, class T>
inline aie::vector<T, N> window_read_v(adf::input_window<T> *window) {
    return aie::load_v<N>(window->ptr);
}
template <unsigned N, class T>
inline aie::vector<T, N> window_readincr_v(adf::input_window<T> *window) {
    const auto value = aie::load_v<N>(window->ptr);
    window_incr(window, N);
    return value;
}
template <class T, unsigned N>
inline void window_read(adf::input_window<T> *window, aie::vector<T, N> &value) {
    value = window_read_v<N>(window);
}
template <class T, unsigned N>
inline void window_readincr(adf::input_window<T> *window, aie::vector<T, N> &value) {
    value = window_readincr_v<N>(window);
}
template <unsigned N, class T>
inline aie::vector<T, N> window_readdecr_v(adf::input_window<T> *window) {
    const auto value = aie::load_v<N>(window->ptr);
    window_decr(window, N);
    return value;
}
template <class T, unsigned N>
inline void window_writeincr(adf::output_window<T> *window, const aie::vector<T, N> &value) {
    aie::store_v(window->ptr, value);
    window_incr(window, N);
}
template <class T, unsigned N>
inline void window_write(adf::output_window<T> *window, const aie::vector<T, N> &value) {
    aie::store_v(window->ptr, value);
}

namespace aie {

template <class B>
concept IoBuffer = requires(B &b) {
    typename B::margin_type;
    b.margin_size();
};
/// Pointer of a port in its direction: inputs are read only.
namespace detail {
template <IoBuffer B>
inline auto *port_data(B &b) {
    if constexpr (B::dir == adf::direction::in)
        return static_cast<const typename B::value_type *>(b.data());
    else
        return b.data();
}
template <IoBuffer B>
inline std::size_t port_extent(const B &b) {
    return b.size() + B::margin_size();
}
} // namespace detail

template <IoBuffer B>
inline auto begin(B &b) {
    return detail::port_data(b);
}
template <IoBuffer B>
inline auto cbegin(B &b) {
    return static_cast<const typename B::value_type *>(b.data());
}
template <IoBuffer B>
inline auto begin_circular(B &b) {
    return begin_circular(detail::port_data(b), detail::port_extent(b));
}
template <IoBuffer B>
inline auto begin_random_circular(B &b) {
    return begin_circular(detail::port_data(b), detail::port_extent(b));
}
template <IoBuffer B>
inline auto cbegin_circular(B &b) {
    return cbegin_circular(b.data(), detail::port_extent(b));
}
template <unsigned N, IoBuffer B>
inline auto begin_vector(B &b) {
    return begin_vector<N>(detail::port_data(b));
}
template <unsigned N, IoBuffer B>
inline auto cbegin_vector(B &b) {
    return cbegin_vector<N>(b.data());
}
template <unsigned N, IoBuffer B>
inline auto begin_restrict_vector(B &b) {
    return begin_vector<N>(detail::port_data(b));
}
template <unsigned N, IoBuffer B>
inline auto cbegin_restrict_vector(B &b) {
    return cbegin_vector<N>(b.data());
}
template <unsigned N, IoBuffer B>
inline auto begin_vector_circular(B &b) {
    return begin_vector_circular<N>(detail::port_data(b), detail::port_extent(b));
}
template <unsigned N, IoBuffer B>
inline auto begin_vector_random_circular(B &b) {
    return begin_vector_circular<N>(detail::port_data(b), detail::port_extent(b));
}
template <unsigned N, IoBuffer B>
inline auto cbegin_vector_random_circular(B &b) {
    return cbegin_vector_circular<N>(b.data(), detail::port_extent(b));
}
template <unsigned N, IoBuffer B>
inline auto cbegin_vector_circular(B &b) {
    return cbegin_vector_circular<N>(b.data(), detail::port_extent(b));
}

} // namespace aie
