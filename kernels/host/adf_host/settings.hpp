// connect<> and everything that is said about kernels, ports and buffers: sizes, accesses, places.
#pragma once

#include <array>
#include <initializer_list>

#include "parts.hpp"

namespace adf {

struct stream {};
struct pktstream {};
struct cascade {};
struct buffer {};
struct stack {};
struct dma {};
struct fifo {};
struct ratio {};
struct PLIO {};
template <unsigned Bytes, unsigned Margin = 0>
struct window {
    static constexpr std::size_t bytes = Bytes, margin_bytes = Margin;
};

/// An edge. Tags may state what the ports already say, one for both ends or one for each; a window also states its size in bytes, and the
/// bytes of the block before that its reader sees in front.
template <class Tag = void, class ToTag = Tag>
class connect {
public:
    template <direction A, direction B>
    connect(const port<A> &from, const port<B> &to) : from_(from.node()), to_(to.node()) {
        if (to_->driver)
            host::registry().errors.push_back(to_->name() + " is connected twice: to " + to_->driver->name() + " and to " + from_->name());
        to_->driver = from_;
        from_->sinks.push_back(to_);
        window_size<Tag>(from_, 0);
        window_size<ToTag>(to_, 1);
    }
    connect(const parameter &, const kernel &) {}
    template <direction B>
    connect(const parameter &, const port<B> &) {}

