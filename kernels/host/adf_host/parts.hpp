// What else a graph consists of: PLIO, GMIO, shared buffers, packet switches, tables.
#pragma once

#include "kernel.hpp"
#include "plio_file.hpp"

namespace adf {

enum plio_type { plio_32_bits = 32, plio_64_bits = 64, plio_128_bits = 128 };

namespace host {

struct PlioNode : Node {
    PlioNode(direction dir, std::string name, plio_type width, std::string file)
        : Node(NodeKind::plio, (dir == direction::out ? "input PLIO " : "output PLIO ") + name), name(std::move(name)), width(width), file(std::move(file)) {
        port = add(dir);
    }
    std::string name;
    plio_type width;
    std::string file;
    Port *port;
};

struct GmioNode : Node {
    GmioNode(direction dir, const std::string &name) : Node(NodeKind::gmio, "GMIO " + name) {
        port = add(dir);
        queue.name = name;
    }
    Port *port;
    GmioQueue queue;
};

struct SharedNode : Node {
    SharedNode(std::vector<std::uint32_t> dims, unsigned writers, unsigned readers, const ElementFormat *format)
        : Node(NodeKind::shared_buffer, "shared_buffer"), dimensions(std::move(dims)), format(format) {
        for (unsigned i = 0; i < writers + readers; ++i) {
            Port *port = add(i < writers ? direction::in : direction::out);
            port->kind = PortKind::buffer;
            port->format = format;
            port->dimensions = dimensions;
        }
    }
    std::size_t elements() const {
        std::size_t count = 1;
        for (std::uint32_t d : dimensions)
            count *= d;
        return count;
    }
    std::vector<std::uint32_t> dimensions;
    const ElementFormat *format;
    unsigned copies = 1;
    bool external = false;
    std::vector<std::byte> initial;
};

/// Splits packets by their header, or merges them.
struct PacketNode : Node {
    PacketNode(NodeKind kind, unsigned ways, bool ordered) : Node(kind, kind == NodeKind::packet_split ? "pktsplit" : "pktmerge"), ordered(ordered) {
        const bool split = kind == NodeKind::packet_split;
        for (unsigned i = 0; i < (split ? 1 : ways); ++i)
            add(direction::in)->kind = PortKind::stream;
        for (unsigned i = 0; i < (split ? ways : 1); ++i)
            add(direction::out)->kind = PortKind::stream;
    }
    bool ordered;
};

} // namespace host

/// `Out` as seen by the graph: an input PLIO has an output port.
template <direction Out>
class basic_plio {
public:
    basic_plio() = default;

    static basic_plio create(plio_type width, const std::string &file = "") { return create(file, width, file); }
    static basic_plio create(const std::string &name, plio_type width) { return create(name, width, ""); }
    static basic_plio create(const std::string &name, plio_type width, const std::string &file, double mhz = 0, bool hex = false) {
        if (hex)
            host::registry().errors.push_back("PLIO " + name + ": hexadecimal files are not emulated");
        (void)mhz;
        return basic_plio(host::add_node<host::PlioNode>(Out, name, width, file));
    }
    static basic_plio create() { return create(plio_32_bits); }

    host::PortList<Out> in, out;
    host::PlioNode *node() const { return node_; }

private:
    explicit basic_plio(host::PlioNode *node) : in(node), out(node), node_(node) {}
    host::PlioNode *node_ = nullptr;
};
using input_plio = basic_plio<direction::out>;
using output_plio = basic_plio<direction::in>;

template <direction Out>
class basic_gmio {
public:
    basic_gmio() = default;
    static basic_gmio create(const std::string &name, std::size_t burst_bytes, std::size_t megabytes_per_second) {
        if (burst_bytes != 64 && burst_bytes != 128 && burst_bytes != 256)
            host::registry().errors.push_back("GMIO " + name + ": a burst has 64, 128 or 256 bytes, not " + std::to_string(burst_bytes));
        (void)megabytes_per_second;
        return basic_gmio(host::add_node<host::GmioNode>(Out, name));
    }
    static basic_gmio create(std::size_t burst_bytes, std::size_t rate) { return create("gmio", burst_bytes, rate); }

