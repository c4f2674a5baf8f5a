// Accesses: what each tiling reads and writes, and the buffer descriptors that it takes.
#pragma once

#include "places.hpp"

namespace adf::host {

/// A loop of a DMA: `count` steps of `stride` elements.
struct Loop {
    std::size_t count, stride;
};

/// The loops of a tiling, innermost first, without those of one step. Tile dimensions that follow each other in memory are one loop; on
/// core tiles so are traversals (on memory tiles the vendor's compiler keeps them apart, as its tiling tutorial shows).
inline std::vector<Loop> loops_of(const tiling_parameters &t, const std::vector<std::uint32_t> &dimensions, bool memory_tile) {
    const std::vector<std::uint32_t> &dims = t.buffer_dimension.empty() ? dimensions : t.buffer_dimension;
    std::vector<std::size_t> scale(dims.size() + 1, 1);
    for (std::size_t d = 0; d < dims.size(); ++d)
        scale[d + 1] = scale[d] * dims[d];
    std::vector<Loop> loops;
    const auto add = [&](std::size_t count, std::size_t stride, bool merges) {
        if (count <= 1)
            return;
        if (merges && !loops.empty() && loops.back().count * loops.back().stride == stride)
            loops.back().count *= count;
        else
            loops.push_back({count, stride});
    };
    for (std::size_t d = 0; d < dims.size(); ++d)
        add(t.tiling_dimension.empty() ? dims[d] : d < t.tiling_dimension.size() ? t.tiling_dimension[d] : 1, scale[d], true);
    for (const traversing_parameters &step : t.tile_traversal)
        add(step.wrap, step.stride * scale[step.dimension], !memory_tile);
    return loops;
}

/// Descriptors of one access: one where the loops fit it; else the outer loops are written out, a descriptor a step.
inline std::size_t descriptors_of(const std::vector<Loop> &loops, bool memory_tile) {
    const std::size_t fit = memory_tile ? memory_loops : core_loops, wrap = memory_tile ? memory_wrap : core_wrap;
    std::size_t needed = 0;
    for (std::size_t i = 0; i < loops.size(); ++i)
        needed += i + 1 < loops.size() && loops[i].count > wrap ? 2 : 1;
    if (needed <= fit)
        return 1;
    std::size_t count = 1, used = 0;
    for (const Loop &loop : loops) {
        used += loop.count > wrap ? 2 : 1;
        if (used > (memory_tile ? fit - 1 : fit))
            count *= loop.count;
    }
    return count;
}

class AccessChecks {
public:
    AccessChecks(const Network &network, std::vector<std::string> &errors) : network_(network), errors_(errors) {}

    void run() {
        for (const Net &net : network_.nets) {
            if (net.sinks.empty())
                continue;
            access(net.source, true);
            for (const Port *sink : net.sinks)
                access(sink, false);
        }
        for (const auto &[tile, used] : core_)
            if (used.first > core_descriptors)
                errors_.push_back("tile " + text(tile) + " needs " + std::to_string(used.first) + " buffer descriptors, and it has " +
                                  std::to_string(core_descriptors) + ": " + used.second);
    }

private:
    void access(const Port *port, bool reads) {
        if (!port->node || port->kind != PortKind::buffer || !port->format)
            return;
        const bool memory_tile = port->node->kind == NodeKind::shared_buffer;
        const Walk walk = walk_of(port);
        if (!walk.error.empty()) {
            errors_.push_back(port->name() + ": its access " + walk.error);
            return;
        }
        if (walk.bytes % 4 != 0)
            errors_.push_back(port->name() + " moves " + std::to_string(walk.bytes) + " bytes a block: a DMA moves whole words of 4 bytes");
        if (!port->tiling)
            return;
        words(port);
        padding_of(port, walk, memory_tile && reads);
        const unsigned copies = memory_tile ? static_cast<const SharedNode *>(port->node)->copies : port->single ? 1 : 2;
        const std::vector<Loop> loops = loops_of(*port->tiling, port->dimensions, memory_tile);
        const std::size_t count = descriptors_of(loops, memory_tile) * copies;
        if (memory_tile && count > channel_descriptors)
            errors_.push_back(port->name() + ": its access has " + std::to_string(loops.size()) + " nested loops and needs " + std::to_string(count) +
                              " buffer descriptors; one walks " + std::to_string(memory_loops) + " loops, and a channel has " +
                              std::to_string(channel_descriptors));
        if (!memory_tile && count > core_descriptors)
            errors_.push_back(port->name() + ": its access has " + std::to_string(loops.size()) + " nested loops and needs " + std::to_string(count) +
                              " buffer descriptors; one walks " + std::to_string(core_loops) + " loops, and a tile has " +
                              std::to_string(core_descriptors));
        else if (const TileAt tile = tile_of(port->node); !memory_tile && tile.known()) {
            core_[tile].first += count;
            core_[tile].second += (core_[tile].second.empty() ? "" : ", ") + port->name();
        }
    }

    /// Dimension 0 is moved in words of 4 bytes: its tile, offset and strides.
    void words(const Port *port) {
        const tiling_parameters &t = *port->tiling;
        const std::size_t each = port->format->bytes;
        const auto whole = [&](long elements) { return elements * static_cast<long>(each) % 4 == 0; };
        bool sound = (t.tiling_dimension.empty() || whole(t.tiling_dimension[0])) && (t.offset.empty() || whole(t.offset[0]));
        for (const traversing_parameters &step : t.tile_traversal)
            sound = sound && (step.dimension != 0 || step.wrap <= 1 || whole(step.stride));
        if (!sound)
            errors_.push_back(port->name() + ": its access cuts dimension 0 inside a word of 4 bytes (" + std::to_string(4 / std::min<std::size_t>(each, 4)) +
                              " elements of " + port->format->name + ")");
    }

    void padding_of(const Port *port, const Walk &walk, bool allowed) {
        const bool pads = std::any_of(walk.runs.begin(), walk.runs.end(), [](const Run &run) { return run.padding; });
        if (!pads)
            return;
        if (!allowed) {
            errors_.push_back(port->name() + ": its access leaves the buffer; only reads of a memory tile are padded with zeros");
            return;
        }
        for (std::size_t d = 0; d < walk.padding.size(); ++d) {
            const long unit = d == 0 ? std::max<long>(1, 4 / static_cast<long>(port->format->bytes)) : 1;
            const long most = d < std::size(padding) ? padding[d] * unit : 0;
            if (walk.padding[d] > most)
                errors_.push_back(port->name() + ": its access adds " + std::to_string(walk.padding[d]) + " elements of padding to dimension " +
                                  std::to_string(d) + ", and a memory tile adds at most " + std::to_string(most));
        }
    }

    const Network &network_;
    std::vector<std::string> &errors_;
    std::map<TileAt, std::pair<std::size_t, std::string>> core_;
};

} // namespace adf::host
