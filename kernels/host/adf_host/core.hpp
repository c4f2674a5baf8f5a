// The state of one core that outlives a kernel call, and how a kernel's mistake stops the run.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace adf::host {

/// Rounding (hardware codes) and saturation of a core. They start at floor and none, and stick from kernel to kernel on that core.
struct CoreState {
    int rounding = 0;
    int saturation = 0;
    std::string name = "outside any kernel";
};

inline CoreState outside_any_core;

/// The core whose kernel runs now. One kernel runs at a time, so this needs no lock.
inline CoreState *current_core = &outside_any_core;

/// Print one sentence and stop the program with exit code 1. Nothing is torn down: the caller may stand on the stack of a kernel.
[[noreturn]] inline void stop(const std::string &message) {
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s\n", message.c_str());
    std::fflush(stderr);
    std::_Exit(1);
}

/// A kernel did what the hardware would get wrong silently.
[[noreturn]] inline void kernel_fault(const std::string &what) { stop("kernel " + current_core->name + ": " + what); }

} // namespace adf::host
