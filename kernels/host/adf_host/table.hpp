// Tables in a kernel's memory: adf::parameter.
#pragma once

#include "node.hpp"

namespace adf {

/// A lookup table: kernels read the global by its name, the graph only places it.
class parameter {
public:
    parameter() = default;
    template <class T>
    static parameter array(T &) {
        return of_kernel();
    }
    static parameter of_kernel() { return parameter(host::add_node<host::Node>(host::NodeKind::table, "parameter")); }
    template <class T>
    static parameter scalar(T &value) {
        return array(value);
    }
    host::Node *node() const { return node_; }

private:
    explicit parameter(host::Node *node) : node_(node) {}
    host::Node *node_ = nullptr;
};

} // namespace adf
