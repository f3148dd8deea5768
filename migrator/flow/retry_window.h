// Decides whether and when to try again, or to give up, from an error's class, the time since the
// first failure and the plan's windows. Progress closes the window.
#pragma once

#include <cstdint>
#include <optional>

#include "migrator/flow/runtime.h"
#include "migrator/model/error.h"
#include "migrator/plan/task_spec.h"

namespace cutover::flow {

/// For one thread. `runtime` must outlive it.
class RetryWindow {
public:
    RetryWindow(Runtime& runtime, plan::RetryWindows windows)
        : runtime_(runtime),
          connection_{Duration(windows.connection), {}},
          operation_{Duration(windows.operation), {}} {}

    /// How long to wait before the next try; nothing means give up. The wait doubles from 0.2 s to
    /// 10 s.
    std::optional<Duration> after(const model::Error& error);
    /// Something has worked: forgets the failures of every class.
    void success();
    /// Both ends have answered, so an outage is over. The cause of a failed statement may still be
    /// there.
    void reached();
    std::uint32_t attempts() const { return attempts_; }
    /// The end that every failure since the first came from; nothing if they differ.
    std::optional<model::Side> end() const { return end_; }
    /// Time since the first failure of any class; zero if nothing has failed.
    Duration open_for() const;
    /// Time until it gives up on an error of this class. Each class has a window of its own, so
    /// that a lock met after a long outage still gets its full time.
    Duration remaining(model::ErrorClass error_class) const;

private:
    struct Window {
        Duration length{};
        std::optional<TimePoint> first_failure;
    };
    const Window& window(model::ErrorClass error_class) const;
    Window& window(model::ErrorClass error_class);

    Runtime& runtime_;
    Window connection_;
    Window operation_;
    std::uint32_t attempts_ = 0;
    std::optional<model::Side> end_;
};

}  // namespace cutover::flow
