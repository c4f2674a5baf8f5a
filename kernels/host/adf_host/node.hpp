// What a graph consists of, before it runs: nodes, their ports, and where the constraints put them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format.hpp"
#include "walk.hpp"

namespace adf {

class graph;

enum class direction { in, out, inout };
inline constexpr direction input = direction::in, output = direction::out, inout = direction::inout;

enum tile_type { aie_tile, shim_tile, memory_tile };

namespace host {
struct Node;
struct Port;
} // namespace host

/// A place or a relation to one. Offsets in bytes.
struct location_constraint {
    enum class kind { none, tile, bank, address, offset, shim, dma, box, same_kernel, same_buffer, other };
    kind what = kind::none;
    int col = -1, row = -1, value = -1;
    /// col and row are steps from the place of `node`.
    bool relative = false;
    host::Node *node = nullptr;
    host::Port *port = nullptr;
};

/// A handle of a port; copies name the same port. A default one is a port of a graph.
template <direction D>
class port {
public:
    port();
    explicit port(host::Port *node) : node_(node) {}
    host::Port *node() const { return node_; }

private:
    host::Port *node_;
};

} // namespace adf

namespace adf::host {

enum class PortKind { none, buffer, stream, cascade, parameter };

/// One end of connections. `node` is null for a port of a graph, which only passes on.
struct Port {
    explicit Port(Node *node = nullptr, direction dir = direction::in, unsigned index = 0)
        : node(node), dir(dir), index(index), as_in(this), as_out(this), as_inout(this) {}
    Port(const Port &) = delete;

    std::string name() const;
    /// Elements that one execution moves: dimensions(), else the extent in the type.
    std::size_t elements() const {
        std::size_t count = 1;
        for (std::uint32_t d : dimensions)
            count *= d;
        return dimensions.empty() ? type_elements : count;
    }
    std::size_t block_bytes() const { return elements() * (format ? format->bytes : 0); }

    Node *node;
    direction dir;
    unsigned index;
    port<direction::in> as_in;
    port<direction::out> as_out;
    port<direction::inout> as_inout;

    PortKind kind = PortKind::none;
    const ElementFormat *format = nullptr;
    std::size_t type_elements = 0, margin = 0;
    bool scalar = false;

    std::vector<std::uint32_t> dimensions;
    std::optional<tiling_parameters> tiling;
    bool single = false;
    unsigned asynchronous_repetition = 1;
    std::optional<bool> asynchronous;
    std::vector<location_constraint> places;
    std::optional<location_constraint> dma;
    std::size_t fifo_depth = 0;

    Port *driver = nullptr;
    std::vector<Port *> sinks;
};

enum class NodeKind { kernel, plio, gmio, shared_buffer, packet_split, packet_merge, table };

struct Node {
    Node(NodeKind kind, std::string label);
    Node(const Node &) = delete;
    virtual ~Node() = default;

    Port *add(direction dir) {
        auto &list = dir == direction::in ? in : dir == direction::out ? out : inout;
        list.push_back(std::make_unique<Port>(this, dir, static_cast<unsigned>(list.size())));
        return list.back().get();
    }

    NodeKind kind;
    const graph *owner;
    /// What to call it: completed with the graph's name and a number when the graph starts.
    std::string label;
    std::vector<std::unique_ptr<Port>> in, out, inout;
    std::vector<location_constraint> places;
    /// Executions a graph iteration; 0 where neither the graph says nor rates tell.
    unsigned repetition = 0;
};

/// Everything that graphs declared so far, in order.
struct Registry {
    std::vector<std::unique_ptr<Node>> nodes;
    std::vector<std::unique_ptr<Port>> graph_ports;
    std::vector<const graph *> graphs;
    const graph *current = nullptr;
    /// Mistakes found while graphs were built; reported by init().
    std::vector<std::string> errors;
};

/// Lives until the program ends: graphs are global objects, and the order of their destruction is open.
inline Registry &registry() {
    static Registry *const all = new Registry;
    return *all;
}

inline Node::Node(NodeKind kind, std::string label) : kind(kind), owner(registry().current), label(std::move(label)) {}

template <class T, class... Arguments>
inline T *add_node(Arguments &&...arguments) {
    auto node = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    T *raw = node.get();
    registry().nodes.push_back(std::move(node));
    return raw;
}

inline std::string Port::name() const {
    if (!node)
        return "a port of the graph";
    if (node->kind == NodeKind::plio || node->kind == NodeKind::gmio)
        return node->label;
    return node->label + (dir == direction::in ? ".in[" : dir == direction::out ? ".out[" : ".inout[") + std::to_string(index) + "]";
}

/// The port that a mistaken index gets, so that the graph goes on to its other mistakes.
inline Port *stray_port() {
    registry().graph_ports.push_back(std::make_unique<Port>());
    return registry().graph_ports.back().get();
}

inline Port *port_at(Node *node, const std::vector<std::unique_ptr<Port>> Node::*list, const char *what, std::size_t index) {
    if (!node) {
        registry().errors.push_back(std::string(what) + "[" + std::to_string(index) + "] of a kernel, PLIO or buffer that was never created");
        return stray_port();
    }
    const auto &ports = node->*list;
    if (index < ports.size())
        return ports[index].get();
    registry().errors.push_back(node->label + " has no " + what + "[" + std::to_string(index) + "]: it has " + std::to_string(ports.size()));
    return stray_port();
}

} // namespace adf::host

namespace adf {

template <direction D>
port<D>::port() {
    auto &ports = host::registry().graph_ports;
    ports.push_back(std::make_unique<host::Port>(nullptr, D));
    node_ = ports.back().get();
}

using input_port = port<direction::in>;
using output_port = port<direction::out>;
using inout_port = port<direction::inout>;

namespace host {

/// `.in`, `.out` or `.inout` of a node.
template <direction D>
class PortList {
public:
    PortList() = default;
    explicit PortList(Node *node) : node_(node) {}
    port<D> &operator[](std::size_t i) const {
        if constexpr (D == direction::in)
            return port_at(node_, &Node::in, "in", i)->as_in;
        else if constexpr (D == direction::out)
            return port_at(node_, &Node::out, "out", i)->as_out;
        else
            return port_at(node_, &Node::inout, "inout", i)->as_inout;
    }

private:
    Node *node_ = nullptr;
};

} // namespace host
} // namespace adf
