// What a running task does besides its work, a few times a second: listens to operators' commands,
// tells its observer how far it is, publishes its status at the destination. Listening has a thread
// and a session of its own, so that an operator is answered whatever the task waits for.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "migrator/engine/sink.h"
#include "migrator/flow/stop_signal.h"
#include "migrator/flow/throttle.h"
#include "migrator/flow/waits.h"
#include "migrator/stage/event.h"
#include "migrator/task/finish_options.h"

namespace cutover::task {

/// Limits written as `full.rows_per_second=1000,incremental.mb_per_second=unlimited`.
/// Throws: refused, naming the part that is wrong.
void apply_throttle(const std::string& argument, flow::Throttle& full, flow::Throttle& incremental);

/// Used by the coordinating thread only. What it is made with outlives it.
class Steward {
public:
    /// A sink of the steward's own, whose calls end with the waits that it is given.
    using OpenSink = std::function<std::unique_ptr<engine::Sink>(flow::Waits*)>;

    Steward(flow::Runtime& runtime, flow::StopSignal& stop, const flow::Waits& waits,
            flow::Throttle& full, flow::Throttle& incremental, stage::Observer& observer,
            OpenSink open_sink);
    /// Ends the listening; a call that is under way is given up.
    ~Steward();

    /// What this run of the task claims and listens as.
    const std::string& process() const { return process_; }
    /// Listens from now on, under the claim of `record`. A pause ends where another process had the
    /// task meanwhile.
    void claimed(const engine::TaskRecord& record);

    /// The task has come to another phase: what is asked of it from now on is answered by that.
    void advanced(const engine::TaskRecord& record);

    /// Where progress comes from while a stage runs; empty between stages.
    using ProgressSource = std::function<std::optional<stage::Event>()>;
    void watch(ProgressSource progress) { progress_ = std::move(progress); }

    /// Cheap if called too often. While the task is paused it does not return.
    /// Throws: stopped `task.fenced` if the claim is no longer in force; connection; what has ended
    /// the listening (bad_alloc).
    void tick(engine::Control& control, const engine::TaskRecord& record);
    /// Why the task is about to try again; published until the next tick().
    void retrying(const model::Error& error);

    /// The finish that waits for its answer, if there is one. No other is taken until it has it;
    /// and if whoever has asked for it goes away, it is dropped, unless it was begun.
    std::optional<std::uint64_t> finish_command() const;
    /// From here on it is carried out; nothing if it was dropped.
    std::optional<FinishOptions> begin_finish();
    void finish_answered();
    bool paused() const { return paused_; }

private:
    /// What the listening thread knows of the task.
    struct Known {
        std::string task;
        std::uint64_t epoch = 0;
        engine::TaskPhase phase = engine::TaskPhase::created;
        model::Marker marker;
        std::optional<stage::Event> progress;
        std::string retrying;
    };

    struct Finish {
        std::uint64_t id = 0;
        FinishOptions options;
        bool begun = false;
    };

    void look(engine::Control& control, const engine::TaskRecord& record);
    void pause(bool paused);

    // On the listening thread:
    void run();
    void listen_once();
    Known known() const;
    void listen();
    void obey(const engine::Command& command);
    void take_finish(const Finish& finish);
    void drop_unless_pending(const std::vector<engine::Command>& commands);
    std::string status(const Known& known) const;

    flow::Runtime& runtime_;
    flow::StopSignal& stop_;
    const flow::Waits& waits_;
    flow::Throttle& full_;
    flow::Throttle& incremental_;
    stage::Observer& observer_;
    ProgressSource progress_;
    flow::TimePoint look_at_{};
    std::atomic<bool> paused_ = false;

    const std::unique_ptr<flow::Gate> gate_;
    Known known_;
    std::optional<Finish> finish_;
    std::exception_ptr failure_;         ///< why nobody listens any more: no error of the servers
    std::uint64_t finish_answered_ = 0;  ///< an answer may be read as pending a moment longer

    const std::string process_;

    // Of the listening thread:
    const OpenSink open_sink_;
    flow::StopSignal ending_;
    flow::Waits own_waits_;
    std::uint64_t listens_under_ = 0;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
    std::unique_ptr<flow::Worker> thread_;
};

}  // namespace cutover::task
