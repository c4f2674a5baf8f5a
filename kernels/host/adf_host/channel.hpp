// What data wait in between two tasks: a bounded FIFO of bytes, and a set of one or two buffers with their locks.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "schedule.hpp"

namespace adf::host {

/// Zeroed bytes, aligned for any vector access.
class Memory {
public:
    explicit Memory(std::size_t bytes) : bytes_(bytes), data_(static_cast<std::byte *>(::operator new(bytes, std::align_val_t(64)))) {
        std::memset(data_, 0, bytes);
    }
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
    ~Memory() { ::operator delete(data_, std::align_val_t(64)); }
    std::byte *data() { return data_; }
    const std::byte *data() const { return data_; }
    std::size_t size() const { return bytes_; }

private:
    std::size_t bytes_;
    std::byte *data_;
};

/// The first word of a packet: id in bits 0 to 4, type in bits 12 to 14, odd parity in bit 31.
inline std::uint32_t packet_header(unsigned type, unsigned id) {
    const std::uint32_t header = (id & 31u) | (type & 7u) << 12;
    return header | (std::popcount(header) % 2 == 0 ? 0x80000000u : 0u);
}

/// A stream (words of 4 bytes) or a cascade (words of 64). Some words may carry TLAST.
class Fifo {
public:
    Fifo(std::string name, std::size_t capacity, std::size_t word)
        : name(std::move(name)), word_(word), ring_(capacity), empty_wait_(*this, "data"), full_wait_(*this, "room") {}
    Fifo(const Fifo &) = delete;

    std::size_t filled() const { return filled_; }
    std::size_t capacity() const { return ring_.size(); }
    std::string level() const {
        return std::to_string(filled_ / word_) + " of " + std::to_string(ring_.size() / word_) + " words of " + std::to_string(8 * word_) +
               " bits full";
    }

    /// Blocking, for kernels: at most a word at a time waits.
    void write(const void *from, std::size_t bytes, bool last = false) {
        const auto *at = static_cast<const std::byte *>(from);
        while (bytes > 0) {
            const std::size_t part = std::min(bytes, word_);
            wait_until([&] { return room() >= part; }, full_wait_);
            const bool ends = last && part == bytes;
            put(at, part, ends);
            at += part;
            bytes -= part;
        }
    }
    bool read(void *to, std::size_t bytes) {
        auto *at = static_cast<std::byte *>(to);
        bool last = false;
        while (bytes > 0) {
            const std::size_t part = std::min(bytes, word_);
            wait_until([&] { return filled_ >= part; }, empty_wait_);
            last = take(at, part);
            at += part;
            bytes -= part;
        }
        return last;
    }

    /// For data movers: what lies in one piece, up to the next TLAST, and what fits in one piece.
    std::span<const std::byte> peek() const {
        std::size_t bytes = std::min(filled_, ring_.size() - read_);
        if (!lasts_.empty())
            bytes = std::min<std::size_t>(bytes, lasts_.front() - taken_);
        return {ring_.data() + read_, bytes};
    }
    /// Drop bytes of peek(). Returns whether the last of them carries TLAST.
    bool drop(std::size_t bytes) {
        read_ = (read_ + bytes) % ring_.size();
        filled_ -= bytes;
        taken_ += bytes;
        scheduler.wake(producer);
        if (lasts_.empty() || lasts_.front() != taken_)
            return false;
        lasts_.pop_front();
        return true;
    }
    std::span<std::byte> space() {
        const std::size_t write = (read_ + filled_) % ring_.size();
        return {ring_.data() + write, std::min(room(), ring_.size() - write)};
    }
    void added(std::size_t bytes, bool last) {
        filled_ += bytes;
        if (last)
            lasts_.push_back(taken_ + filled_);
        scheduler.wake(consumer);
    }

    std::string name;
    Task *producer = nullptr, *consumer = nullptr;
    /// The id of packets here: the number of the port at the packet switch.
    unsigned packet_id = 0;

private:
    struct Wait : Waiting {
        Wait(const Fifo &fifo, const char *what) : fifo(fifo), what(what) {}
        std::string reason() const override { return std::string(what) + " on " + fifo.name + " (" + fifo.level() + ")"; }
        Task *blocker() const override { return this == &fifo.empty_wait_ ? fifo.producer : fifo.consumer; }
        const Fifo &fifo;
        const char *what;
    };

