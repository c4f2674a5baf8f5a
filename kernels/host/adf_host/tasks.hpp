// Tasks of a running graph: a kernel on its core, and packet switches.
#pragma once

#include "network.hpp"

namespace adf::host {

class KernelTask : public Task {
public:
    KernelTask(KernelNode &node, CoreState &core) : node(node), core_(core), fiber_([this] { body(); }) {}

    void step() override {
        current_core = &core_;
        core_.name = node.label;
        current_wait = &wait_;
        fiber_.resume();
        current_wait = nullptr;
        current_core = &outside_any_core;
    }
    std::string title() const override { return node.label; }
    Task *blocker() override { return wait_ ? wait_->blocker() : nullptr; }
    bool complete() const { return done == target; }
    /// What an unfinished kernel waits for, with fill levels.
    std::string state() const {
        return node.label + ", execution " + std::to_string(done + 1) + " of " + (endless ? "any" : std::to_string(target)) + ", waits for " +
               (wait_ ? wait_->reason() : "nothing");
    }

    KernelNode &node;
    /// Executions asked for and completed.
    std::uint64_t target = 0, done = 0;
    bool endless = false;

private:
    void body() {
        if (node.construct)
            node.construct();
        initialise();
        for (;;) {
            while (done == target)
                Fiber::suspend();
            for (auto &argument : node.arguments)
                argument->acquire();
            node.invoke();
            for (auto &argument : node.arguments)
                argument->release();
            ++done;
        }
    }
    void initialise() {
        const std::string &name = node.initialisation;
        if (name.empty())
            return;
        void *function = dlsym(RTLD_DEFAULT, ("_Z" + std::to_string(name.size()) + name + "v").c_str());
        if (!function)
            function = dlsym(RTLD_DEFAULT, name.c_str());
        if (!function)
            kernel_fault("initialization_function " + name + " was not found among the exported functions");
        reinterpret_cast<void (*)()>(function)();
    }

    CoreState &core_;
    Fiber fiber_;
    const Waiting *wait_ = nullptr;
};

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

} // namespace adf::host