    host::Port *from() const { return from_; }
    host::Port *to() const { return to_; }

private:
    template <class Window>
    static void window_size(host::Port *port, std::size_t margins) {
        if constexpr (requires { Window::margin_bytes; }) {
            if (port->kind != host::PortKind::buffer)
                return;
            if (port->dimensions.empty())
                port->dimensions = {static_cast<std::uint32_t>(Window::bytes / port->format->bytes)};
            port->margin += margins * Window::margin_bytes / port->format->bytes;
        }
    }
    host::Port *from_ = nullptr, *to_ = nullptr;
};
template <class A, class B>
connect(const A &, const B &) -> connect<>;

/// How often a network connection may run ahead, in words.
template <class Tag, class ToTag>
inline std::size_t &fifo_depth(const connect<Tag, ToTag> &net) {
    return net.to()->fifo_depth;
}

// -- kernels ------------------------------------------------------------------------------------------------------------------------

namespace host {
template <class Part>
inline auto *node_of(const Part &part, const char *what) {
    if (!part.node())
        stop(std::string(what) + " of a part that was never created");
    return part.node();
}
/// `name(part) = values`.
template <class Values>
class Setting {
public:
    explicit Setting(Values &values) : values_(values) {}
    Setting(const Setting &) = default;
    Setting &operator=(const Values &values) {
        values_ = values;
        return *this;
    }
    Setting &operator=(const Setting &other) { return *this = other.values_; }

private:
    Values &values_;
};
/// Bytes that a buffer starts with.
template <class T>
class InitialValue {
public:
    explicit InitialValue(SharedNode *node) : node_(node) {}
    void operator=(const std::vector<T> &values) {
        node_->initial.resize(values.size() * sizeof(T));
        std::memcpy(node_->initial.data(), values.data(), node_->initial.size());
    }

private:
    SharedNode *node_;
};
} // namespace host

inline std::string &source(const kernel &k) { return host::node_of(k, "source")->source; }
inline std::string &initialization_function(const kernel &k) { return host::node_of(k, "initialization_function")->initialisation; }
inline auto headers(const kernel &k) { return host::Setting<std::vector<std::string>>(host::node_of(k, "headers")->headers); }
template <class What = ratio>
inline double &runtime(const kernel &k) {
    return host::node_of(k, "runtime")->ratio;
}
/// Bytes of a kernel's stack and heap.
inline std::size_t &stack_size(const kernel &k) { return host::node_of(k, "stack_size")->stack_bytes; }
inline std::size_t &heap_size(const kernel &k) { return host::node_of(k, "heap_size")->heap_bytes; }
template <class Part>
inline unsigned &repetition_count(const Part &part) {
    return host::node_of(part, "repetition_count")->repetition;
}

// -- ports and buffers --------------------------------------------------------------------------------------------------------------

template <direction D>
inline auto dimensions(const port<D> &p) {
    return host::Setting<std::vector<std::uint32_t>>(p.node()->dimensions);
}
template <direction D>
inline void single_buffer(const port<D> &p) {
    p.node()->single = true;
}
template <direction D>
inline port<D> &async(port<D> &p) {
    p.node()->asynchronous = true;
    return p;
}
template <direction D>
inline port<D> &sync(port<D> &p) {
    p.node()->asynchronous = false;
    return p;
}
/// Buffers that one execution takes from or gives to an asynchronous port.
template <direction D>
inline unsigned &async_repetition(const port<D> &p) {
    return p.node()->asynchronous_repetition;
}
template <class T>
inline unsigned &num_buffers(const shared_buffer<T> &b) {
    return host::node_of(b, "num_buffers")->copies;
}
template <class T>
inline auto initial_value(const shared_buffer<T> &b) {
    return host::InitialValue<T>(host::node_of(b, "initial_value"));
}

inline tiling_parameters tiling(const tiling_parameters &parameters) { return parameters; }
template <direction D>
inline std::optional<tiling_parameters> &read_access(const port<D> &p) {
    return p.node()->tiling;
}
template <direction D>
inline std::optional<tiling_parameters> &write_access(const port<D> &p) {
    return p.node()->tiling;
}

// -- places -------------------------------------------------------------------------------------------------------------------------

struct tile : location_constraint {
    tile(int col, int row) : location_constraint{kind::tile, col, row} {}
};
struct bank : location_constraint {
    bank(int col, int row, int id) : location_constraint{kind::bank, col, row, id} {}
};
struct address : location_constraint {
    address(int col, int row, int bytes) : location_constraint{kind::address, col, row, bytes} {}
};
struct offset : location_constraint {
    explicit offset(int bytes) : location_constraint{kind::offset, -1, -1, bytes} {}
};
struct shim : location_constraint {
    explicit shim(int col, int channel = -1) : location_constraint{kind::shim, col, 0, channel} {}
};
struct dma_channel : location_constraint {
    dma_channel(tile_type, int col, int row, int channel) : location_constraint{kind::dma, col, row, channel} {}
};
struct dma_fifo : location_constraint {
    dma_fifo(tile_type, int col, int row, int, int) : location_constraint{kind::other, col, row} {}
};
struct ss_fifo : location_constraint {
    ss_fifo(tile_type, int col, int row, int) : location_constraint{kind::other, col, row} {}
};
struct bounding_box : location_constraint {
    bounding_box(int, int, int, int) : location_constraint{kind::box} {}
};
namespace host {
/// What the vendor's names below are given in braces.
struct Rectangle {
    tile_type type;
    int first_col, first_row, last_col, last_row;
};
struct Steps {
    int col_offset = 0, row_offset = 0;
};
} // namespace host
/// Tiles that a graph keeps to: routing and areas are not emulated.
struct area_group : location_constraint {
    area_group(std::initializer_list<host::Rectangle>, bool = false, bool = false, bool = false) : location_constraint{kind::box} {}
};
struct relative_offset {
    explicit relative_offset(host::Steps by) : by(by) {}
    host::Steps by;
};

/// location<>(x): takes places, and is itself one for another x.
class location_setting {
public:
    location_setting(std::vector<location_constraint> &places, location_constraint self) : places_(places), self_(self) {}
    location_setting(const location_setting &) = default;
    void operator=(const location_constraint &place) { places_ = {place}; }
    void operator=(std::initializer_list<location_constraint> places) { places_ = places; }
    void operator=(const std::vector<location_constraint> &places) { places_ = places; }
    void operator=(const location_setting &other) { places_ = {other.self_}; }
    friend location_constraint operator+(const location_setting &base, const relative_offset &by) {
        location_constraint moved = base.self_;
        moved.col = by.by.col_offset;
        moved.row = by.by.row_offset;
        moved.relative = true;
        return moved;
    }
    operator location_constraint() const { return self_; }

private:
    std::vector<location_constraint> &places_;
    location_constraint self_;
};

namespace host {
inline location_constraint same_kernel(Node *node) {
    location_constraint place{location_constraint::kind::same_kernel};
    place.node = node;
    return place;
}
inline location_constraint same_buffer(Port *port) {
    location_constraint place{location_constraint::kind::same_buffer};
    place.port = port;
    return place;
}
/// Accepted and ignored: routing and areas are not emulated.
inline std::vector<location_constraint> ignored_places;
} // namespace host

template <class What>
inline location_setting location(const kernel &k) {
    auto *node = host::node_of(k, "location");
    if constexpr (std::is_same_v<What, stack>)
        return {node->stack, host::same_kernel(node)};
    else
        return {node->places, host::same_kernel(node)};
}
template <class What, direction D>
inline auto location(const port<D> &p) {
    if constexpr (std::is_same_v<What, dma>)
        return host::Setting<std::optional<location_constraint>>(p.node()->dma);
    else
        return location_setting(p.node()->places, host::same_buffer(p.node()));
}
template <class What, class T>
inline location_setting location(const shared_buffer<T> &b) {
    auto *node = host::node_of(b, "location");
    return {node->places, host::same_kernel(node)};
}
template <class What, direction D>
inline location_setting location(const basic_plio<D> &p) {
    auto *node = host::node_of(p, "location");
    return {node->places, host::same_kernel(node)};
}
template <class What, direction D>
inline location_setting location(const basic_gmio<D> &p) {
    auto *node = host::node_of(p, "location");
    return {node->places, host::same_kernel(node)};
}
template <class What>
inline location_setting location(const parameter &p) {
    auto *node = host::node_of(p, "location");
    return {node->places, host::same_kernel(node)};
}
template <class What, class Tag, class ToTag>
inline location_setting location(const connect<Tag, ToTag> &) {
    return {host::ignored_places, {}};
}
template <class What>
inline location_setting location(const graph &) {
    return {host::ignored_places, {}};
}
/// Accepted: apart from each other is what the checks want anyway.
inline void not_equal(const location_setting &, const location_setting &) {}
inline location_constraint stamp(const location_setting &) { return {}; }

} // namespace adf
