// The request to stop: one flag that every loop of a task checks and every long wait listens to.
#pragma once

#include <atomic>
#include <memory>

#include "migrator/flow/runtime.h"
#include "migrator/model/error.h"

namespace cutover::flow {

/// For any thread. `runtime` must outlive it.
class StopSignal {
public:
    explicit StopSignal(Runtime& runtime) : runtime_(runtime), gate_(runtime.make_gate()) {}

    /// Wakes every wait_for().
    void request() {
        const std::unique_lock lock(*gate_);
        requested_ = true;
        gate_->notify_all();
    }
    /// Like request(), but callable from a signal handler: waits notice it within their own bound.
    void request_from_signal() noexcept { requested_ = true; }
    bool requested() const { return requested_; }
    void throw_if_requested() const {
        if (requested_) {
            throw model::Error(model::ErrorClass::stopped, "task.stopped", "stopped on request");
        }
    }
    /// Waits for `duration`, or less if asked to stop. True if asked to stop.
    bool wait_for(Duration duration) {
        constexpr Duration kSlice = std::chrono::milliseconds(250);
        const TimePoint deadline = runtime_.now() + duration;
        std::unique_lock lock(*gate_);
        while (!requested_ && runtime_.now() < deadline) {
            gate_->wait_until(std::min(deadline, runtime_.now() + kSlice));
        }
        return requested_;
    }

private:
    Runtime& runtime_;
    std::unique_ptr<Gate> gate_;
    std::atomic<bool> requested_ = false;
};

}  // namespace cutover::flow
