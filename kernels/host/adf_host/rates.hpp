// How often each kernel and shared buffer runs in one graph iteration: both ends of a connection move the same bytes.
#pragma once

#include <numeric>

#include "network.hpp"

namespace adf::host {

struct Rate {
    std::uint64_t over = 0, under = 1;
    bool known() const { return over != 0; }
    Rate times(std::uint64_t a, std::uint64_t b) const {
        const std::uint64_t n = over * a, d = under * b, g = std::gcd(n, d);
        return {n / g, d / g};
    }
    friend bool operator==(const Rate &, const Rate &) = default;
};

class Rates {
public:
    explicit Rates(const Network &network) : network_(network) {}

    /// Sets the repetition of every node. Returns the contradictions.
    std::vector<std::string> solve() {
        for (const Net &net : network_.nets)
            for (Port *sink : net.sinks)
                add_edge(net.source, sink);
        for (Node *node : network_.nodes)
            if (node->repetition > 0)
                rate_[node] = {node->repetition, 1};
        spread();
        for (Node *node : network_.nodes)
            if (counted(node) && !rate_[node].known()) {
                component_.clear();
                set(node, {1, 1});
                spread();
                scale();
            }
        for (Node *node : network_.nodes)
            if (counted(node))
                finish(node);
        return errors_;
    }

private:
    struct Edge {
        Port *from, *to;
        std::uint64_t from_bytes, to_bytes;
        /// Streams and cascades: equal rates are a guess.
        bool guess;
    };

    static bool counted(const Node *node) { return node->kind == NodeKind::kernel || node->kind == NodeKind::shared_buffer; }
    static std::uint64_t volume(const Port *port) {
        return port->kind == PortKind::buffer && port->format ? walk_of(port).bytes * port->asynchronous_repetition : 0;
    }

    void add_edge(Port *from, Port *to) {
        if (!counted(from->node) || !counted(to->node) || from->kind == PortKind::parameter)
            return;
        const std::uint64_t a = volume(from), b = volume(to);
        edges_.push_back(a && b ? Edge{from, to, a, b, false} : Edge{from, to, 1, 1, true});
    }
    void set(Node *node, Rate rate) {
        rate_[node] = rate;
        component_.push_back(node);
    }

    /// Certain edges first; a guess only where they lead no further.
    void spread() {
        while (pass(false) || pass(true))
            ;
    }
    bool pass(bool guesses) {
        bool moved = false;
        for (const Edge &e : edges_) {
            if (e.guess != guesses)
                continue;
            const Rate from = rate_[e.from->node], to = rate_[e.to->node];
            if (from.known() && !to.known())
                set(e.to->node, from.times(e.from_bytes, e.to_bytes));
            else if (to.known() && !from.known())
                set(e.from->node, to.times(e.to_bytes, e.from_bytes));
            else
                continue;
            moved = true;
            if (guesses)
                return true;
        }
        return moved;
    }
    void scale() {
        std::uint64_t common = 1;
        for (Node *node : component_)
            common = std::lcm(common, rate_[node].under);
        for (Node *node : component_)
            rate_[node] = rate_[node].times(common, 1);
    }
    void finish(Node *node) {
        const Rate rate = rate_[node];
        if (rate.under != 1)
            errors_.push_back(node->label + " would have to run " + std::to_string(rate.over) + "/" + std::to_string(rate.under) +
                              " times an iteration: the repetition_count() at the other end of its connections does not fit its block size");
        node->repetition = static_cast<unsigned>(std::max<std::uint64_t>(1, rate.over / rate.under));
        for (const Edge &e : edges_) {
            const Rate from = rate_[e.from->node], to = rate_[e.to->node];
            if (e.from->node == node && !e.guess && !(from.times(e.from_bytes, 1) == to.times(e.to_bytes, 1)))
                errors_.push_back(e.from->name() + " sends " + amount(from, e.from_bytes) + " an iteration, but " + e.to->name() + " takes " +
                                  amount(to, e.to_bytes));
        }
    }
    static std::string amount(Rate rate, std::uint64_t bytes) {
        return std::to_string(rate.over * bytes / rate.under) + " bytes (" + std::to_string(rate.over) + " x " + std::to_string(bytes) + ")";
    }

    const Network &network_;
    std::vector<Edge> edges_;
    std::map<Node *, Rate> rate_;
    std::vector<Node *> component_;
    std::vector<std::string> errors_;
};

} // namespace adf::host