    /// Host memory to the array, without waiting.
    int gm2aie_nb(const void *data, std::size_t bytes) {
        node_->queue.add(const_cast<void *>(data), bytes);
        return 0;
    }
    int aie2gm_nb(void *data, std::size_t bytes) {
        node_->queue.add(data, bytes);
        return 0;
    }
    int gm2aie(const void *data, std::size_t bytes) {
        gm2aie_nb(data, bytes);
        return wait();
    }
    int aie2gm(void *data, std::size_t bytes) {
        aie2gm_nb(data, bytes);
        return wait();
    }
    int wait() {
        scheduler_run();
        if (!node_->queue.pieces.empty())
            host::stop("GMIO " + node_->queue.name + ": the graph stopped with " + std::to_string(node_->queue.open().size()) +
                       " bytes of the transfer left");
        return 0;
    }
    static void *malloc(std::size_t bytes) { return ::operator new(bytes, std::align_val_t(64)); }
    static void free(void *memory) { ::operator delete(memory, std::align_val_t(64)); }

    host::PortList<Out> in, out;
    host::GmioNode *node() const { return node_; }

private:
    explicit basic_gmio(host::GmioNode *node) : in(node), out(node), node_(node) {}
    static void scheduler_run() { host::scheduler.run(); }
    host::GmioNode *node_ = nullptr;
};
using input_gmio = basic_gmio<direction::out>;
using output_gmio = basic_gmio<direction::in>;
struct GMIO {
    static void *malloc(std::size_t bytes) { return input_gmio::malloc(bytes); }
    static void free(void *memory) { input_gmio::free(memory); }
};

/// A buffer in a memory tile (or, external, in DDR), with as many access ports as asked for.
template <class T>
class shared_buffer {
public:
    shared_buffer() = default;
    static shared_buffer create(const std::vector<std::uint32_t> &dimensions, unsigned writers, unsigned readers) {
        return shared_buffer(host::add_node<host::SharedNode>(dimensions, writers, readers, host::format_of<T>(host::element_name<T>())));
    }
    static shared_buffer create(std::uint32_t size, unsigned writers, unsigned readers) {
        return create(std::vector<std::uint32_t>{size}, writers, readers);
    }

    host::PortList<direction::in> in;
    host::PortList<direction::out> out;
    host::SharedNode *node() const { return node_; }

protected:
    explicit shared_buffer(host::SharedNode *node) : in(node), out(node), node_(node) {}
    host::SharedNode *node_ = nullptr;
};

/// DDR behind the shim's DMA: a shared buffer that fills no memory tile.
template <class T>
class external_buffer : public shared_buffer<T> {
public:
    external_buffer() = default;
    static external_buffer create(const std::vector<std::uint32_t> &dimensions, unsigned writers, unsigned readers) {
        external_buffer made(shared_buffer<T>::create(dimensions, writers, readers));
        made.node()->external = true;
        return made;
    }

private:
    explicit external_buffer(const shared_buffer<T> &base) : shared_buffer<T>(base) {}
};

template <unsigned Ways>
class pktsplit {
    static_assert(Ways <= 32, "pktsplit: at most 32 ways");

public:
    static pktsplit create() { return pktsplit(host::add_node<host::PacketNode>(host::NodeKind::packet_split, Ways, false)); }
    pktsplit() = default;
    host::PortList<direction::in> in;
    host::PortList<direction::out> out;

private:
    explicit pktsplit(host::Node *node) : in(node), out(node) {}
};
template <unsigned Ways, bool Ordered = false>
class pktmerge {
    static_assert(Ways <= 32, "pktmerge: at most 32 ways");

public:
    static pktmerge create() { return pktmerge(host::add_node<host::PacketNode>(host::NodeKind::packet_merge, Ways, Ordered)); }
    pktmerge() = default;
    host::PortList<direction::in> in;
    host::PortList<direction::out> out;

private:
    explicit pktmerge(host::Node *node) : in(node), out(node) {}
};
template <unsigned Ways>
using pktorderedmerge = pktmerge<Ways, true>;

} // namespace adf
