// tiling_parameters as a sequence of runs over a buffer: the order in which a DMA moves its samples.
//
// For every repetition, every traversal step (the first listed is innermost) and every tile element (dimension 0 fastest):
// coordinate[d] = offset[d] + sum of stride * step over the traversals of d + position in the tile;
// address = sum of coordinate[d] * product of the lower dimensions. Reads outside the boundary give 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace adf {

struct traversing_parameters {
    std::uint32_t dimension = 0, stride = 0, wrap = 0;
};

/// In the order of the vendor's header, which designated initialisers follow; everything in samples, dimension 0 contiguous.
struct tiling_parameters {
    std::vector<std::uint32_t> buffer_dimension = {};
    std::vector<std::uint32_t> tiling_dimension = {};
    std::vector<std::int32_t> offset = {};
    std::vector<traversing_parameters> tile_traversal = {};
    int packet_port_id = -1;
    std::uint32_t repetition = 1;
    std::vector<std::uint32_t> boundary_dimension = {};
    std::uint32_t buffer_iteration = 0;
    std::uint32_t phase = 0;
};

} // namespace adf

namespace adf::host {

/// Bytes from `offset` on; zeros that no memory holds where `padding`.
struct Run {
    std::size_t offset, bytes;
    bool padding;
};

struct Walk {
    std::vector<Run> runs;
    std::size_t bytes = 0;
    /// The most elements that lie outside the data on one side, a dimension.
    std::vector<long> padding;
    /// A sentence if the walk leaves its buffer, empty otherwise.
    std::string error;

    void add(Run run) {
        if (run.bytes == 0)
            return;
        bytes += run.bytes;
        if (!runs.empty() && runs.back().padding == run.padding && (run.padding || runs.back().offset + runs.back().bytes == run.offset))
            runs.back().bytes += run.bytes;
        else
            runs.push_back(run);
    }
};

inline Walk linear_walk(std::size_t bytes) {
    Walk walk;
    walk.add({0, bytes, false});
    return walk;
}

/// Expands tiling parameters over a buffer of `size` elements of `element` bytes.
class Walker {
public:
    Walker(const tiling_parameters &tiling, const std::vector<std::uint32_t> &dimensions, std::size_t size, std::size_t element)
        : t_(tiling), dims_(tiling.buffer_dimension.empty() ? dimensions : tiling.buffer_dimension), size_(size), element_(element) {
        tile_ = t_.tiling_dimension.empty() ? dims_ : t_.tiling_dimension;
        tile_.resize(dims_.size(), 1);
        base_.assign(dims_.size(), 0);
        for (std::size_t d = 0; d < t_.offset.size() && d < base_.size(); ++d)
            base_[d] = t_.offset[d];
        // A negative offset without a boundary means the buffer itself, on all sides (the vendor's tiling tutorial).
        boundary_ = t_.boundary_dimension;
        if (boundary_.empty() && std::any_of(base_.begin(), base_.end(), [](std::int64_t at) { return at < 0; }))
            boundary_ = dims_;
        out_.padding.assign(dims_.size(), 0);
    }

    Walk walk() {
        if (!shape_is_sound())
            return std::move(out_);
        for (std::uint32_t i = 0; i < t_.repetition && out_.error.empty(); ++i)
            traverse(t_.tile_traversal.size(), base_);
        return std::move(out_);
    }

private:
    bool shape_is_sound() {
        if (dims_.empty())
            out_.error = "has neither buffer_dimension nor a buffer with dimensions";
        else if (t_.tiling_dimension.size() > dims_.size() || t_.boundary_dimension.size() > dims_.size() ||
                 std::any_of(t_.offset.begin() + std::min(dims_.size(), t_.offset.size()), t_.offset.end(), [](auto at) { return at != 0; }))
            out_.error = "has more tiling, offset or boundary dimensions than buffer dimensions (" + std::to_string(dims_.size()) + ")";
        for (const auto &step : t_.tile_traversal)
            if (step.dimension >= dims_.size())
                out_.error = "traverses dimension " + std::to_string(step.dimension) + " of " + std::to_string(dims_.size());
        return out_.error.empty();
    }

