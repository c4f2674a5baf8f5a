// What a kernel function sees of its ports: buffers, streams, cascades, windows.
#pragma once

#include "channel.hpp"
#include "node.hpp"

namespace adf {

inline constexpr unsigned inherited_extent = 0, inherited_margin = 0;
template <unsigned... N>
struct extents {
    static constexpr std::size_t count = sizeof...(N) == 0 ? 0 : (std::size_t(1) * ... * N);
};
template <unsigned N>
struct margin {
    static constexpr std::size_t count = N;
};
struct linear_addressing {};
struct circular_addressing {};
struct sync_access {};
struct async_access {};

/// A block of samples. `data()` starts with the margin, carried over from the block before.
template <class T, direction D, class Extents = extents<>, class Margin = margin<0>, class Addressing = linear_addressing, class Access = sync_access>
class io_buffer {
public:
    using value_type = T;
    using margin_type = Margin;
    static constexpr direction dir = D;
    static constexpr bool circular = std::is_same_v<Addressing, circular_addressing>;

    T *data() { return data_; }
    const T *data() const { return data_; }
    /// Samples a block, without the margin.
    std::size_t size() const { return size_; }
    static constexpr std::size_t margin_size() { return Margin::count; }
    T *operator->() { return data_; }

    /// Asynchronous ports only: the kernel takes and returns its buffer itself.
    void acquire() { lock_(true); }
    void release() { lock_(false); }

    void bind(T *data, std::size_t size) {
        data_ = data;
        size_ = size;
    }
    void bind_lock(std::function<void(bool)> lock) { lock_ = std::move(lock); }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
    std::function<void(bool)> lock_;
};

template <class T, class E = extents<>, class M = margin<0>>
using input_buffer = io_buffer<T, direction::in, E, M>;
template <class T, class E = extents<>, class M = margin<0>>
using output_buffer = io_buffer<T, direction::out, E, M>;
template <class T, class E = extents<>, class M = margin<0>>
using inout_buffer = io_buffer<T, direction::inout, E, M>;
template <class T, class E = extents<>, class M = margin<0>>
using input_circular_buffer = io_buffer<T, direction::in, E, M, circular_addressing>;
template <class T, class E = extents<>, class M = margin<0>>
using output_circular_buffer = io_buffer<T, direction::out, E, M, circular_addressing>;
template <class T, class E = extents<>, class M = margin<0>>
using input_async_buffer = io_buffer<T, direction::in, E, M, linear_addressing, async_access>;
template <class T, class E = extents<>, class M = margin<0>>
using output_async_buffer = io_buffer<T, direction::out, E, M, linear_addressing, async_access>;
template <class T, class E = extents<>, class M = margin<0>>
using input_async_circular_buffer = io_buffer<T, direction::in, E, M, circular_addressing, async_access>;
template <class T, class E = extents<>, class M = margin<0>>
using output_async_circular_buffer = io_buffer<T, direction::out, E, M, circular_addressing, async_access>;

/// A stream or cascade of a kernel: a view of the FIFO behind it.
template <class T, direction D>
struct io_stream {
    using value_type = T;
    host::Fifo *fifo = nullptr;
};
template <class T>
using input_stream = io_stream<T, direction::in>;
template <class T>
using output_stream = io_stream<T, direction::out>;

template <class T, direction D>
struct io_cascade {
    using value_type = T;
    host::Fifo *fifo = nullptr;
};
template <class T>
using input_cascade = io_cascade<T, direction::in>;
template <class T>
using output_cascade = io_cascade<T, direction::out>;

/// The older form of a buffer: a pointer that moves.
template <class T, direction D>
struct io_window {
    using value_type = T;
    /// `head`: where the margin starts, and `ptr` at first.
    T *ptr = nullptr, *head = nullptr;
    std::size_t size = 0, margin = 0;
};
template <class T>
using input_window = io_window<T, direction::in>;
template <class T>
using output_window = io_window<T, direction::out>;

} // namespace adf

