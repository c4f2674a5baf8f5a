// Places outside the array, where it is known which one: kernels, buffers of core and memory tiles, PLIO.
#pragma once

#include "array.hpp"
#include "places.hpp"

namespace adf::host {

class ArrayChecks {
public:
    ArrayChecks(const Network &network, const Array &array, std::vector<std::string> &errors) : network_(network), array_(array), errors_(errors) {}

    void run() {
        for (const Node *node : network_.nodes) {
            if (node->kind == NodeKind::kernel && placed(*node, location_constraint::kind::tile))
                tile(node->label + " is", node->places[0].col, node->places[0].row);
            if (node->kind == NodeKind::plio && placed(*node, location_constraint::kind::shim) && !array_.has_pl(node->places[0].col))
                errors_.push_back(node->label + " is in column " + std::to_string(node->places[0].col) + ", which has no PL");
            if (node->kind == NodeKind::shared_buffer && !static_cast<const SharedNode *>(node)->external)
                for (const location_constraint &place : node->places)
                    memory_tile(*node, place);
        }
        for (const Held &held : held_in_tiles(network_))
            for (const Spot &spot : held.spots)
                if (spot.tile.known())
                    tile(held.name + " lies", spot.tile.col, spot.tile.row);
    }

private:
    static bool placed(const Node &node, location_constraint::kind what) { return !node.places.empty() && node.places[0].what == what; }

    void tile(const std::string &what, int col, int row) {
        if (!array_.has_tile(col, row))
            errors_.push_back(what + " in tile " + text(TileAt{col, row}) + ": the array has " + std::to_string(array_.columns) + " x " +
                              std::to_string(array_.rows) + " core tiles");
    }

    void memory_tile(const Node &node, const location_constraint &place) {
        if (place.what == location_constraint::kind::address && !array_.has_memory_tile(place.col, place.row))
            errors_.push_back(node.label + " lies in memory tile " + text(TileAt{place.col, place.row}) + ": the array has " +
                              std::to_string(array_.columns) + " x " + std::to_string(array_.memory_rows) + " memory tiles");
    }

    const Network &network_;
    const Array &array_;
    std::vector<std::string> &errors_;
};

} // namespace adf::host
