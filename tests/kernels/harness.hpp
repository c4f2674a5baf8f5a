// Calls one kernel after another outside any graph: arguments come from standard input, results go to standard output, as raw bytes.
#pragma once

#include <adf.h>

#include <cstdio>
#include <vector>

#include "aie_api/aie.hpp"

namespace harness {

inline void receive(void *to, std::size_t bytes) {
    if (std::fread(to, 1, bytes, stdin) != bytes)
        std::exit(3);
}
inline void send(const void *from, std::size_t bytes) { std::fwrite(from, 1, bytes, stdout); }

/// Memory of a block between two guards, which a kernel must leave alone.
template <class T>
class Guarded {
public:
    explicit Guarded(std::size_t elements) : bytes_(elements * sizeof(T)), memory_(bytes_ + 2 * guard) {
        std::memset(memory_.data(), 0x77, memory_.size());
    }
    T *data() { return reinterpret_cast<T *>(memory_.data() + guard); }
    std::size_t bytes() const { return bytes_; }
    ~Guarded() {
        for (std::size_t i = 0; i < guard; ++i)
            if (memory_.data()[i] != std::byte(0x77) || memory_.data()[guard + bytes_ + i] != std::byte(0x77))
                std::exit(4);
    }

private:
    static constexpr std::size_t guard = 64;
    std::size_t bytes_;
    adf::host::Memory memory_;
};

template <class T>
struct Input {
    explicit Input(std::size_t elements) : memory(elements) {
        receive(memory.data(), memory.bytes());
        port.bind(memory.data(), elements);
    }
    Guarded<T> memory;
    adf::input_buffer<T> port;
};
template <class T>
struct Output {
    explicit Output(std::size_t elements) : memory(elements) { port.bind(memory.data(), elements); }
    void done() { send(memory.data(), memory.bytes()); }
    Guarded<T> memory;
    adf::output_buffer<T> port;
};
template <class T, std::size_t N>
struct Parameter {
    Parameter() : memory(N) { receive(memory.data(), memory.bytes()); }
    const T (&port())[N] { return *reinterpret_cast<const T(*)[N]>(memory.data()); }
    Guarded<T> memory;
};

template <class Tag>
using lane = typename adf::host::lane_of<Tag>::type;

template <class Tag>
struct CascadeIn {
    explicit CascadeIn(std::size_t lanes) : fifo("cascade", lanes * sizeof(lane<Tag>), 64) {
        std::vector<lane<Tag>> values(lanes);
        receive(values.data(), lanes * sizeof(lane<Tag>));
        fifo.write(values.data(), lanes * sizeof(lane<Tag>));
        port.fifo = &fifo;
    }
    adf::host::Fifo fifo;
    adf::input_cascade<Tag> port;
};
template <class Tag>
struct CascadeOut {
    explicit CascadeOut(std::size_t lanes) : bytes(lanes * sizeof(lane<Tag>)), fifo("cascade", bytes, 64) { port.fifo = &fifo; }
    void done() {
        std::vector<std::byte> values(bytes);
        fifo.read(values.data(), bytes);
        send(values.data(), bytes);
    }
    std::size_t bytes;
    adf::host::Fifo fifo;
    adf::output_cascade<Tag> port;
};

} // namespace harness
