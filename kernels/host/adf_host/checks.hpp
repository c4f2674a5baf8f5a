// What the vendor's mapper would refuse, as sentences that name the place in the graph.
#pragma once

#include "check_accesses.hpp"
#include "check_array.hpp"
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

/// Parameters that one kernel writes and another reads have one size, and nothing else feeds them.
inline void check_parameters(const Network &network, std::vector<std::string> &errors) {
    for (const Net &net : network.nets)
        for (const Port *sink : net.sinks)
            if ((net.source->kind == PortKind::parameter) != (sink->kind == PortKind::parameter))
                errors.push_back(net.source->name() + " -> " + sink->name() + " connects a run-time parameter with something else");
            else if (sink->kind == PortKind::parameter && net.source->block_bytes() != sink->block_bytes())
                errors.push_back(net.source->name() + " has " + std::to_string(net.source->block_bytes()) + " bytes, and " + sink->name() + " " +
                                 std::to_string(sink->block_bytes()) + ": a run-time parameter is passed on whole");
}

inline std::vector<std::string> check(const Network &network) {
    std::vector<std::string> errors;
    check_ports(network, errors);
    check_parameters(network, errors);
    if (!errors.empty())
        return errors;
    TileChecks(network, errors).run();
    MemoryTileChecks(network, errors).run();
    AccessChecks(network, errors).run();
    if (const std::optional<Array> array = Array::told())
        ArrayChecks(network, *array, errors).run();
    return errors;
}

} // namespace adf::host
