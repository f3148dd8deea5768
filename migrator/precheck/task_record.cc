#include "migrator/plan/fingerprint.h"
#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;

Findings task_record(const Facts& facts) {
    if (!facts.record) {
        return {};
    }
    if (facts.record->phase == engine::TaskPhase::finished) {
        return {{"task.finished",
                 Severity::block,
                 facts.spec.name,
                 "the destination has a task of this name, and it is finished",
                 "no process may write under its name any more",
                 "release it (`cutover release`) and start anew, or use another task name",
                 {}}};
    }
    const std::string& then = facts.record->fingerprint;
    const std::string& now = facts.planned->plan.fingerprint;
    if (then == now) {
        return {};
    }
    const plan::PlanChange change = plan::change_between(then, now);
    if (engine::may_be_corrected(facts.record->phase)) {
        return {{"task.corrected",
                 Severity::note,
                 facts.spec.name,
                 "the task file or the source has changed since the task began: " + change.text,
                 "nothing has been moved yet: the task goes on with what its file says now",
                 "nothing; undo the change if it was not meant",
                 {}}};
    }
    return {{"task.changed",
             Severity::block,
             facts.spec.name,
             "what the task would do now is not what it was begun with: " + change.text,
             "rows are there that were written by the old plan",
             change.remedy,
             {}}};
}

}  // namespace cutover::precheck
