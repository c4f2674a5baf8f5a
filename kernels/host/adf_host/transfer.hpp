// Data movers: what a DMA channel, a stream switch or a PLIO does between the ends of a connection.
#pragma once

#include <array>
#include <limits>
#include <memory>

#include "channel.hpp"
#include "walk.hpp"

namespace adf::host {

/// Where bytes come from.
class Source {
public:
    virtual ~Source() = default;
    /// Bytes that can be taken now, in one piece; empty if none.
    virtual std::span<const std::byte> peek() = 0;
    /// Take bytes of peek(). Returns whether the last of them ends a packet.
    virtual bool take(std::size_t bytes) = 0;
    virtual void set_task(Task *task) = 0;
    /// Why peek() is empty, and the task that could fill it.
    virtual std::string state() const = 0;
    virtual Task *feeder() const { return nullptr; }
};

/// Where bytes go.
class Sink {
public:
    virtual ~Sink() = default;
    virtual std::span<std::byte> space() = 0;
    virtual void commit(std::size_t bytes, bool last) = 0;
    virtual void set_task(Task *task) = 0;
    virtual std::string state() const = 0;
    virtual Task *drain() const { return nullptr; }
};

/// One source to one or several sinks, in step: a multicast moves on when all can take.
class Transfer : public Task {
public:
    Transfer(std::string name, std::unique_ptr<Source> source) : name(std::move(name)), source(std::move(source)) { this->source->set_task(this); }
    void add(std::unique_ptr<Sink> sink) {
        sink->set_task(this);
        sinks.push_back(std::move(sink));
    }

    void step() override {
        for (;;) {
            const auto from = source->peek();
            std::size_t bytes = from.size();
            // Asking for space may open a packet: only with something to put there.
            for (auto &sink : sinks)
                bytes = bytes == 0 ? 0 : std::min(bytes, sink->space().size());
            if (bytes == 0)
                return;
            for (auto &sink : sinks)
                std::memcpy(sink->space().data(), from.data(), bytes);
            const bool last = source->take(bytes);
            for (auto &sink : sinks)
                sink->commit(bytes, last);
        }
    }

    /// Why it does not move, for the explanation of a deadlock.
    std::string state() {
        if (source->peek().empty())
            return name + ": nothing to take from " + source->state();
        std::string text;
        for (auto &sink : sinks)
            if (sink->space().empty())
                text += (text.empty() ? "" : "; ") + sink->state() + " takes nothing";
        return name + ": " + text;
    }

    std::string title() const override { return name; }
    Task *blocker() override {
        if (source->peek().empty())
            return source->feeder();
        for (auto &sink : sinks)
            if (sink->space().empty())
                return sink->drain();
        return nullptr;
    }

    std::string name;
    std::unique_ptr<Source> source;
    std::vector<std::unique_ptr<Sink>> sinks;
};

class FifoSource : public Source {
public:
    explicit FifoSource(Fifo &fifo) : fifo_(fifo) {}
    std::span<const std::byte> peek() override { return fifo_.peek(); }
    bool take(std::size_t bytes) override { return fifo_.drop(bytes); }
    void set_task(Task *task) override { fifo_.consumer = task; }
    Task *feeder() const override { return fifo_.producer; }
    std::string state() const override { return fifo_.name + " (" + fifo_.level() + ")"; }

private:
    Fifo &fifo_;
};

class FifoSink : public Sink {
public:
    explicit FifoSink(Fifo &fifo) : fifo_(fifo) {}
    std::span<std::byte> space() override { return fifo_.space(); }
    void commit(std::size_t bytes, bool last) override { fifo_.added(bytes, last); }
    void set_task(Task *task) override { fifo_.producer = task; }
    Task *drain() const override { return fifo_.consumer; }
    std::string state() const override { return fifo_.name + " (" + fifo_.level() + ")"; }

private:
    Fifo &fifo_;
};

/// A position in a walk over a buffer.
class Cursor {
public:
    explicit Cursor(Walk walk) : walk_(std::move(walk)) {}
    const Run &run() const { return walk_.runs[run_]; }
    std::size_t offset() const { return run().offset + done_; }
    std::size_t left() const { return run().bytes - done_; }
    /// Returns whether the walk is complete; it then starts again.
    bool advance(std::size_t bytes) {
        done_ += bytes;
        if (done_ < run().bytes)
            return false;
        done_ = 0;
        run_ = (run_ + 1) % walk_.runs.size();
        return run_ == 0;
    }
    bool at_start() const { return run_ == 0 && done_ == 0; }
    std::size_t bytes() const { return walk_.bytes; }

private:
    Walk walk_;
    std::size_t run_ = 0, done_ = 0;
};

inline constexpr std::array<std::byte, 4096> zero_bytes{};

class BufferSource : public Source {
public:
    BufferSource(BufferSet &set, Walk walk) : set_(set), cursor_(std::move(walk)) {}
    std::span<const std::byte> peek() override {
        if (!set_.can_read())
            return {};
        if (cursor_.run().padding)
            return std::span(zero_bytes).first(std::min(cursor_.left(), zero_bytes.size()));
        return {set_.read_copy() + cursor_.offset(), cursor_.left()};
    }
    bool take(std::size_t bytes) override {
        const bool done = cursor_.advance(bytes);
        if (done)
            set_.release_free();
        return done;
    }
    void set_task(Task *task) override { set_.consumer = task; }
    Task *feeder() const override { return set_.producer; }
    std::string state() const override { return set_.name + " (" + set_.level() + ")"; }

private:
    BufferSet &set_;
    Cursor cursor_;
};

class BufferSink : public Sink {
public:
    BufferSink(BufferSet &set, Walk walk) : set_(set), cursor_(std::move(walk)) {}
    std::span<std::byte> space() override {
        if (!set_.can_write())
            return {};
        return {set_.write_copy() + cursor_.offset(), cursor_.left()};
    }
    void commit(std::size_t bytes, bool) override {
        if (cursor_.advance(bytes))
            set_.release_full();
    }
    void set_task(Task *task) override { set_.producer = task; }
    Task *drain() const override { return set_.consumer; }
    std::string state() const override { return set_.name + " (" + set_.level() + (cursor_.at_start() ? ")" : ", one partly)"); }

private:
    BufferSet &set_;
    Cursor cursor_;
};

} // namespace adf::host