// The vendor's headers have these at global scope as well.
using adf::input_cascade;
using adf::input_stream;
using adf::input_window;
using adf::output_cascade;
using adf::output_stream;
using adf::output_window;
// clang-format off
#define ADF_HOST_PORTS(T)                                                                                                                  \
    using input_stream_##T = adf::input_stream<T>; using output_stream_##T = adf::output_stream<T>;                                        \
    using input_window_##T = adf::input_window<T>; using output_window_##T = adf::output_window<T>;
ADF_HOST_PORTS(int8) ADF_HOST_PORTS(uint8) ADF_HOST_PORTS(int16) ADF_HOST_PORTS(uint16) ADF_HOST_PORTS(int32) ADF_HOST_PORTS(uint32)
ADF_HOST_PORTS(int64) ADF_HOST_PORTS(uint64) ADF_HOST_PORTS(float) ADF_HOST_PORTS(bfloat16) ADF_HOST_PORTS(cint16) ADF_HOST_PORTS(cint32)
ADF_HOST_PORTS(cfloat)
#undef ADF_HOST_PORTS
// clang-format on

// Scalar stream access; vectors are in aie_api/aie_adf.hpp.
template <class T>
inline T readincr(adf::input_stream<T> *stream) {
    T value;
    stream->fifo->read(&value, sizeof value);
    return value;
}
template <class T>
inline T readincr(adf::input_stream<T> *stream, bool &last) {
    T value;
    last = stream->fifo->read(&value, sizeof value);
    return value;
}
template <class T>
inline void writeincr(adf::output_stream<T> *stream, std::type_identity_t<T> value, bool last = false) {
    stream->fifo->write(&value, sizeof value, last);
}
template <class T>
inline adf::input_stream<T> *operator>>(adf::input_stream<T> &stream, T &value) {
    value = readincr(&stream);
    return &stream;
}
template <class T>
inline adf::output_stream<T> *operator<<(adf::output_stream<T> &stream, const T &value) {
    writeincr(&stream, value);
    return &stream;
}

// Packets: 32-bit words, a header first, TLAST on the last one.
using input_pktstream = adf::input_stream<int32>;
using output_pktstream = adf::output_stream<int32>;
template <class T, adf::direction D>
inline std::uint32_t getPacketid(adf::io_stream<T, D> *stream, int) {
    return stream->fifo->packet_id;
}
inline void writeHeader(output_pktstream *stream, unsigned type, unsigned id) {
    writeincr(stream, static_cast<int32>(adf::host::packet_header(type, id)));
}

// Windows: an element at the pointer, which wraps from the end of the block to the start of its margin.
template <class T, adf::direction D>
inline void window_incr(adf::io_window<T, D> *window, int count) {
    const auto size = static_cast<std::ptrdiff_t>(window->size + window->margin);
    window->ptr = window->head + (((window->ptr - window->head) + count) % size + size) % size;
}
template <class T, adf::direction D>
inline void window_decr(adf::io_window<T, D> *window, int count) {
    window_incr(window, -count);
}
template <class T>
inline T window_read(adf::input_window<T> *window) {
    return *window->ptr;
}
template <class T>
inline T window_readincr(adf::input_window<T> *window) {
    const T value = *window->ptr;
    window_incr(window, 1);
    return value;
}
template <class T>
inline void window_readincr(adf::input_window<T> *window, T &value) {
    value = window_readincr(window);
}
template <class T>
inline void window_write(adf::output_window<T> *window, std::type_identity_t<T> value) {
    *window->ptr = value;
}
template <class T>
inline void window_writeincr(adf::output_window<T> *window, std::type_identity_t<T> value) {
    *window->ptr = value;
    window_incr(window, 1);
}
template <class T, adf::direction D>
inline std::size_t window_size(const adf::io_window<T, D> *window) {
    return window->size;
}
