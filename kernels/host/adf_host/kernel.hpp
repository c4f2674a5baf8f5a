// adf::kernel: functions and classes as nodes of a graph.
#pragma once

#include <cxxabi.h>
#include <dlfcn.h>

#include <tuple>
#include <typeinfo>
#include <utility>

#include "argument.hpp"
#include "limits.hpp"
#include "table.hpp"

namespace adf::host {

inline std::string demangled(const char *name) {
    int status = 0;
    char *text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
    std::string out = status == 0 ? text : name;
    std::free(text);
    return out;
}

/// The name of a function, without parameters, where the program exports it (-rdynamic).
inline std::string function_name(const void *function) {
    Dl_info info;
    if (!function || dladdr(function, &info) == 0 || !info.dli_sname || info.dli_saddr != function)
        return "kernel";
    const std::string full = demangled(info.dli_sname), name = full.substr(0, full.find('('));
    // A template's name starts with the type that it returns.
    const std::size_t space = name.substr(0, name.find('<')).rfind(' ');
    return space == std::string::npos ? name : name.substr(space + 1);
}

struct KernelNode : Node {
    using Node::Node;
    explicit KernelNode(std::string label) : Node(NodeKind::kernel, std::move(label)) {}

    std::string source, initialisation;
    std::vector<std::string> headers;
    double ratio = 0;
    std::vector<location_constraint> stack;
    std::size_t stack_bytes = default_stack_bytes, heap_bytes = 0;
    std::vector<std::unique_ptr<Argument>> arguments;
    /// Runs on the core before the first execution.
    std::function<void()> construct;
    std::function<void()> invoke;
};

/// The kernel object that create_object is making; REGISTER_FUNCTION adds its function.
struct Construction {
    KernelNode *node = nullptr;
    void **object = nullptr;
};
inline Construction under_construction;

template <class... A>
inline auto make_arguments(KernelNode *node) {
    // Braces: from left to right, so that ports are numbered in the order of the signature.
    std::tuple<ArgumentOf<A> *...> all{[node] {
        auto made = std::make_unique<ArgumentOf<A>>(*node);
        auto *raw = made.get();
        node->arguments.push_back(std::move(made));
        return raw;
    }()...};
    return all;
}

template <class C, class... A>
inline void register_function(void (C::*run)(A...)) {
    KernelNode *node = under_construction.node;
    if (!node) {
        registry().errors.push_back("REGISTER_FUNCTION outside kernel::create_object");
        return;
    }
    auto all = make_arguments<A...>(node);
    void **object = under_construction.object;
    node->invoke = [all, object, run] {
        std::apply([&](auto *...argument) { (static_cast<C *>(*object)->*run)(argument->get()...); }, all);
    };
}
/// A static member, or a free function.
template <class... A>
inline void register_function(void (*run)(A...)) {
    auto all = make_arguments<A...>(under_construction.node);
    under_construction.node->invoke = [all, run] { std::apply([&](auto *...argument) { run(argument->get()...); }, all); };
}

/// The tables that REGISTER_PARAMETER made of a kernel's members: only their places are said.
struct ParameterList {
    parameter operator[](std::size_t) const { return parameter::of_kernel(); }
};

/// A std::vector argument of create_object also feeds a constructor that takes an array by reference.
template <class T>
class ArrayOrVector {
    template <std::size_t N>
    using Array = T[N];

public:
    explicit ArrayOrVector(std::vector<T> &values) : values_(values) {}
    operator std::vector<T> &() const { return values_; }
    /// A table in the memory of the core, aligned for vector access; it lives as long as the kernel, until the program ends.
    template <std::size_t N>
    operator Array<N> &() const {
        auto *table = new Memory(N * sizeof(T));
        std::memcpy(table->data(), values_.data(), std::min(N, values_.size()) * sizeof(T));
        return *reinterpret_cast<Array<N> *>(table->data());
    }

private:
    std::vector<T> &values_;
};
template <class T>
inline T &constructor_argument(T &value) {
    return value;
}
template <class T>
inline ArrayOrVector<T> constructor_argument(std::vector<T> &values) {
    return ArrayOrVector<T>(values);
}

} // namespace adf::host

#define REGISTER_FUNCTION(...) adf::host::register_function(&__VA_ARGS__)
#define REGISTER_PARAMETER(...) static_cast<void>(0)

namespace adf {

/// A handle; copies name the same kernel.
class kernel {
public:
    kernel() = default;
    explicit kernel(host::KernelNode *node) : in(node), out(node), inout(node), node_(node) {}

    template <class... A>
    static kernel create(void (*function)(A...)) {
        auto *node = host::add_node<host::KernelNode>(host::function_name(reinterpret_cast<const void *>(function)));
        auto all = host::make_arguments<A...>(node);
        node->invoke = [all, function] { std::apply([&](auto *...argument) { function(argument->get()...); }, all); };
        return kernel(node);
    }

    template <class C, class... Arguments>
    static kernel create_object(Arguments &&...arguments) {
        auto *node = host::add_node<host::KernelNode>(host::demangled(typeid(C).name()));
        // The object lives on its core until the program ends.
        auto **object = new void *(nullptr);
        node->construct = [object, values = std::make_tuple(std::decay_t<Arguments>(arguments)...)]() mutable {
            *object = std::apply([](auto &...value) { return new C(host::constructor_argument(value)...); }, values);
        };
        host::under_construction = {node, object};
        C::registerKernelClass();
        host::under_construction = {};
        return kernel(node);
    }

    host::PortList<direction::in> in;
    host::PortList<direction::out> out;
    host::PortList<direction::inout> inout;
    host::ParameterList param;

    host::KernelNode *node() const { return node_; }

private:
    host::KernelNode *node_ = nullptr;
};

} // namespace adf
