// A graph at work: channels and tasks made from its nodes and nets, runs, and the explanation of a stop.
#pragma once

#include "checks.hpp"
#include "memory_tile.hpp"
#include "packets.hpp"
#include "rates.hpp"
#include "tasks.hpp"

namespace adf::host {

/// Words of a cascade, and of a stream where fifo_depth() says nothing: ports and switches on the way hold about this many.
inline constexpr std::size_t cascade_words = 4, stream_words = 32;

class Engine {
public:
    explicit Engine(Network network) : network_(std::move(network)) {
        std::vector<std::string> errors = registry().errors;
        for (std::string &error : check(network_))
            errors.push_back(std::move(error));
        if (errors.empty())
            errors = Rates(network_).solve();
        if (!errors.empty())
            refuse(errors);
        for (Node *node : network_.nodes)
            add_node(node);
        for (const Net &net : network_.nets)
            if (!net.sinks.empty() && net.source->kind != PortKind::parameter)
                add_net(net);
            else
                chain_parameters(net);
        for (auto &task : packets_waiting_)
            tasks_.push_back(task());
        for (auto &kernel : kernels_)
            for (auto &argument : kernel->node.arguments)
                argument->attach();
    }

    /// Ask for more iterations; below 0: without end.
    void run(long iterations) {
        for (auto &kernel : kernels_) {
            kernel->endless = iterations < 0;
            kernel->target = iterations < 0 ? ~std::uint64_t(0) : kernel->target + iterations * kernel->node.repetition;
            scheduler.wake(kernel.get());
        }
        for (auto &[node, memory] : memories_) {
            memory->target = iterations < 0 ? ~std::uint64_t(0) : memory->target + iterations * node->repetition;
            memory->wake_all();
        }
        for (auto &task : tasks_)
            scheduler.wake(task.get());
    }

    /// Run until all is done, or for some time. A graph that cannot complete is explained, and the program ends with exit code 1.
    void wait(long milliseconds = -1) {
        const bool still = scheduler.run(milliseconds);
        write_files();
        if (still && !complete())
            explain();
    }
    void advance() { scheduler.run(); }
    void write_files() {
        for (FileSink *file : files_)
            file->write();
    }

    std::map<const Port *, std::unique_ptr<Parameter>> parameters;
    std::map<const Port *, std::unique_ptr<Readback>> readbacks;

private:
    [[noreturn]] static void refuse(const std::vector<std::string> &errors) {
        for (std::size_t i = 0; i + 1 < errors.size(); ++i)
            std::fprintf(stderr, "error: %s\n", errors[i].c_str());
        stop(errors.back());
    }

    // -- nodes ----------------------------------------------------------------------------------------------------------------------

    void add_node(Node *node) {
        switch (node->kind) {
        case NodeKind::kernel: return add_kernel(static_cast<KernelNode &>(*node));
        case NodeKind::shared_buffer: return add_memory(static_cast<SharedNode &>(*node));
        default: return;
        }
    }
    void add_kernel(KernelNode &node) {
        // Kernels on one core share its modes; a kernel without a place has a core of its own.
        const TileAt tile = tile_of(&node);
        const auto place = tile.known() ? std::pair{tile.col, tile.row} : std::pair{-1, static_cast<int>(kernels_.size())};
        kernels_.push_back(std::make_unique<KernelTask>(node, cores_[place]));
        task_of_[&node] = kernels_.back().get();
        for (auto &argument : node.arguments)
            if (argument->port->kind == PortKind::parameter)
                add_parameter(*argument, kernels_.back().get());
    }
    void add_parameter(Argument &argument, Task *task) {
        const Port *port = argument.port;
        const bool inout = port->dir == direction::inout;
        if (!inout || port->driver) {
            auto &parameter = parameters[port];
            parameter = std::make_unique<Parameter>(port->name(), port->block_bytes(), inout ? !port->asynchronous.value_or(true) : !port->asynchronous.value_or(false));
            parameter->consumer = task;
            argument.parameter = parameter.get();
        }
        if (inout) {
            auto &readback = readbacks[port];
            readback = std::make_unique<Readback>();
            argument.readback = readback.get();
        }
    }
    void add_memory(SharedNode &node) {
        auto memory = std::make_unique<SharedMemory>(node.label, node.elements() * node.format->bytes, node.copies, node.in.size(), node.out.size());
        if (!node.initial.empty())
            memory->initialise(node.initial.data(), node.initial.size());
        memories_[&node] = std::move(memory);
    }

