// Core tiles: kernels, cascades, and the memory that kernels use.
#pragma once

#include "places.hpp"

namespace adf::host {

class TileChecks {
public:
    TileChecks(const Network &network, std::vector<std::string> &errors) : network_(network), errors_(errors), held_(held_in_tiles(network)) {}

    void run() {
        kernels_of_a_tile();
        cascades();
        for (const Held &held : held_) {
            alignment(held);
            reach(held);
            one_tile_for_a_channel(held);
        }
        overlaps();
        banks_of_a_tile();
        channels();
    }

private:
    void kernels_of_a_tile() {
        std::map<TileAt, std::vector<const KernelNode *>> on;
        for (const Node *node : network_.nodes)
            if (node->kind == NodeKind::kernel) {
                const auto *kernel = static_cast<const KernelNode *>(node);
                if (kernel->ratio < 0 || kernel->ratio > 1)
                    errors_.push_back(kernel->label + ": runtime<ratio> must be above 0 and at most 1, not " + decimal(kernel->ratio));
                if (const TileAt tile = tile_of(node); tile.known())
                    on[tile].push_back(kernel);
            }
        for (const auto &[tile, kernels] : on) {
            double sum = 0;
            std::string names;
            for (const KernelNode *kernel : kernels) {
                sum += kernel->ratio > 0 ? kernel->ratio : 1;
                names += (names.empty() ? "" : ", ") + kernel->label;
            }
            if (kernels.size() > 1 && sum > 1.0001)
                errors_.push_back(std::to_string(kernels.size()) + " kernels are on tile " + text(tile) + ": " + names +
                                  "; their runtime<ratio> add up to " + decimal(sum) + ", and kernels share a core only up to 1");
        }
    }

    void cascades() {
        for (const Net &net : network_.nets) {
            if (net.source->kind != PortKind::cascade)
                continue;
            for (const Port *sink : net.sinks) {
                const TileAt a = tile_of(net.source->node), b = tile_of(sink->node);
                const bool east = b.col == a.col + 1 && b.row == a.row, south = b.col == a.col && b.row == a.row - 1;
                if (a.known() && b.known() && !east && !south)
                    errors_.push_back("cascade " + net.source->name() + " -> " + sink->name() + " goes from tile " + text(a) + " to " + text(b) +
                                      ": a cascade leads to the next tile in the east or in the south");
            }
        }
    }

    void alignment(const Held &held) {
        for (const Spot &spot : held.spots) {
            if (spot.offset >= 0 && spot.offset % static_cast<long>(buffer_alignment) != 0)
                errors_.push_back(held.name + " lies at " + hexadecimal(spot.offset) + " of tile " + text(spot.tile) +
                                  ": buffers start at multiples of " + std::to_string(buffer_alignment) + " bytes");
            if (spot.offset >= 0 && static_cast<std::size_t>(spot.offset) + held.bytes > core_bytes)
                errors_.push_back(held.name + " (" + std::to_string(held.bytes) + " bytes) at " + hexadecimal(spot.offset) + " of tile " +
                                  text(spot.tile) + " ends beyond its " + std::to_string(core_bytes) + " bytes of memory");
            if (spot.bank >= static_cast<int>(banks))
                errors_.push_back(held.name + " is put in bank " + std::to_string(spot.bank) + " of tile " + text(spot.tile) + ": a tile has banks 0 to " +
                                  std::to_string(banks - 1));
        }
    }

    /// A core loads and stores in its own memory and in that of its western, northern and southern neighbours (AM020 chapter 2).
    void reach(const Held &held) {
        for (const Node *user : held.users) {
            const TileAt core = tile_of(user);
            for (const Spot &spot : held.spots) {
                if (!core.known() || !spot.tile.known())
                    continue;
                const int dx = spot.tile.col - core.col, dy = spot.tile.row - core.row;
                const bool reached = (dx == 0 && dy >= -1 && dy <= 1) || (dx == -1 && dy == 0);
                if (!reached) {
                    errors_.push_back(held.name + " lies in tile " + text(spot.tile) + ", out of reach of " + user->label + " on tile " + text(core) +
                                      ": a core reaches its own memory and the western, northern and southern one");
                    break;
                }
            }
        }
    }

