// Memory tiles: bytes and channels of shared buffers. And the PLIO channels of the shim row.
#pragma once

#include "places.hpp"

namespace adf::host {

class MemoryTileChecks {
public:
    MemoryTileChecks(const Network &network, std::vector<std::string> &errors) : network_(network), errors_(errors) {}

    void run() {
        for (const Node *node : network_.nodes) {
            if (node->kind == NodeKind::shared_buffer && !static_cast<const SharedNode *>(node)->external)
                buffer(static_cast<const SharedNode &>(*node));
            if (node->kind == NodeKind::plio)
                plio(static_cast<const PlioNode &>(*node));
        }
        for (auto &[tile, ranges] : bytes_)
            tile_bytes(tile, ranges);
        for (const auto &[key, names] : ports_) {
            const auto &[tile, in] = key;
            if (names.size() > memory_channels)
                errors_.push_back("memory tile " + text(tile) + " needs " + std::to_string(names.size()) + " channels " + (in ? "in" : "out") +
                                  ", and it has " + std::to_string(memory_channels) + ": " + listed(names));
        }
    }

private:
    struct Range {
        std::size_t begin, end;
        const SharedNode *node;
    };

    void buffer(const SharedNode &node) {
        const std::size_t bytes = node.elements() * node.format->bytes;
        if (node.copies != 1 && node.copies != 2)
            errors_.push_back(node.label + ": num_buffers is 1 or 2, not " + std::to_string(node.copies));
        const std::vector<Spot> spots = spots_of(node.places);
        const bool fixed = !spots.empty() && spots[0].fixed();
        if (!fixed && bytes * node.copies > memory_tile_bytes)
            errors_.push_back(node.label + " needs " + std::to_string(bytes * node.copies) + " bytes (" + std::to_string(node.copies) +
                              (node.copies == 1 ? " copy" : " copies") + "), and a memory tile has " + std::to_string(memory_tile_bytes));
        for (unsigned copy = 0; fixed && copy < node.copies; ++copy) {
            const bool own = copy < spots.size();
            const std::size_t begin = own ? static_cast<std::size_t>(spots[copy].offset) : static_cast<std::size_t>(spots[0].offset) + copy * bytes;
            bytes_[own ? spots[copy].tile : spots[0].tile].push_back({begin, begin + bytes, &node});
        }
        for (auto *list : {&node.in, &node.out}) {
            if (!fixed && list->size() > reachable_channels)
                errors_.push_back(node.label + " has " + std::to_string(list->size()) + " ports " + (list == &node.in ? "in" : "out") + ": " +
                                  std::to_string(memory_channels) + " channels of its memory tile and " + std::to_string(2 * neighbour_channels) +
                                  " of the neighbours' reach it");
            for (auto &port : *list)
                channel(node, *port, fixed ? spots[0].tile : TileAt{});
        }
    }

    void channel(const SharedNode &node, const Port &port, const TileAt &home) {
        const bool in = port.dir == direction::in;
        const TileAt tile = port.dma ? TileAt{port.dma->col, port.dma->row} : home;
        if (tile.known())
            ports_[{tile, in}].push_back(port.name());
        if (!port.dma)
            return;
        const int number = port.dma->value;
        if (number < 0 || number >= static_cast<int>(memory_channels))
            errors_.push_back(port.name() + " is given DMA channel " + std::to_string(number) + ": a memory tile has channels 0 to " +
                              std::to_string(memory_channels - 1));
        if (home.known() && !(tile == home) && (std::abs(tile.col - home.col) != 1 || tile.row != home.row || number >= static_cast<int>(neighbour_channels)))
            errors_.push_back(port.name() + " is given channel " + std::to_string(number) + " of memory tile " + text(tile) + ", but " + node.label +
                              " lies in " + text(home) + ": channels 0 to " + std::to_string(neighbour_channels - 1) +
                              " of the eastern and western neighbour reach it");
        const auto [other, fresh] = taken_.emplace(std::tuple{tile, in, number}, port.name());
        if (!fresh)
            errors_.push_back(other->second + " and " + port.name() + " are given the same DMA channel " + std::to_string(number) + " of memory tile " +
                              text(tile));
    }

    void tile_bytes(const TileAt &tile, std::vector<Range> &ranges) {
        std::stable_sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) { return a.begin < b.begin; });
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            const Range &r = ranges[i];
            // One buffer of up to twice the size may start a tile and go on in the next.
            const std::size_t end = r.begin == 0 && ranges.size() == 1 ? 2 * memory_tile_bytes : memory_tile_bytes;
            if (r.end > end)
                errors_.push_back(r.node->label + " (" + std::to_string(r.end - r.begin) + " bytes at " + std::to_string(r.begin) +
                                  ") ends beyond the " + std::to_string(memory_tile_bytes) + " bytes of memory tile " + text(tile));
            if (r.begin % 4 != 0)
                errors_.push_back(r.node->label + " lies at " + std::to_string(r.begin) + " of memory tile " + text(tile) +
                                  ": buffers start at multiples of 4 bytes");
            if (i > 0 && r.begin < ranges[i - 1].end)
                errors_.push_back(ranges[i - 1].node->label + " (up to " + std::to_string(ranges[i - 1].end) + ") and " + r.node->label + " (from " +
                                  std::to_string(r.begin) + ") overlap in memory tile " + text(tile));
        }
    }

    void plio(const PlioNode &node) {
        if (node.places.empty() || node.places[0].what != location_constraint::kind::shim || node.places[0].value < 0)
            return;
        const auto &place = node.places[0];
        const bool in = !node.out.empty();
        const unsigned channels = in ? shim_inputs : shim_outputs;
        if (static_cast<unsigned>(place.value) >= channels)
            errors_.push_back(node.label + " is given channel " + std::to_string(place.value) + ": a column has channels 0 to " +
                              std::to_string(channels - 1) + (in ? " into" : " out of") + " the array");
        const auto [other, fresh] = shims_.emplace(std::tuple{place.col, in, place.value}, node.label);
        if (!fresh)
            errors_.push_back(other->second + " and " + node.label + " are given the same channel " + std::to_string(place.value) + " of column " +
                              std::to_string(place.col));
    }

    static std::string listed(const std::vector<std::string> &names) {
        std::string all;
        for (const std::string &name : names)
            all += (all.empty() ? "" : ", ") + name;
        return all;
    }

    const Network &network_;
    std::vector<std::string> &errors_;
    std::map<TileAt, std::vector<Range>> bytes_;
    std::map<std::pair<TileAt, bool>, std::vector<std::string>> ports_;
    std::map<std::tuple<TileAt, bool, int>, std::string> taken_;
    std::map<std::tuple<int, bool, int>, std::string> shims_;
};

} // namespace adf::host
