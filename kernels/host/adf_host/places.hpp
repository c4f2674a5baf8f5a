// Where the constraints put kernels and buffers, relations followed to the end. What nothing places stays unknown: the mapper would choose.
#pragma once

#include <tuple>

#include "limits.hpp"
#include "network.hpp"

namespace adf::host {

struct TileAt {
    int col = -1, row = -1;
    bool known() const { return col >= 0 && row >= 0; }
    friend bool operator==(const TileAt &, const TileAt &) = default;
    friend bool operator<(const TileAt &a, const TileAt &b) { return std::tie(a.col, a.row) < std::tie(b.col, b.row); }
};

inline std::string text(const TileAt &t) { return "(" + std::to_string(t.col) + ", " + std::to_string(t.row) + ")"; }

/// One copy of a buffer: its tile, and its byte offset or bank there, -1 where the mapper chooses.
struct Spot {
    TileAt tile;
    long offset = -1;
    int bank = -1;
    bool fixed() const { return tile.known() && offset >= 0; }
};

/// A chain of relations longer than this goes in a circle.
inline constexpr int longest_relation = 64;

inline TileAt tile_of(const Node *node, int depth = 0) {
    if (!node || node->places.empty() || depth > longest_relation)
        return {};
    const location_constraint &place = node->places[0];
    if (place.what == location_constraint::kind::tile)
        return {place.col, place.row};
    if (place.what != location_constraint::kind::same_kernel)
        return {};
    const TileAt base = tile_of(place.node, depth + 1);
    if (!base.known() || !place.relative)
        return base;
    return {base.col + place.col, base.row + place.row};
}

inline Spot spot_of(const location_constraint &place, int depth = 0) {
    using kind = location_constraint::kind;
    switch (place.what) {
    case kind::address: return {{place.col, place.row}, place.value, -1};
    case kind::bank: return {{place.col, place.row}, -1, place.value};
    case kind::tile: return {{place.col, place.row}};
    case kind::same_kernel: return {tile_of(place.node)};
    case kind::same_buffer: {
        if (place.port->places.empty() || depth > longest_relation)
            return {};
        const Spot other = spot_of(place.port->places[0], depth + 1);
        return {other.tile, -1, other.bank >= 0 ? other.bank : other.offset >= 0 ? static_cast<int>(other.offset / static_cast<long>(bank_bytes)) : -1};
    }
    default: return {};
    }
}

inline std::vector<Spot> spots_of(const std::vector<location_constraint> &places) {
    std::vector<Spot> spots;
    for (const location_constraint &place : places)
        spots.push_back(spot_of(place));
    return spots;
}

/// Memory that kernels use: a buffer of one or two copies, a run-time parameter, a stack.
struct Held {
    std::string name;
    std::size_t bytes;
    unsigned copies;
    std::vector<Spot> spots;
    std::vector<const Node *> users;
    enum class Transport { none, in, out } transport = Transport::none;

    TileAt tile() const { return !spots.empty() && spots[0].tile.known() ? spots[0].tile : tile_of(users[0]); }
};

inline std::vector<Held> held_in_tiles(const Network &network) {
    std::vector<Held> all;
    const auto copies = [](const Port *port) { return port->single ? 1u : 2u; };
    const auto bytes = [](const Port *port) { return port->block_bytes() + port->margin * port->format->bytes; };
    const auto own = [&](const Port *port, Held::Transport transport) {
        if (of_kernel(port, PortKind::buffer))
            all.push_back({port->name(), bytes(port), copies(port), spots_of(port->places), {port->node}, transport});
    };
    for (const Net &net : network.nets) {
        if (net.sinks.empty())
            continue;
        Port *source = net.source, *sink = net.sinks[0];
        if (net.sinks.size() == 1 && shares_buffer(source, sink)) {
            const Port *placed = source->places.empty() ? sink : source;
            const bool single = source->single || sink->single || tile_of(source->node) == tile_of(sink->node);
            all.push_back({source->name(), bytes(source), single ? 1u : 2u, spots_of(placed->places), {source->node, sink->node}});
            continue;
        }
        own(source, Held::Transport::out);
        for (const Port *end : net.sinks)
            own(end, Held::Transport::in);
    }
    for (const Node *node : network.nodes) {
        if (node->kind != NodeKind::kernel)
            continue;
        for (auto *list : {&node->in, &node->inout})
            for (auto &port : *list)
                if (port->kind == PortKind::parameter)
                    all.push_back({port->name(), port->block_bytes(), copies(port.get()), spots_of(port->places), {node}});
        const auto &kernel = static_cast<const KernelNode &>(*node);
        if (!kernel.stack.empty())
            all.push_back({"the stack of " + node->label, kernel.stack_bytes + kernel.heap_bytes, 1, spots_of(kernel.stack), {node}});
    }
    return all;
}

} // namespace adf::host
