// What a running task does besides its work, a few times a second: listens to operators' commands,
// tells its observer how far it is, publishes its status at the destination.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "migrator/engine/control.h"
#include "migrator/flow/stop_signal.h"
#include "migrator/flow/throttle.h"
#include "migrator/stage/event.h"
#include "migrator/task/finish_options.h"

namespace cutover::task {

/// Limits written as `full.rows_per_second=1000,incremental.mb_per_second=unlimited`.
/// Throws: refused, naming the part that is wrong.
void apply_throttle(const std::string& argument, flow::Throttle& full, flow::Throttle& incremental);

/// Used by the coordinating thread only.
class Steward {
public:
    Steward(flow::Runtime& runtime, flow::StopSignal& stop, flow::Throttle& full,
            flow::Throttle& incremental, stage::Observer& observer);

    /// Where progress comes from while a stage runs; empty between stages.
    using ProgressSource = std::function<std::optional<stage::Event>()>;
    void watch(ProgressSource progress) { progress_ = std::move(progress); }

    /// Cheap if called too often. While the task is paused it does not return.
    void tick(engine::Control& control, const engine::TaskRecord& record);

    /// The finish command that waits for its answer, if there is one.
    std::optional<std::uint64_t> finish_command() const { return finish_command_; }
    /// Of that command.
    const FinishOptions& finish_options() const { return finish_options_; }
    void finish_answered() { finish_command_.reset(); }
    bool paused() const { return paused_; }

private:
    void listen(engine::Control& control, const engine::TaskRecord& record);
    void obey(engine::Control& control, const engine::TaskRecord& record,
              const engine::Command& command);
    void report(engine::Control& control, const engine::TaskRecord& record);
    void pause(bool paused);

    flow::Runtime& runtime_;
    flow::StopSignal& stop_;
    flow::Throttle& full_;
    flow::Throttle& incremental_;
    stage::Observer& observer_;
    ProgressSource progress_;
    flow::TimePoint report_at_{}, listen_at_{};
    bool paused_ = false;
    std::optional<std::uint64_t> finish_command_;
    FinishOptions finish_options_;
};

}  // namespace cutover::task
