// A task of a running graph: a kernel on its core.
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

} // namespace adf::host
