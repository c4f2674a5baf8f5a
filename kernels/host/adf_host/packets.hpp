// Packets: switches that split and merge them, and the ends of connections that know nothing of them.
#pragma once

#include "transfer.hpp"

namespace adf::host {

/// Sends each packet, header included, to the output that the low 5 bits of its header name; or collects packets, in turn where ordered.
class PacketTask : public Task {
public:
    PacketTask(std::string name, std::vector<Fifo *> in, std::vector<Fifo *> out, bool ordered)
        : name_(std::move(name)), in_(std::move(in)), out_(std::move(out)), ordered_(ordered) {
        for (unsigned i = 0; i < in_.size(); ++i) {
            in_[i]->consumer = this;
            in_[i]->packet_id = i;
        }
        for (unsigned i = 0; i < out_.size(); ++i) {
            out_[i]->producer = this;
            out_[i]->packet_id = i;
        }
    }
    void step() override {
        while (open_packet() && move_word())
            ;
    }
    std::string title() const override { return name_; }
    Task *blocker() override { return in_[from_]->filled() >= 4 ? out_[to_]->consumer : in_[from_]->producer; }

private:
    bool open_packet() {
        if (inside_)
            return true;
        for (std::size_t tried = 0; tried < in_.size(); ++tried, from_ = (from_ + 1) % in_.size()) {
            if (in_[from_]->filled() >= 4) {
                std::uint32_t header;
                std::memcpy(&header, in_[from_]->peek().data(), sizeof header);
                to_ = out_.size() == 1 ? 0 : header & 31u;
                if (to_ >= out_.size())
                    stop(name_ + ": a packet has id " + std::to_string(to_) + ", but there are " + std::to_string(out_.size()) + " outputs");
                return inside_ = true;
            }
            if (ordered_)
                return false;
        }
        return false;
    }
    bool move_word() {
        const auto from = in_[from_]->peek();
        auto to = out_[to_]->space();
        if (from.size() < 4 || to.size() < 4)
            return false;
        std::memcpy(to.data(), from.data(), 4);
        const bool last = in_[from_]->drop(4);
        out_[to_]->added(4, last);
        if (last) {
            inside_ = false;
            from_ = (from_ + 1) % in_.size();
        }
        return true;
    }

    std::string name_;
    std::vector<Fifo *> in_, out_;
    bool ordered_, inside_ = false;
    std::size_t from_ = 0, to_ = 0;
};

/// Packets on their way to a reader that knows nothing of them: headers are dropped.
class PayloadSource : public FifoSource {
public:
    using FifoSource::FifoSource;
    std::span<const std::byte> peek() override {
        if (at_header_ && FifoSource::peek().size() >= sizeof(std::uint32_t))
            at_header_ = FifoSource::take(sizeof(std::uint32_t));
        return at_header_ ? std::span<const std::byte>{} : FifoSource::peek();
    }
    bool take(std::size_t bytes) override { return at_header_ = FifoSource::take(bytes); }

private:
    bool at_header_ = true;
};

/// Blocks of a writer that knows nothing of packets: each gets a header in front.
class PacketSink : public FifoSink {
public:
    PacketSink(Fifo &fifo, unsigned id) : FifoSink(fifo), header_(packet_header(0, id)) {}
    std::span<std::byte> space() override {
        if (at_header_ && FifoSink::space().size() >= sizeof header_) {
            std::memcpy(FifoSink::space().data(), &header_, sizeof header_);
            FifoSink::commit(sizeof header_, false);
            at_header_ = false;
        }
        return at_header_ ? std::span<std::byte>{} : FifoSink::space();
    }
    void commit(std::size_t bytes, bool last) override {
        FifoSink::commit(bytes, last);
        at_header_ = last;
    }

private:
    std::uint32_t header_;
    bool at_header_ = true;
};

} // namespace adf::host
