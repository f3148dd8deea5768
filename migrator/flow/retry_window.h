// Try again, and when, or give up: from an error's class, the time since the first failure and the
// plan's windows. Progress closes the window.
#pragma once

#include <cstdint>
#include <optional>

#include "migrator/flow/runtime.h"
#include "migrator/model/error.h"
#include "migrator/plan/task_spec.h"

namespace cutover::flow {

/// One thread. `runtime` must outlive it.
class RetryWindow {
public:
    RetryWindow(Runtime& runtime, plan::RetryWindows windows)
        : runtime_(runtime), windows_(windows) {}

    /// How long to wait before the next try; nothing: give up. The wait doubles from 0.2 s to 10 s.
    std::optional<Duration> after(const model::Error& error);
    /// Something has worked: forget the failures. Any class.
    void success() { first_failure_.reset(), attempts_ = 0; }
    std::uint32_t attempts() const { return attempts_; }
    /// Time since the first failure of the open window; zero if none is open.
    Duration open_for() const;
    /// Until it gives up on an error of this class.
    Duration remaining(model::ErrorClass error_class) const;

private:
    Duration window(model::ErrorClass error_class) const;

    Runtime& runtime_;
    plan::RetryWindows windows_;
    std::optional<TimePoint> first_failure_;
    std::uint32_t attempts_ = 0;
};

}  // namespace cutover::flow
