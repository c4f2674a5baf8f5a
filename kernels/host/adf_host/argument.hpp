// How each argument of a kernel function is fed: one Argument a parameter of the signature, in its order.
#pragma once

#include "kernel_types.hpp"

namespace adf::host {

/// What the host can read back of an inout parameter, and the parameters of other kernels that it updates.
struct Readback {
    std::vector<std::byte> value;
    std::uint64_t writes = 0;
    std::deque<std::vector<std::byte>> queue;
    std::vector<Parameter *> chained;
};

/// One argument: its port, what feeds it once the graph runs, and what happens before and after each execution.
class Argument {
public:
    virtual ~Argument() = default;
    virtual void acquire() {}
    virtual void release() {}
    virtual void attach() {}

    Port *port = nullptr;
    BufferSet *set = nullptr;
    Fifo *fifo = nullptr;
    Parameter *parameter = nullptr;
    Readback *readback = nullptr;
};

template <class T>
inline void describe(Port *port, PortKind kind) {
    port->kind = kind;
    port->format = format_of<T>(element_name<T>());
}

/// The primary template is a run-time parameter by value or by reference to const.
template <class A>
class ArgumentOf : public Argument {
    using T = std::remove_cvref_t<A>;

public:
    static constexpr direction dir = direction::in;
    explicit ArgumentOf(Node &node) {
        port = node.add(dir);
        describe<T>(port, PortKind::parameter);
        port->type_elements = 1;
        port->scalar = true;
    }
    void acquire() override { std::memcpy(&value_, parameter->acquire(), sizeof value_); }
    const T &get() { return value_; }

private:
    T value_{};
};

template <class T, std::size_t N>
class ArgumentOf<const T (&)[N]> : public Argument {
public:
    explicit ArgumentOf(Node &node) {
        port = node.add(direction::in);
        describe<T>(port, PortKind::parameter);
        port->type_elements = N;
    }
    void acquire() override { value_ = reinterpret_cast<const T(*)[N]>(parameter->acquire()); }
    const T (&get())[N] { return *value_; }

private:
    const T (*value_)[N] = nullptr;
};

/// A parameter that the kernel may write: the value stays from run to run, and the host may read it.
template <class Value>
class InoutArgument : public Argument {
public:
    InoutArgument(Node &node, std::size_t count) : memory_(sizeof(Value)) {
        port = node.add(direction::inout);
        port->kind = PortKind::parameter;
        port->type_elements = count;
        port->scalar = count == 1;
    }
    void acquire() override {
        if (!parameter)
            return;
        const std::byte *value = parameter->acquire();
        if (seen_ != parameter->updates())
            std::memcpy(memory_.data(), value, sizeof(Value));
        seen_ = parameter->updates();
    }
    void release() override {
        if (!readback)
            return;
        for (Parameter *other : readback->chained)
            other->update(memory_.data());
        readback->value.assign(memory_.data(), memory_.data() + sizeof(Value));
        readback->queue.push_back(readback->value);
        ++readback->writes;
    }
    Value &get() { return *reinterpret_cast<Value *>(memory_.data()); }

private:
    Memory memory_;
    std::uint64_t seen_ = 0;
};

template <class T>
    requires(!std::is_const_v<T>)
class ArgumentOf<T &> : public InoutArgument<T> {
public:
    explicit ArgumentOf(Node &node) : InoutArgument<T>(node, 1) { this->port->format = format_of<T>(element_name<T>()); }
};
template <class T, std::size_t N>
    requires(!std::is_const_v<T>)
class ArgumentOf<T (&)[N]> : public InoutArgument<T[N]> {
public:
    explicit ArgumentOf(Node &node) : InoutArgument<T[N]>(node, N) { this->port->format = format_of<T>(element_name<T>()); }
};

/// Lock and unlock of a buffer port; an input's margin is what ended the block before.
template <class T, direction D>
class BufferArgument : public Argument {
public:
    BufferArgument(Node &node, std::size_t extent, std::size_t margin) {
        port = node.add(D);
        describe<T>(port, PortKind::buffer);
        port->type_elements = extent;
        port->margin = margin;
    }

protected:
    std::size_t samples() const { return set->bytes() / sizeof(T) - port->margin; }
    T *lock() {
        if constexpr (D == direction::in)
            set->wait_for_full();
        else
            set->wait_for_free();
        auto *block = reinterpret_cast<T *>(D == direction::in ? set->read_copy() : set->write_copy());
        if (D == direction::in && port->margin > 0) {
            tail_.resize(port->margin);
            std::copy(tail_.begin(), tail_.end(), block);
            std::copy(block + samples(), block + samples() + port->margin, tail_.begin());
        }
        return block;
    }
    void unlock() {
        if constexpr (D == direction::in)
            set->release_free();
        else
            set->release_full();
    }

private:
    std::vector<T> tail_;
};

template <class T, direction D, class E, class M, class A, class S>
class ArgumentOf<io_buffer<T, D, E, M, A, S> &> : public BufferArgument<T, D> {
    using Base = BufferArgument<T, D>;
    static constexpr bool asynchronous = std::is_same_v<S, async_access>;

public:
    explicit ArgumentOf(Node &node) : Base(node, E::count, M::count) {}
    void attach() override {
        buffer_.bind(nullptr, Base::samples());
        if (asynchronous)
            buffer_.bind_lock([this](bool take) {
                if (take)
                    buffer_.bind(Base::lock(), Base::samples());
                else
                    Base::unlock();
            });
    }
    void acquire() override {
        if (!asynchronous)
            buffer_.bind(Base::lock(), Base::samples());
    }
    void release() override {
        if (!asynchronous)
            Base::unlock();
    }
    auto &get() { return buffer_; }

private:
    io_buffer<T, D, E, M, A, S> buffer_;
};

template <class T, direction D>
class ArgumentOf<io_window<T, D> *> : public BufferArgument<T, D> {
public:
    explicit ArgumentOf(Node &node) : BufferArgument<T, D>(node, 0, 0) {}
    void acquire() override {
        window_.head = window_.ptr = this->lock();
        window_.size = this->samples();
        window_.margin = this->port->margin;
    }
    void release() override { this->unlock(); }
    io_window<T, D> *get() { return &window_; }

private:
    io_window<T, D> window_;
};

template <class Stream, direction D, PortKind K>
class StreamArgument : public Argument {
public:
    explicit StreamArgument(Node &node) {
        port = node.add(D);
        describe<typename Stream::value_type>(port, K);
    }
    void attach() override { stream_.fifo = fifo; }
    Stream *get() { return &stream_; }

private:
    Stream stream_;
};
template <class T, direction D>
class ArgumentOf<io_stream<T, D> *> : public StreamArgument<io_stream<T, D>, D, PortKind::stream> {
public:
    using StreamArgument<io_stream<T, D>, D, PortKind::stream>::StreamArgument;
};
template <class T, direction D>
class ArgumentOf<io_cascade<T, D> *> : public StreamArgument<io_cascade<T, D>, D, PortKind::cascade> {
public:
    using StreamArgument<io_cascade<T, D>, D, PortKind::cascade>::StreamArgument;
};

} // namespace adf::host
