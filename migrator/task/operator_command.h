// What an operator does to a task from beside it: status, pause, resume, throttle, stop, finish,
// release. The running process is reached through the destination's control rows, never directly:
// it may run on another machine.
#pragma once

#include <chrono>
#include <ostream>
#include <string>

#include "migrator/engine/registry.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/plan/task_spec.h"

namespace cutover::task {

struct OperatorOptions {
    std::string file;
    bool json = false;
    std::chrono::seconds wait{60};  ///< for an answer
    bool anyway = false;            ///< of release: whatever the log behind a cutover shows
    bool source_gone = false;       ///< of release: there is no source to clean any more
};

/// One command on one task. Every function returns the exit code and throws model::Error.
class Operator {
public:
    /// Reads the task file. Throws: plan::FileError.
    Operator(OperatorOptions options, const engine::Registry& registry, std::ostream& out);

    /// Prints what the destination knows of the task, and whether the source was written to behind
    /// a cutover. 0, 1 if it was, 2 if that cannot be told.
    int status();
    /// Leaves a command for the running process and waits for its answer. 0 obeyed, 13 refused, 1 a
    /// finish behind which the source was written to, 2 a finish behind which nobody could look, or
    /// no answer in time. Throws: refused `task.not_running` (the command is withdrawn then).
    int command(const std::string& verb, const std::string& argument);
    /// Removes everything of the task at both ends but the migrated data. 0.
    /// Throws: refused `task.running`, `release.late_write`.
    int release();

private:
    engine::TaskRecord load();
    /// Nothing if the time is over.
    std::optional<std::string> await_answer(std::uint64_t id, const engine::TaskRecord& record);
    int show_no_answer(const std::string& verb);
    std::optional<std::string> answer_of_the_gone(std::uint64_t id,
                                                  const engine::TaskRecord& record);
    bool is_running(const engine::TaskRecord& record);
    void withdraw(std::uint64_t id);
    std::string finished_answer(const engine::TaskRecord& record);
    int show_answer(const std::string& verb, const std::string& answer);
    void claim_for_release(const engine::TaskRecord& record);
    void look_before_release(const engine::TaskRecord& record);
    void clean_source();
    plan::Plan plan_for_release(engine::Source& source);

    OperatorOptions options_;
    const engine::Registry& registry_;
    std::ostream& out_;
    const plan::TaskSpec spec_;
    flow::ThreadRuntime runtime_;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
};

}  // namespace cutover::task
