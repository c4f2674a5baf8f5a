// Who runs next: tasks wait in a queue in the order in which something woke them. An empty queue means that nothing can move.
#pragma once

#include <time.h>
#include <deque>
#include <string>

#include "fiber.hpp"

namespace adf::host {

/// A kernel or a data mover.
class Task {
public:
    virtual ~Task() = default;
    /// Go on as far as possible.
    virtual void step() = 0;
    /// For the explanation of a deadlock: a name, and the task that this one waits for (null if none, or if it is the host or a file).
    virtual std::string title() const = 0;
    virtual Task *blocker() = 0;

    bool queued = false;
};

class Scheduler {
public:
    void wake(Task *task) {
        if (task && !task->queued) {
            task->queued = true;
            ready_.push_back(task);
        }
    }
    /// Run until nothing can move, or until the time is up (milliseconds, below 0: no limit). Returns whether nothing can move.
    bool run(long milliseconds = -1) {
        const long end = now() + milliseconds;
        for (unsigned long steps = 0; !ready_.empty(); ++steps) {
            if (milliseconds >= 0 && steps % 64 == 0 && now() >= end)
                return false;
            Task *task = ready_.front();
            ready_.pop_front();
            task->queued = false;
            task->step();
        }
        return true;
    }

private:
    static long now() {
        timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        return time.tv_sec * 1000 + time.tv_nsec / 1000000;
    }

    std::deque<Task *> ready_;
};

inline Scheduler scheduler;

/// What a kernel waits for, for the explanation of a deadlock.
struct Waiting {
    virtual ~Waiting() = default;
    /// Such as "data on in[0] (0 of 2 buffers full)".
    virtual std::string reason() const = 0;
    /// The task that could end the wait; null for the host.
    virtual Task *blocker() const = 0;
};

/// The wait of the kernel that runs now; set while it is suspended.
inline const Waiting **current_wait = nullptr;

/// Suspend the running kernel until `ready()`; whoever changes the condition wakes the kernel's task.
template <class Ready>
inline void wait_until(Ready ready, const Waiting &reason) {
    if (ready()) [[likely]]
        return;
    if (!current_wait)
        stop("a stream, cascade or buffer was used outside a running kernel");
    const Waiting **mine = current_wait;
    *mine = &reason;
    do
        Fiber::suspend();
    while (!ready());
    *mine = nullptr;
}

} // namespace adf::host