    void traverse(std::size_t level, const std::vector<std::int64_t> &at) {
        if (level == 0)
            return tile(dims_.size(), at);
        const auto &step = t_.tile_traversal[level - 1];
        std::vector<std::int64_t> next = at;
        for (std::uint32_t i = 0; i < step.wrap && out_.error.empty(); ++i) {
            traverse(level - 1, next);
            next[step.dimension] += step.stride;
        }
    }

    void tile(std::size_t level, const std::vector<std::int64_t> &at) {
        if (level == 1)
            return row(at);
        std::vector<std::int64_t> next = at;
        for (std::uint32_t i = 0; i < tile_[level - 1] && out_.error.empty(); ++i) {
            tile(level - 1, next);
            ++next[level - 1];
        }
    }

    /// The extent of real data in a dimension: the buffer's, unless there is a boundary.
    std::int64_t extent(std::size_t d) const { return d < boundary_.size() ? boundary_[d] : dims_[d]; }

    void row(const std::vector<std::int64_t> &at) {
        const std::int64_t length = tile_[0], begin = at[0], end = begin + length;
        bool outside = false;
        for (std::size_t d = 1; d < dims_.size(); ++d) {
            if (at[d] >= extent(d) && boundary_.empty())
                return leaves(d, at[d], dims_[d]);
            outside = outside || at[d] < 0 || at[d] >= extent(d);
            pad(d, at[d], at[d] + 1);
        }
        if (end > extent(0) && boundary_.empty())
            return leaves(0, end - 1, dims_[0]);
        pad(0, begin, end);
        if (outside)
            return out_.add({0, static_cast<std::size_t>(length) * element_, true});
        const std::int64_t real_begin = std::min(std::max<std::int64_t>(begin, 0), end);
        const std::int64_t real_end = std::max(std::min(end, extent(0)), real_begin);
        out_.add({0, static_cast<std::size_t>(real_begin - begin) * element_, true});
        if (real_end > real_begin)
            real(at, real_begin, real_end);
        out_.add({0, static_cast<std::size_t>(end - real_end) * element_, true});
    }

    void real(const std::vector<std::int64_t> &at, std::int64_t begin, std::int64_t end) {
        std::int64_t address = 0, scale = 1;
        for (std::size_t d = 0; d < dims_.size(); ++d) {
            const std::int64_t last = d == 0 ? end - 1 : at[d];
            if (last >= dims_[d])
                return leaves(d, last, dims_[d]);
            address += (d == 0 ? begin : at[d]) * scale;
            scale *= dims_[d];
        }
        const auto count = static_cast<std::size_t>(end - begin);
        if (static_cast<std::size_t>(address) + count > size_) {
            out_.error = "reaches element " + std::to_string(address + static_cast<std::int64_t>(count) - 1) + " of a buffer of " + std::to_string(size_);
            return;
        }
        out_.add({static_cast<std::size_t>(address) * element_, count * element_, false});
    }

    void pad(std::size_t d, std::int64_t begin, std::int64_t end) {
        out_.padding[d] = std::max<long>({out_.padding[d], static_cast<long>(-begin), static_cast<long>(end - extent(d))});
    }
    void leaves(std::size_t d, std::int64_t coordinate, std::int64_t size) {
        out_.error = "reaches coordinate " + std::to_string(coordinate) + " of dimension " + std::to_string(d) + ", which has " + std::to_string(size);
    }

    const tiling_parameters &t_;
    std::vector<std::uint32_t> dims_, tile_, boundary_;
    std::vector<std::int64_t> base_;
    std::size_t size_, element_;
    Walk out_;
};

} // namespace adf::host
