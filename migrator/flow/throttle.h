// Never lets more than the configured amount pass in any second; delays, never drops. Limits may be
// changed at any time and take effect within a second.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "migrator/flow/runtime.h"
#include "migrator/plan/task_spec.h"

namespace cutover::flow {

/// For any thread. `runtime` must outlive it.
class Throttle {
public:
    Throttle(Runtime& runtime, plan::Throttle limits);

    void set(plan::Throttle limits);
    plan::Throttle limits() const;
    /// While paused, nothing passes.
    void pause(bool paused);
    /// Waits until this much may pass. A single amount larger than a second's worth passes alone,
    /// and those that follow pay for it. False, and nothing has passed, if `given_up()` returns
    /// true while it waits; that is asked a few times a second.
    bool pass(model::Rows rows, model::Bytes bytes, std::uint64_t queries,
              const std::function<bool()>& given_up);

private:
    /// What has passed beyond the limit, as a debt in time: the moment from which the next amount
    /// may pass.
    struct Meter {
        TimePoint free_at{};
        void charge(TimePoint now, std::uint64_t amount, std::optional<std::uint64_t> per_second);
    };
    TimePoint free_at() const;

    Runtime& runtime_;
    std::unique_ptr<Gate> gate_;
    plan::Throttle limits_;
    bool paused_ = false;
    Meter rows_, bytes_, queries_;
};

}  // namespace cutover::flow
