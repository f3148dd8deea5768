// The cutover itself: proves that the destination has everything and that nobody writes to the
// source any more, fences the task off, and looks once more behind it. It ends in one of three
// ways: cut over with nothing behind it, refused with who writes, or a late write that is told.
//
//   transactions that have written have ended -> [source fenced] -> log applied to its end ->
//   log silent for a while -> plan as it was -> sequences -> last look -> fence -> watch
//
// It does not follow the log before `finish` is asked for, and does not know how the operator asks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/route.h"
#include "migrator/stage/context.h"
#include "migrator/stage/incremental_stage.h"
#include "migrator/task/cutover_evidence.h"
#include "migrator/task/finish_options.h"

namespace cutover::task {

enum class CutoverEnd : std::uint8_t {
    refused,     ///< nothing has changed; the task follows the log as before
    cut_over,    ///< as far as the log was read, nothing came after
    late_write,  ///< cut over, and the source was changed behind it
    unseen,      ///< cut over, and the log behind it could not be read
};

/// What a cutover needs of its task; all of it outlives the cutover.
struct CutoverTools {
    /// Copies a table anew, which the log cannot go on with.
    std::function<void(model::TableIndex)> copy_again;
    /// Has the schema looked at, for the log cannot be read by the plan.
    std::function<void(model::TableIndex)> throw_unreadable;
    std::function<engine::Planned()> plan_now;
    /// Tells the operator who has asked; JSON.
    std::function<void(const std::string&)> answer;
};

/// Lifts a source fence that a cutover may have left behind, and forgets it: whether the record
/// knows of one or not, and even at a stop, which it outlives by a few seconds. Requires: the task
/// is claimed. Throws: as Source::lift_fence() and Control::save(); stopped.
void lift_left_fence(engine::Source& source, engine::Control& control, engine::TaskRecord& record,
                     flow::Waits& waits);

/// Text and evidence of a task that is cut over, as an answer; JSON.
std::string finished_answer(const CutoverEvidence& evidence);

/// One try, by the task's coordinating thread. Unique keys are there already.
class Cutover {
public:
    Cutover(stage::Context context, CutoverTools tools, FinishOptions options);

    /// Throws: what the stages throw; refused, when the task cannot go on either. In both cases the
    /// source is as it was, or the record, a finding and the answer say that it is not.
    CutoverEnd run();
    /// Looks behind a cutover of this process whose own look was lost with a connection; `evidence`
    /// is what the record says of it. Requires: the control listens for the task.
    /// Throws: connection, for some seconds after the cutover.
    CutoverEnd watch_again(CutoverEvidence evidence);

private:
    using Until = std::function<std::optional<model::Position>()>;
    /// Nothing is cut over, and the task goes on.
    struct Refusal {
        std::string text;
    };
    /// Nothing is cut over, and the task cannot go on either.
    struct Failure {
        model::Error error;
    };

    void prove();
    void wait_for_transactions();
    void set_source_fence();
    void catch_up();
    void insist_on_quiet();
    void insist_on_plan();
    void look_once_more();
    CutoverEnd watch();
    std::uint64_t follow(const Until& until);
    void read_on(const Until& until);
    model::Position end_of_source();
    std::vector<engine::SourceWriter> unfinished();
    [[noreturn]] void refuse(const std::vector<engine::SourceWriter>& open) const;
    [[noreturn]] void refuse_unfenced(const std::vector<model::Holder>& holders);
    [[noreturn]] void refuse(const stage::More& more);
    void answer_refused(const std::string& text);
    std::optional<model::Error> lift();

    stage::Context context_;
    const CutoverTools tools_;
    const FinishOptions options_;
    CutoverEvidence evidence_;
};

}  // namespace cutover::task
