// What the vendor's mapper would refuse, as sentences that name the place in the graph.
#pragma once

#include "network.hpp"

namespace adf::host {

inline std::vector<std::string> check(const Network &network) {
    std::vector<std::string> errors;
    for (const Node *node : network.nodes) {
        for (auto *list : {&node->in, &node->out})
            for (auto &port : *list)
                if (!port->driver && port->sinks.empty())
                    errors.push_back(port->name() + " is left unconnected");
    }
    return errors;
}

} // namespace adf::host
