// adf::graph: the base of every graph, and how main() runs it.
#pragma once

#include "engine.hpp"

namespace adf {

enum return_code { ok = 0, user_error, aie_driver_error, xrt_error, internal_error, unsupported };

class graph {
public:
    graph() {
        host::registry().graphs.push_back(this);
        host::registry().current = this;
    }
    graph(const graph &) = delete;
    graph &operator=(const graph &) = delete;
    virtual ~graph() = default;

    /// Check the graph and load it. A graph that breaks a rule ends the program with exit code 1.
    return_code init() {
        engine_ = std::make_unique<host::Engine>(host::flatten(this, host::demangled(typeid(*this).name())));
        return return_code::ok;
    }
    /// Ask for iterations and return at once. ADF_HOST_ITERATIONS in the environment replaces the number.
    return_code run(int iterations = -1) {
        const char *instead = std::getenv("ADF_HOST_ITERATIONS");
        engine().run(instead ? std::atol(instead) : iterations);
        return return_code::ok;
    }
    return_code wait() {
        engine().wait();
        return return_code::ok;
    }
    return_code wait(unsigned long long milliseconds) {
        engine().wait(static_cast<long>(milliseconds));
        return return_code::ok;
    }
    return_code resume() { return return_code::ok; }
    return_code end() { return wait(); }
    return_code end(unsigned long long milliseconds) { return wait(milliseconds); }

    template <class T, direction D>
    return_code update(const port<D> &p, const T &value) {
        return update_bytes(p.node(), &value, sizeof value, 1);
    }
    template <class T, direction D>
    return_code update(const port<D> &p, const T *values, std::size_t count) {
        return update_bytes(p.node(), values, count * sizeof(T), count);
    }
    template <class T, direction D>
    return_code read(const port<D> &p, T &value) {
        return read_bytes(p.node(), &value, sizeof value);
    }
    template <class T, direction D>
    return_code read(const port<D> &p, T *values, std::size_t count) {
        return read_bytes(p.node(), values, count * sizeof(T));
    }

private:
    host::Engine &engine() {
        if (!engine_)
            host::stop("the graph was used before init()");
        return *engine_;
    }
    return_code update_bytes(host::Port *port, const void *values, std::size_t bytes, std::size_t count) {
        std::vector<host::Port *> sinks;
        host::true_sinks(port, sinks);
        if (sinks.empty())
            host::stop("update of a port that feeds no kernel");
        for (const host::Port *sink : sinks) {
            const auto found = engine().parameters.find(sink);
            if (found == engine().parameters.end())
                host::stop("update of " + sink->name() + ", which is no run-time parameter");
            if (found->second->bytes != bytes)
                host::stop("update of " + sink->name() + " with " + std::to_string(count) + " elements (" + std::to_string(bytes) +
                           " bytes): it has " + std::to_string(sink->type_elements) + " (" + std::to_string(found->second->bytes) + " bytes)");
            found->second->update(values);
        }
        return return_code::ok;
    }
    return_code read_bytes(host::Port *port, void *values, std::size_t bytes) {
        const host::Port *source = host::true_source(port);
        const auto found = engine().readbacks.find(source);
        if (!source || found == engine().readbacks.end())
            host::stop("read of a port that no inout parameter drives");
        host::Readback &back = *found->second;
        engine().advance();
        const bool synchronous = !source->asynchronous.value_or(true);
        if (synchronous ? back.queue.empty() : back.writes == 0)
            host::stop("read of " + source->name() + ": the kernel has written no " + (synchronous ? "further " : "") + "value");
        std::vector<std::byte> &value = synchronous ? back.queue.front() : back.value;
        if (value.size() != bytes)
            host::stop("read of " + source->name() + " with " + std::to_string(bytes) + " bytes: it has " + std::to_string(value.size()));
        std::memcpy(values, value.data(), bytes);
        if (synchronous)
            back.queue.pop_front();
        return return_code::ok;
    }

    std::unique_ptr<host::Engine> engine_;
};

/// For the build, in place of main(): the kernel sources of all graphs, a line each; nothing runs.
extern "C" [[gnu::used]] inline int adf_host_list_sources() {
    for (const auto &node : host::registry().nodes)
        if (node->kind == host::NodeKind::kernel)
            std::printf("%s\n", static_cast<const host::KernelNode &>(*node).source.c_str());
    std::fflush(stdout);
    std::_Exit(0);
}

/// Profiling calls return at once: time is not emulated.
namespace event {
enum io_profiling_option { io_total_stream_running_to_idle_cycles, io_stream_start_to_bytes_transferred_cycles, io_stream_start_difference_cycles, io_stream_running_event_count };
using handle = int;
inline constexpr handle invalid_handle = -1;
template <class... A>
inline handle start_profiling(A &&...) {
    return 0;
}
inline long long read_profiling(handle) { return 0; }
inline void stop_profiling(handle) {}
} // namespace event

} // namespace adf
