// A shared buffer at work: all writers fill a copy, then all readers empty it; with two copies they alternate.
#pragma once

#include "transfer.hpp"

namespace adf::host {

class SharedMemory {
public:
    SharedMemory(std::string name, std::size_t bytes, unsigned copies, std::size_t writers, std::size_t readers)
        : name(std::move(name)), written_(writers, 0), read_(readers, 0), tasks_(writers + readers, nullptr) {
        for (unsigned i = 0; i < copies; ++i)
            copies_.push_back(std::make_unique<Memory>(bytes));
    }

    bool may_write(std::size_t port) const { return written_[port] < target && written_[port] < freed() + copies_.size(); }
    bool may_read(std::size_t port) const { return read_[port] < target && read_[port] < filled(); }
    std::byte *write_copy(std::size_t port) { return copies_[written_[port] % copies_.size()]->data(); }
    std::byte *read_copy(std::size_t port) { return copies_[read_[port] % copies_.size()]->data(); }
    void wrote(std::size_t port) {
        ++written_[port];
        wake_all();
    }
    void was_read(std::size_t port) {
        ++read_[port];
        wake_all();
    }
    void wake_all() {
        for (Task *task : tasks_)
            scheduler.wake(task);
    }
    void set_task(std::size_t slot, Task *task) { tasks_[slot] = task; }
    std::size_t writers() const { return written_.size(); }
    /// A buffer without writers holds its initial value for good.
    void initialise(const void *value, std::size_t bytes) {
        for (auto &copy : copies_)
            std::memcpy(copy->data(), value, bytes);
    }

    /// Generations that every port has completed.
    std::uint64_t completed() const { return std::min(filled(), freed()); }
    std::string level() const {
        const std::uint64_t full = written_.empty() ? copies_.size() : filled() - std::min(filled(), freed());
        return std::to_string(full) + " of " + std::to_string(copies_.size()) + " copies full";
    }

    /// The first port that lags, for the explanation of a deadlock.
    Task *slowest(bool writing) const {
        const auto &counts = writing ? written_ : read_;
        if (counts.empty())
            return nullptr;
        const auto at = std::min_element(counts.begin(), counts.end()) - counts.begin();
        return tasks_[static_cast<std::size_t>(at) + (writing ? 0 : written_.size())];
    }

    std::string name;
    /// Generations to run in all.
    std::uint64_t target = 0;

private:
    static std::uint64_t least(const std::vector<std::uint64_t> &counts) {
        std::uint64_t low = std::numeric_limits<std::uint64_t>::max();
        for (std::uint64_t count : counts)
            low = std::min(low, count);
        return low;
    }
    std::uint64_t filled() const { return least(written_); }
    std::uint64_t freed() const { return least(read_); }

    std::vector<std::uint64_t> written_, read_;
    std::vector<Task *> tasks_;
    std::vector<std::unique_ptr<Memory>> copies_;
};

class SharedSource : public Source {
public:
    SharedSource(SharedMemory &memory, std::size_t port, Walk walk) : memory_(memory), port_(port), cursor_(std::move(walk)) {}
    std::span<const std::byte> peek() override {
        if (!memory_.may_read(port_))
            return {};
        if (cursor_.run().padding)
            return std::span(zero_bytes).first(std::min(cursor_.left(), zero_bytes.size()));
        return {memory_.read_copy(port_) + cursor_.offset(), cursor_.left()};
    }
    bool take(std::size_t bytes) override {
        const bool done = cursor_.advance(bytes);
        if (done)
            memory_.was_read(port_);
        return done;
    }
    void set_task(Task *task) override { memory_.set_task(memory_.writers() + port_, task); }
    Task *feeder() const override { return memory_.slowest(true); }
    std::string state() const override { return "shared buffer " + memory_.name + ".out[" + std::to_string(port_) + "] (" + memory_.level() + ")"; }

private:
    SharedMemory &memory_;
    std::size_t port_;
    Cursor cursor_;
};

class SharedSink : public Sink {
public:
    SharedSink(SharedMemory &memory, std::size_t port, Walk walk) : memory_(memory), port_(port), cursor_(std::move(walk)) {}
    std::span<std::byte> space() override {
        if (!memory_.may_write(port_))
            return {};
        return {memory_.write_copy(port_) + cursor_.offset(), cursor_.left()};
    }
    void commit(std::size_t bytes, bool) override {
        if (cursor_.advance(bytes))
            memory_.wrote(port_);
    }
    void set_task(Task *task) override { memory_.set_task(port_, task); }
    Task *drain() const override { return memory_.slowest(false); }
    std::string state() const override { return "shared buffer " + memory_.name + ".in[" + std::to_string(port_) + "] (" + memory_.level() + ")"; }

private:
    SharedMemory &memory_;
    std::size_t port_;
    Cursor cursor_;
};

} // namespace adf::host
