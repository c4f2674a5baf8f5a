// What the vendor's mapper would refuse, as sentences that name the place in the graph.
#pragma once

#include "check_accesses.hpp"
#include "check_memory_tiles.hpp"
#include "check_tiles.hpp"

namespace adf::host {

/// Ports without a connection, and buffers without a size; the other checks need both.
inline void check_ports(const Network &network, std::vector<std::string> &errors) {
    for (const Node *node : network.nodes)
        for (auto *list : {&node->in, &node->out})
            for (auto &port : *list) {
                if (!port->driver && port->sinks.empty())
                    errors.push_back(port->name() + " is left unconnected");
                else if (port->kind == PortKind::buffer && port->elements() == 0)
                    errors.push_back(port->name() + " has no size: set dimensions(), or the extents of its buffer type");
            }
}

inline std::vector<std::string> check(const Network &network) {
    std::vector<std::string> errors;
    check_ports(network, errors);
    if (!errors.empty())
        return errors;
    TileChecks(network, errors).run();
    MemoryTileChecks(network, errors).run();
    AccessChecks(network, errors).run();
    return errors;
}

} // namespace adf::host