    void chain_parameters(const Net &net) {
        for (const Port *sink : net.sinks)
            if (const auto found = parameters.find(sink); found != parameters.end())
                readbacks[net.source]->chained.push_back(found->second.get());
    }

    // -- connections ----------------------------------------------------------------------------------------------------------------

    static Argument *argument_of(Port *port) {
        for (auto &argument : static_cast<KernelNode *>(port->node)->arguments)
            if (argument->port == port)
                return argument.get();
        return nullptr;
    }

    void add_net(const Net &net) {
        Port *source = net.source, *sink = net.sinks[0];
        if (net.sinks.size() == 1 && source->kind == PortKind::cascade)
            return join(new_fifo(source->name() + " -> " + sink->name(), cascade_words, 64), source, sink);
        if (net.sinks.size() == 1 && streams(source) && streams(sink))
            return join(new_fifo(source->name() + " -> " + sink->name(), std::max(stream_words, sink->fifo_depth), 4), source, sink);
        if (net.sinks.size() == 1 && shares_buffer(source, sink)) {
            BufferSet *set = new_set(source, source->name() + " -> " + sink->name(), source->single || sink->single);
            attach_buffer(source, set);
            return attach_buffer(sink, set);
        }
        std::string name = source->name() + " ->";
        for (const Port *end : net.sinks)
            name += (end == sink ? " " : ", ") + end->name();
        auto transfer = std::make_unique<Transfer>(name, make_source(source, sink));
        for (Port *end : net.sinks)
            transfer->add(make_sink(end, source));
        tasks_.push_back(std::move(transfer));
    }

    static bool streams(const Port *port) { return port->kind == PortKind::stream; }

    Fifo *new_fifo(std::string name, std::size_t words, std::size_t word) {
        fifos_.push_back(std::make_unique<Fifo>(std::move(name), words * word, word));
        return fifos_.back().get();
    }
    BufferSet *new_set(const Port *port, std::string name, bool single) {
        sets_.push_back(std::make_unique<BufferSet>(std::move(name), port->block_bytes() + port->margin * port->format->bytes, single ? 1 : 2));
        return sets_.back().get();
    }
    void attach_buffer(Port *port, BufferSet *set) {
        argument_of(port)->set = set;
        (port->dir == direction::in ? set->consumer : set->producer) = task_of_[port->node];
    }
    void attach_fifo(Port *port, Fifo *fifo) {
        if (port->node->kind == NodeKind::kernel) {
            argument_of(port)->fifo = fifo;
            (port->dir == direction::in ? fifo->consumer : fifo->producer) = task_of_[port->node];
            return;
        }
        auto &ends = packet_ends_[port->node];
        ends[port] = fifo;
        if (ends.size() == port->node->in.size() + port->node->out.size())
            packets_waiting_.push_back([this, node = port->node]() -> std::unique_ptr<Task> {
                std::vector<Fifo *> in, out;
                for (auto &p : node->in)
                    in.push_back(packet_ends_[node][p.get()]);
                for (auto &p : node->out)
                    out.push_back(packet_ends_[node][p.get()]);
                return std::make_unique<PacketTask>(node->label, in, out, static_cast<PacketNode *>(node)->ordered);
            });
    }
    void join(Fifo *fifo, Port *source, Port *sink) {
        attach_fifo(source, fifo);
        attach_fifo(sink, fifo);
    }

    /// `reader` and `writer`: the (first) port at the other end.
    std::unique_ptr<Source> make_source(Port *port, const Port *reader) {
        switch (port->node->kind) {
        case NodeKind::plio: return read_file(static_cast<PlioNode &>(*port->node));
        case NodeKind::gmio: return std::make_unique<GmioSource>(static_cast<GmioNode *>(port->node)->queue);
        case NodeKind::shared_buffer:
            return std::make_unique<SharedSource>(*memories_[static_cast<SharedNode *>(port->node)], port->index, walk_of(port));
        default: break;
        }
        if (port->kind == PortKind::buffer) {
            BufferSet *set = new_set(port, port->name(), port->single);
            attach_buffer(port, set);
            return std::make_unique<BufferSource>(*set, walk_of(port));
        }
        Fifo *fifo = new_fifo(port->name(), stream_words, port->kind == PortKind::cascade ? 64 : 4);
        attach_fifo(port, fifo);
        if (port->node->kind == NodeKind::packet_split && reader->kind == PortKind::buffer)
            return std::make_unique<PayloadSource>(*fifo);
        return std::make_unique<FifoSource>(*fifo);
    }
    std::unique_ptr<Sink> make_sink(Port *port, const Port *writer) {
        switch (port->node->kind) {
        case NodeKind::plio: return write_file(static_cast<PlioNode &>(*port->node));
        case NodeKind::gmio: return std::make_unique<GmioSink>(static_cast<GmioNode *>(port->node)->queue);
        case NodeKind::shared_buffer:
            return std::make_unique<SharedSink>(*memories_[static_cast<SharedNode *>(port->node)], port->index, walk_of(port));
        default: break;
        }
        if (port->kind == PortKind::buffer) {
            BufferSet *set = new_set(port, port->name(), port->single);
            attach_buffer(port, set);
            return std::make_unique<BufferSink>(*set, walk_of(port));
        }
        Fifo *fifo = new_fifo(port->name(), std::max(stream_words, port->fifo_depth), 4);
        attach_fifo(port, fifo);
        if (port->node->kind == NodeKind::packet_merge && writer->kind == PortKind::buffer)
            return std::make_unique<PacketSink>(*fifo, port->index);
        return std::make_unique<FifoSink>(*fifo);
    }