    void one_tile_for_a_channel(const Held &held) {
        if (held.transport != Held::Transport::none && held.spots.size() == 2 && held.spots[0].tile.known() && held.spots[1].tile.known() &&
            !(held.spots[0].tile == held.spots[1].tile))
            errors_.push_back(held.name + " has its copies in tiles " + text(held.spots[0].tile) + " and " + text(held.spots[1].tile) +
                              ": a DMA channel serves the memory of one tile");
    }

    void overlaps() {
        struct Range {
            long begin, end;
            const Held *held;
        };
        std::map<TileAt, std::vector<Range>> on;
        for (const Held &held : held_)
            for (const Spot &spot : held.spots)
                if (spot.fixed())
                    on[spot.tile].push_back({spot.offset, spot.offset + static_cast<long>(held.bytes), &held});
        for (auto &[tile, ranges] : on) {
            std::stable_sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) { return a.begin < b.begin; });
            for (std::size_t i = 1; i < ranges.size(); ++i)
                if (ranges[i].begin < ranges[i - 1].end)
                    errors_.push_back(ranges[i - 1].held->name + " (" + hexadecimal(ranges[i - 1].begin) + " to " + hexadecimal(ranges[i - 1].end) +
                                      ") and " + ranges[i].held->name + " (from " + hexadecimal(ranges[i].begin) + ") overlap in tile " + text(tile));
        }
    }

    /// Bytes of each bank that constraints fill.
    void banks_of_a_tile() {
        std::map<std::pair<TileAt, std::size_t>, std::pair<std::size_t, std::string>> filled;
        const auto fill = [&](const Held &held, const TileAt &tile, std::size_t bank, std::size_t bytes) {
            auto &[sum, names] = filled[{tile, bank}];
            sum += bytes;
            names += (names.empty() ? "" : ", ") + held.name + " (" + std::to_string(bytes) + ")";
        };
        for (const Held &held : held_)
            for (const Spot &spot : held.spots) {
                if (spot.tile.known() && spot.bank >= 0 && spot.bank < static_cast<int>(banks))
                    fill(held, spot.tile, static_cast<std::size_t>(spot.bank), held.bytes);
                const std::size_t begin = spot.fixed() ? static_cast<std::size_t>(spot.offset) : 0, end = spot.fixed() ? begin + held.bytes : 0;
                for (std::size_t bank = 0; bank < banks; ++bank) {
                    const std::size_t low = std::max(begin, bank * bank_bytes), high = std::min(end, (bank + 1) * bank_bytes);
                    if (high > low)
                        fill(held, spot.tile, bank, high - low);
                }
            }
        for (const auto &[where, content] : filled)
            if (content.first > bank_bytes)
                errors_.push_back("bank " + std::to_string(where.second) + " of tile " + text(where.first) + " is to hold " +
                                  std::to_string(content.first) + " bytes of " + std::to_string(bank_bytes) + ": " + content.second);
    }

    /// Buffers that a DMA fills or empties, by tile; a kernel without a place counts as a tile of its own.
    void channels() {
        std::map<std::tuple<TileAt, const Node *, bool>, std::vector<const Held *>> used;
        for (const Held &held : held_)
            if (held.transport != Held::Transport::none) {
                const TileAt tile = held.tile();
                used[{tile, tile.known() ? nullptr : held.users[0], held.transport == Held::Transport::in}].push_back(&held);
            }
        for (const auto &[key, buffers] : used) {
            const auto &[tile, kernel, in] = key;
            if (buffers.size() <= core_channels)
                continue;
            std::string names;
            for (const Held *held : buffers)
                names += (names.empty() ? "" : ", ") + held->name;
            errors_.push_back((kernel ? kernel->label : "tile " + text(tile)) + " needs " + std::to_string(buffers.size()) + " DMA channels " +
                              (in ? "in" : "out") + ", and a tile has " + std::to_string(core_channels) + ": " + names);
        }
    }

    static std::string decimal(double value) {
        char text[32];
        std::snprintf(text, sizeof text, "%g", value);
        return text;
    }
    static std::string hexadecimal(long value) {
        char text[32];
        std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(value));
        return text;
    }

    const Network &network_;
    std::vector<std::string> &errors_;
    std::vector<Held> held_;
};

} // namespace adf::host
