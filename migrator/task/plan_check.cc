#include "migrator/task/plan_check.h"

#include <set>
#include <string>

#include "migrator/model/check.h"
#include "migrator/plan/fingerprint.h"

namespace cutover::task {

using model::Error;
using model::ErrorClass;

namespace {

std::string new_sequences(const plan::Plan& then, const plan::Plan& now) {
    std::set<model::ObjectName> known;
    for (const plan::SequencePlan& sequence : then.sequences) {
        known.insert(sequence.source);
    }
    std::string text;
    for (const plan::SequencePlan& sequence : now.sequences) {
        if (!known.contains(sequence.source)) {
            text += (text.empty() ? "" : ", ") + sequence.source.display();
        }
    }
    return text;
}

/// A keyless row that comes again cannot be told from one that is there.
model::Finding keyless_without_transactions(const plan::TablePlan& table) {
    return {"destination.no_transactions",
            model::Severity::block,
            table.source.display(),
            "has no key, and the destination has no transactions",
            "rows that come again after an interruption would be there twice",
            "give it a primary key, exclude it, or take a destination that has transactions",
            {}};
}

}  // namespace

std::optional<Error> cannot_be_run(const engine::Planned& planned,
                                   const engine::SinkTraits& destination) {
    CUTOVER_CHECK(destination.sequences || planned.plan.sequences.empty());
    std::vector<model::Finding> findings = planned.findings;
    for (const plan::TablePlan& table : planned.plan.tables) {
        if (table.keyless() && !destination.atomic) {
            findings.push_back(keyless_without_transactions(table));
        }
    }
    const std::string blocks = model::blocks_of(findings);
    if (blocks.empty()) {
        return std::nullopt;
    }
    return Error(ErrorClass::refused, "plan.blocked", "the task cannot be planned:" + blocks,
                 "run `cutover precheck` for the whole list");
}

std::optional<Error> no_longer_fits(const plan::Plan& then, const engine::Planned& now) {
    const std::string& before = then.fingerprint;
    const std::string& after = now.plan.fingerprint;
    const std::string blocks = model::blocks_of(now.findings);
    if (after != before) {
        const plan::PlanChange change = plan::change_between(before, after);
        return Error(
                   ErrorClass::refused,
                   change.only_more && blocks.empty() ? "source.grown" : kSourceChanged,
                   "the source is no longer what the task was begun with: " + change.text + blocks,
                   change.remedy)
            .at(model::Side::source);
    }
    if (!blocks.empty()) {
        // One end has gained or lost what the plan does not hold; which one, the findings say.
        return Error(
            ErrorClass::refused, kSourceChanged,
            "the two ends do not fit any more as they did when the task was begun:" + blocks,
            "undo the change, or release the task and migrate anew");
    }
    if (const std::string fresh = new_sequences(then, now.plan); !fresh.empty()) {
        return Error(
                   ErrorClass::refused, "source.new_sequence",
                   "the source has sequences that were made since the task began: " + fresh,
                   "create them at the destination, stop the task, then migrate and finish again; "
                   "or drop them at the source, or exclude them")
            .at(model::Side::source);
    }
    return std::nullopt;
}

model::Finding corrected(const std::string& task, const std::string& change,
                         const std::vector<std::string>& forgotten) {
    return {"task.corrected",
            model::Severity::note,
            task,
            "the task had moved nothing yet and goes on with what its file says now: " + change,
            forgotten.empty() ? ""
                              : "the destination keeps what was made by the old plan and is not in "
                                "the new one: " +
                                    model::some_of(forgotten),
            forgotten.empty() ? "" : "drop these at the destination if nobody needs them",
            {}};
}

}  // namespace cutover::task
