// A graph seen flat: its nodes, and connections from real source to real sinks, with the ports of subgraphs passed through.
#pragma once

#include <link.h>

#include <map>
#include <set>

#include "settings.hpp"

namespace adf::host {

struct Net {
    Port *source;
    std::vector<Port *> sinks;
};

struct Network {
    std::string name;
    std::vector<Node *> nodes;
    std::vector<Net> nets;
};

/// Name and size of a global object, where the program exports it; the size is 0 where it does not.
inline std::pair<std::string, std::size_t> global_object(const void *object) {
    Dl_info info;
    void *extra = nullptr;
    if (dladdr1(object, &info, &extra, RTLD_DL_SYMENT) == 0 || info.dli_saddr != object || !extra)
        return {"", 0};
    return {demangled(info.dli_sname), static_cast<const ElfW(Sym) *>(extra)->st_size};
}

/// The node port at the start of the chain that ends at `port`; null if the chain starts at a port of a graph.
inline Port *true_source(Port *port) {
    Port *at = port->driver;
    while (at && !at->node)
        at = at->driver;
    return at;
}

/// Every node port that `port` feeds, in the order of connection.
inline void true_sinks(const Port *port, std::vector<Port *> &out) {
    for (Port *sink : port->sinks) {
        if (sink->node)
            out.push_back(sink);
        else
            true_sinks(sink, out);
    }
}

/// Flattens the graph at `top` (all graphs of the program if its extent is not known) and completes the labels of its nodes.
inline Network flatten(const graph *top, const std::string &fallback_name) {
    Network network;
    const auto [name, size] = global_object(top);
    network.name = name.empty() ? fallback_name : name;
    const auto *begin = reinterpret_cast<const std::byte *>(top);
    std::map<std::string, int> count, next;
    for (auto &node : registry().nodes) {
        const auto *owner = reinterpret_cast<const std::byte *>(node->owner);
        if (size != 0 && !(owner >= begin && owner < begin + size))
            continue;
        network.nodes.push_back(node.get());
        ++count[node->label];
    }
    for (Node *node : network.nodes) {
        const bool named = node->kind == NodeKind::plio || node->kind == NodeKind::gmio;
        const std::string number = count[node->label] > 1 ? "[" + std::to_string(next[node->label]++) + "]" : "";
        node->label = named ? node->label : network.name + "." + node->label + number;
    }
    for (Node *node : network.nodes)
        for (auto *list : {&node->out, &node->inout})
            for (auto &port : *list) {
                Net net{port.get(), {}};
                true_sinks(port.get(), net.sinks);
                network.nets.push_back(std::move(net));
            }
    return network;
}

/// The element type of a port: its own, or that of the first typed port at the other end.
inline const ElementFormat *format_at(const Port *port) {
    if (port->format)
        return port->format;
    std::vector<Port *> ends;
    true_sinks(port, ends);
    if (Port *source = true_source(const_cast<Port *>(port)))
        ends.push_back(source);
    for (const Port *end : ends)
        if (end->format)
            return end->format;
    for (const Port *end : ends)
        if (end->node->kind == NodeKind::packet_split || end->node->kind == NodeKind::packet_merge)
            return format_of<int32>("int32");
    return nullptr;
}

/// The order in which an access moves one block: its tiling, or the whole block from front to back.
inline Walk walk_of(const Port *port) {
    const auto *shared = port->node->kind == NodeKind::shared_buffer ? static_cast<const SharedNode *>(port->node) : nullptr;
    const std::size_t size = shared ? shared->elements() : port->elements() + port->margin, each = port->format->bytes;
    if (port->tiling)
        return Walker(*port->tiling, port->dimensions, size, each).walk();
    Walk walk;
    walk.add({port->margin * each, shared ? size * each : port->elements() * each, false});
    return walk;
}

inline bool of_kernel(const Port *port, PortKind kind) { return port->node->kind == NodeKind::kernel && port->kind == kind; }

/// Two kernels' buffers of one size, without an access order of their own, are one buffer in memory that both reach.
inline bool shares_buffer(const Port *a, const Port *b) {
    return of_kernel(a, PortKind::buffer) && of_kernel(b, PortKind::buffer) && a->block_bytes() == b->block_bytes() && !a->tiling && !b->tiling &&
           a->margin == 0 && b->margin == 0;
}

} // namespace adf::host
