// Threads of kernels. Each kernel has a stack of its own and runs until it must wait; one runs at a time, in a fixed order, so results
// and deadlocks repeat. Address and thread sanitizers are told about every switch.
#pragma once

#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <utility>

#include "core.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define ADF_HOST_SLOW_SWITCH 1
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define ADF_HOST_SLOW_SWITCH 1
#endif

namespace adf::host {

/// Bytes of a kernel's stack on this computer; only touched pages cost memory.
inline constexpr std::size_t fiber_stack_bytes = std::size_t(1) << 20;

class Fiber {
public:
    explicit Fiber(std::function<void()> body) : body_(std::move(body)) {
        stack_ = mmap(nullptr, fiber_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack_ == MAP_FAILED)
            stop("no memory is left for the stacks of the kernels");
        // The lowest page stays closed: a kernel that overruns its stack stops instead of overwriting another.
        mprotect(stack_, 4096, PROT_NONE);
#if defined(__SANITIZE_THREAD__)
        tsan_ = __tsan_create_fiber(0);
#endif
    }
    Fiber(const Fiber &) = delete;
    Fiber &operator=(const Fiber &) = delete;
    ~Fiber() {
#if defined(__SANITIZE_THREAD__)
        __tsan_destroy_fiber(tsan_);
#endif
        munmap(stack_, fiber_stack_bytes);
    }

    bool finished() const { return finished_; }

    /// Run the body until it suspends or ends.
    void resume();
    /// From inside a body: go back to whoever resumed it.
    static void suspend();

private:
    static void entry();
    void leave();

    std::function<void()> body_;
    void *stack_ = nullptr;
    bool started_ = false, finished_ = false;
    ucontext_t inside_{}, outside_{};
    void *inside_registers_[5]{}, *outside_registers_[5]{};
    void *tsan_ = nullptr, *tsan_outside_ = nullptr;
    const void *outside_stack_ = nullptr;
    std::size_t outside_bytes_ = 0;

    static inline Fiber *current_ = nullptr;
};

#if defined(ADF_HOST_SLOW_SWITCH)

inline void Fiber::resume() {
    current_ = this;
    if (!started_) {
        started_ = true;
        getcontext(&inside_);
        inside_.uc_stack.ss_sp = stack_;
        inside_.uc_stack.ss_size = fiber_stack_bytes;
        inside_.uc_link = nullptr;
        makecontext(&inside_, &Fiber::entry, 0);
    }
#if defined(__SANITIZE_ADDRESS__)
    void *fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_, fiber_stack_bytes);
#endif
#if defined(__SANITIZE_THREAD__)
    tsan_outside_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(tsan_, 0);
#endif
    swapcontext(&outside_, &inside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
    current_ = nullptr;
}

inline void Fiber::leave() {
#if defined(__SANITIZE_ADDRESS__)
    void *fake = nullptr;
    __sanitizer_start_switch_fiber(finished_ ? nullptr : &fake, outside_stack_, outside_bytes_);
#endif
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(tsan_outside_, 0);
#endif
    swapcontext(&inside_, &outside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, &outside_stack_, &outside_bytes_);
#endif
}

#else

// swapcontext makes a system call to save the signal mask; GCC's own setjmp makes none.
[[noreturn, gnu::noinline]] inline void jump_to(void **registers) { __builtin_longjmp(registers, 1); }

[[gnu::noinline]] inline void Fiber::resume() {
    current_ = this;
    if (__builtin_setjmp(outside_registers_) == 0) {
        if (started_)
            jump_to(inside_registers_);
        started_ = true;
        getcontext(&inside_);
        inside_.uc_stack.ss_sp = stack_;
        inside_.uc_stack.ss_size = fiber_stack_bytes;
        inside_.uc_link = nullptr;
        makecontext(&inside_, &Fiber::entry, 0);
        setcontext(&inside_);
    }
    current_ = nullptr;
}

[[gnu::noinline]] inline void Fiber::leave() {
    if (__builtin_setjmp(inside_registers_) == 0)
        jump_to(outside_registers_);
}

#endif

inline void Fiber::suspend() { current_->leave(); }

inline void Fiber::entry() {
    Fiber *self = current_;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &self->outside_stack_, &self->outside_bytes_);
#endif
    self->body_();
    self->finished_ = true;
    self->leave();
}

} // namespace adf::host
