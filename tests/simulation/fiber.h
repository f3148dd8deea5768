// A stack with a function running on it. Switching keeps the exception state of each fiber apart,
// so that a switch inside a catch block or a destructor is safe. Knows the sanitizers; knows
// nothing of scheduling (scheduler.h). All fibers of a scheduler live on one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace cutover::simulation {

class FiberContext {
public:
    /// The context of the thread itself: a place to switch back to.
    FiberContext();
    /// A new stack; `body` starts at the first switch to it and must never return.
    explicit FiberContext(std::function<void()> body);
    ~FiberContext();
    FiberContext(const FiberContext&) = delete;
    FiberContext& operator=(const FiberContext&) = delete;

    /// Leaves `this` (which must be running) and goes on in `next`; returns when somebody switches
    /// back. `last`: this context will not run again.
    void switch_to(FiberContext& next, bool last = false);

    struct Implementation;

private:
    std::unique_ptr<Implementation> self_;
};

}  // namespace cutover::simulation
