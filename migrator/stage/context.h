// What a stage works with. Owned by the task; everything here outlives every stage.
#pragma once

#include <functional>

#include "migrator/engine/control.h"
#include "migrator/engine/sink.h"
#include "migrator/engine/source.h"
#include "migrator/flow/runtime.h"
#include "migrator/flow/stop_signal.h"
#include "migrator/flow/throttle.h"
#include "migrator/flow/waits.h"
#include "migrator/plan/plan.h"
#include "migrator/stage/event.h"

namespace cutover::stage {

struct Context {
    flow::Runtime& runtime;
    const plan::Plan& plan;
    engine::Source& source;
    engine::Sink& sink;
    engine::Control& control;
    engine::TaskRecord& record;
    flow::StopSignal& stop;  ///< asked to stop: the user's wish, or the end of the process
    flow::Waits& waits;      ///< what is waited for at the servers, and who is in the way
    flow::Throttle& full_throttle;
    flow::Throttle& incremental_throttle;
    Observer& observer;
    /// Called by a stage's coordinating thread several times a second: commands, progress, status.
    /// Holds the thread while the task is paused. Throws what Control throws.
    std::function<void()> tick;
    /// Something has become durable: the retry window closes.
    std::function<void()> succeeded;
    /// Both ends have answered, with nothing to do: an outage is over.
    std::function<void()> reached;
};

}  // namespace cutover::stage