    std::size_t room() const { return ring_.size() - filled_; }
    void put(const std::byte *from, std::size_t bytes, bool last) {
        const std::size_t write = (read_ + filled_) % ring_.size(), first = std::min(bytes, ring_.size() - write);
        std::memcpy(ring_.data() + write, from, first);
        std::memcpy(ring_.data(), from + first, bytes - first);
        added(bytes, last);
    }
    bool take(std::byte *to, std::size_t bytes) {
        const std::size_t first = std::min(bytes, ring_.size() - read_);
        std::memcpy(to, ring_.data() + read_, first);
        std::memcpy(to + first, ring_.data(), bytes - first);
        return drop(bytes);
    }

    std::size_t word_;
    std::vector<std::byte> ring_;
    std::size_t read_ = 0, filled_ = 0;
    std::uint64_t taken_ = 0;
    /// Positions, counted from the first byte ever, where a word with TLAST ends.
    std::deque<std::uint64_t> lasts_;
    Wait empty_wait_, full_wait_;
};

/// One buffer, or ping and pong, that a producer fills and a consumer empties in turn.
class BufferSet {
public:
    BufferSet(std::string name, std::size_t bytes, unsigned copies) : name(std::move(name)), bytes_(bytes), full_wait_(*this, true), free_wait_(*this, false) {
        for (unsigned i = 0; i < copies; ++i)
            copies_.push_back(std::make_unique<Memory>(bytes));
    }
    BufferSet(const BufferSet &) = delete;

    std::size_t bytes() const { return bytes_; }
    std::string level() const {
        return std::to_string(full_) + " of " + std::to_string(copies_.size()) + (copies_.size() == 1 ? " buffer full" : " buffers full");
    }

    bool can_write() const { return full_ < copies_.size(); }
    bool can_read() const { return full_ > 0; }
    std::byte *write_copy() { return copies_[written_ % copies_.size()]->data(); }
    std::byte *read_copy() { return copies_[read_ % copies_.size()]->data(); }
    void wait_for_free() {
        wait_until([this] { return can_write(); }, free_wait_);
    }
    void wait_for_full() {
        wait_until([this] { return can_read(); }, full_wait_);
    }
    void release_full() {
        ++written_;
        ++full_;
        scheduler.wake(consumer);
    }
    void release_free() {
        ++read_;
        --full_;
        scheduler.wake(producer);
    }

    std::string name;
    Task *producer = nullptr, *consumer = nullptr;

private:
    struct Wait : Waiting {
        Wait(const BufferSet &set, bool full) : set(set), full(full) {}
        std::string reason() const override {
            return std::string(full ? "a full" : "a free") + " buffer on " + set.name + " (" + set.level() + ")";
        }
        Task *blocker() const override { return full ? set.producer : set.consumer; }
        const BufferSet &set;
        bool full;
    };

    std::size_t bytes_;
    std::vector<std::unique_ptr<Memory>> copies_;
    std::uint64_t written_ = 0, read_ = 0;
    std::size_t full_ = 0;
    Wait full_wait_, free_wait_;
};

/// A run-time parameter as a kernel sees it. Asynchronous: the newest value, from the first on. Synchronous: each value once.
class Parameter {
public:
    Parameter(std::string name, std::size_t bytes, bool synchronous) : name(std::move(name)), bytes(bytes), synchronous(synchronous), wait_(*this) {}
    Parameter(const Parameter &) = delete;

    void update(const void *value) {
        auto copy = std::make_shared<Memory>(bytes);
        std::memcpy(copy->data(), value, bytes);
        if (synchronous)
            queue_.push_back(std::move(copy));
        else
            newest_ = std::move(copy);
        ++updates_;
        scheduler.wake(consumer);
    }
    /// How often it was updated: an inout parameter keeps what the kernel wrote until the next time.
    std::uint64_t updates() const { return updates_; }
    /// The value of this kernel run; it stays where it is until the next run.
    std::byte *acquire() {
        wait_until([this] { return synchronous ? !queue_.empty() : newest_ != nullptr; }, wait_);
        if (synchronous) {
            newest_ = queue_.front();
            queue_.pop_front();
        }
        held_ = newest_;
        return held_->data();
    }

    std::string name;
    std::size_t bytes;
    bool synchronous;
    Task *consumer = nullptr;

private:
    struct Wait : Waiting {
        explicit Wait(const Parameter &parameter) : parameter(parameter) {}
        std::string reason() const override {
            return "an update of run-time parameter " + parameter.name +
                   (parameter.synchronous ? " (synchronous: one update a run; make it async() to keep the last)" : " (never updated)");
        }
        Task *blocker() const override { return nullptr; }
        const Parameter &parameter;
    };

    std::uint64_t updates_ = 0;
    std::shared_ptr<Memory> newest_, held_;
    std::deque<std::shared_ptr<Memory>> queue_;
    Wait wait_;
};

} // namespace adf::host