    static std::string folder(const char *variable, const char *otherwise) {
        const char *value = std::getenv(variable);
        return std::string(value && *value ? value : otherwise) + "/";
    }
    static std::unique_ptr<Source> read_file(PlioNode &node) {
        FileData data;
        const std::string path = (node.file.starts_with("/") ? "" : folder("ADF_HOST_INPUT", ".")) + node.file;
        const std::string error = read_plio_file(path, *format_at(node.port), node.width, data);
        if (!error.empty())
            stop(node.label + ": " + error);
        return std::make_unique<FileSource>(node.name, node.file, std::move(data));
    }
    std::unique_ptr<Sink> write_file(PlioNode &node) {
        const std::string path = (node.file.starts_with("/") ? "" : folder("ADF_HOST_OUTPUT", "x86simulator_output")) + node.file;
        auto sink = std::make_unique<FileSink>(path, *format_at(node.port), node.width);
        const Port *source = true_source(node.port);
        sink->marks_last = source && source->kind == PortKind::stream;
        files_.push_back(sink.get());
        return sink;
    }

    // -- stops ----------------------------------------------------------------------------------------------------------------------

    bool complete() const {
        for (auto &kernel : kernels_)
            if (!kernel->complete() && !kernel->endless)
                return false;
        for (auto &[node, memory] : memories_)
            if (!node->in.empty() && memory->completed() < memory->target && memory->target != ~std::uint64_t(0))
                return false;
        return true;
    }
    [[noreturn]] void explain() {
        std::string text = "graph " + network_.name + " is stuck: nothing can move, and its runs are not complete";
        unsigned shown = 0;
        for (auto &kernel : kernels_)
            if (!kernel->complete() && ++shown <= 12)
                text += "\n  " + kernel->state();
        if (shown > 12)
            text += "\n  and " + std::to_string(shown - 12) + " more kernels";
        unsigned movers = 0;
        for (auto &task : tasks_)
            if (auto *transfer = dynamic_cast<Transfer *>(task.get()); transfer && ++movers <= 12)
                text += "\n  " + transfer->state();
        text += circle();
        stop(text);
    }
    /// The tasks that wait for each other in a ring, if there is one.
    std::string circle() {
        for (auto &kernel : kernels_) {
            std::vector<Task *> path;
            for (Task *task = kernel->complete() ? nullptr : kernel.get(); task; task = task->blocker()) {
                const auto seen = std::find(path.begin(), path.end(), task);
                if (seen == path.end()) {
                    path.push_back(task);
                    continue;
                }
                std::string text = "\n  deadlock: ";
                for (auto it = seen; it != path.end(); ++it)
                    text += (*it)->title() + " waits for ";
                return text + task->title();
            }
        }
        return "";
    }

    Network network_;
    std::map<std::pair<int, int>, CoreState> cores_;
    std::vector<std::unique_ptr<KernelTask>> kernels_;
    std::map<const Node *, Task *> task_of_;
    std::map<SharedNode *, std::unique_ptr<SharedMemory>> memories_;
    std::vector<std::unique_ptr<Fifo>> fifos_;
    std::vector<std::unique_ptr<BufferSet>> sets_;
    std::map<Node *, std::map<Port *, Fifo *>> packet_ends_;
    std::vector<std::function<std::unique_ptr<Task>()>> packets_waiting_;
    std::vector<std::unique_ptr<Task>> tasks_;
    std::vector<FileSink *> files_;
};

} // namespace adf::host
