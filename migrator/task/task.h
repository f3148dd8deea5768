// The state machine of a migration: claims the task at the destination, creates the capture, runs
// the stages, retries within the windows, resumes where a predecessor has stopped, cuts over.
//
//   created -> schema -> full -> keys -> incremental -> finished
//
// The phase is stored at the destination; a process that starts finds it there and goes on.
// Whatever fails with a class that may be retried ends the attempt: all connections are given up,
// the claim is taken anew, the source proves that its log has no gap, and the stage goes on from
// what is durable.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "migrator/engine/registry.h"
#include "migrator/flow/retry_window.h"
#include "migrator/flow/stop_signal.h"
#include "migrator/flow/throttle.h"
#include "migrator/flow/waits.h"
#include "migrator/plan/plan.h"
#include "migrator/stage/context.h"
#include "migrator/stage/event.h"
#include "migrator/stage/incremental_stage.h"
#include "migrator/task/cutover.h"
#include "migrator/task/schema_follower.h"

namespace cutover::task {

class Steward;
class Validation;

enum class Outcome : std::uint8_t {
    completed,   ///< a task without incremental has done its work
    finished,    ///< cut over: destination complete, sequences set, fenced
    late_write,  ///< finished, and the source was changed behind the cutover's point
    unseen,      ///< finished, and the log behind the cutover's point could not be read
    stopped,     ///< on request; can be started again
};

std::string_view to_string(Outcome outcome);
/// Of a program whose task has ended so.
int exit_code(Outcome outcome);

/// One process's work on one task. Everything given must outlive it.
class Task {
public:
    Task(flow::Runtime& runtime, const engine::Registry& registry, plan::TaskSpec spec,
         stage::Observer& observer);
    ~Task();

    /// Runs until the task is complete, cut over or stopped. One thread, once.
    /// Throws model::Error when it gives up; what was durable stays, and the task can be started
    /// again.
    Outcome run();
    /// Any thread; stop_signal().request_from_signal() from a signal handler.
    flow::StopSignal& stop_signal() { return stop_; }

private:
    Outcome run_with_retries();
    Outcome attempt();
    void connect();
    model::Error lift_before_the_end(const model::Error& error);
    engine::Planned plan_now();
    void make_plan();
    bool may_be_schema(const model::Error& error) const;
    bool plans_anew_after(const model::Error& error);
    bool looks_at_schema_after(const model::Error& error);
    void look_at_schema();
    bool follow_schema();
    [[noreturn]] void throw_unreadable(model::TableIndex table);
    void copy_unreadable(model::TableIndex table);
    void settle_schema();
    void watch_schema();
    void throw_if_schema_differs();
    void claim();
    void correct();
    bool plan_was_stale();
    bool finished_by_us();
    void verify_capture();
    void prove_capture();
    void check_copy_survived();
    void create_capture();
    void advance_to(engine::TaskPhase phase);
    void run_schema();
    void run_full();
    void run_keys();
    bool copy_is_consistent() const;
    bool held_to_foreign_keys() const;
    void build_unique_keys(stage::Context& stage);
    void copy_again(model::TableIndex table);
    Outcome run_incremental();
    std::optional<Outcome> follow_and_cut_over();
    stage::IncrementalEnd follow_log(stage::Context& stage, Validation& validation);
    CutoverTools cutover_tools();
    CutoverEnd cut_over();
    Outcome look_behind();
    void answer_finish(const std::string& answer);
    Outcome complete();
    void disconnect() noexcept;
    void note_failure(const model::Error& error);
    void report_end(const std::string& outcome, int exit_code);
    stage::Context context();
    void close_window(void (flow::RetryWindow::*close)());

    flow::Runtime& runtime_;
    const engine::Registry& registry_;
    plan::TaskSpec spec_;
    stage::Observer& observer_;
    flow::StopSignal stop_;
    flow::Waits waits_;
    flow::Throttle full_throttle_;
    flow::Throttle incremental_throttle_;
    flow::RetryWindow retry_;
    std::unique_ptr<flow::Gate> retry_gate_;

    std::optional<plan::Plan> plan_;
    SchemaFollower schema_;
    std::optional<model::Error> suspected_;  ///< failed perhaps because the schema has changed
    bool schema_looked_at_ = false;          ///< what is thrown comes from that look
    std::optional<model::TableIndex> unreadable_;  ///< what the log has of it cannot be read
    int schema_looks_ = 0;                         ///< that have failed, one after another
    flow::TimePoint schema_due_{};
    std::unique_ptr<engine::Source> source_;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
    engine::TaskRecord record_;
    bool claimed_before_ = false;
    std::unique_ptr<Steward> steward_;
};

}  // namespace cutover::task
