#include <fmt/format.h>

#include <algorithm>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;
using plan::SchemaSection;
using plan::SchemaStep;

namespace {

/// The steps of tables that will be made, in the order in which the task executes them. If some
/// tables are kept, foreign keys are not tried, because that would lock tables that others use.
std::vector<SchemaStep> steps_to_try(const Facts& facts) {
    const auto kept = [&](const SchemaStep& step) {
        return facts.destination.catalog.find(step.table) != nullptr;
    };
    std::vector<SchemaStep> steps = facts.planned->plan.schema_steps;
    const bool alone = std::none_of(steps.begin(), steps.end(), kept);
    std::erase_if(steps, [&](const SchemaStep& step) {
        return kept(step) || (!alone && step.section >= SchemaSection::foreign_keys);
    });
    std::stable_sort(steps.begin(), steps.end(), [](const SchemaStep& a, const SchemaStep& b) {
        return a.section < b.section;
    });
    return steps;
}

/// Another question reports everything that is missing; a trial would only report it again.
bool told_already(const Facts& facts) {
    const auto blocks = [](const model::Finding& finding) {
        return finding.severity == Severity::block;
    };
    for (const engine::Topic topic : {engine::Topic::needed_objects, engine::Topic::privileges}) {
        const Findings findings = unmet(facts, topic, false);
        if (std::any_of(findings.begin(), findings.end(), blocks)) {
            return true;
        }
    }
    return false;
}

model::Finding finding_of(const engine::Complaint& complaint) {
    if (complaint.exists) {
        return {"destination.object_exists",
                Severity::block,
                complaint.object,
                complaint.message,
                "the schema phase would meet an object that is not its own",
                "drop or rename it at the destination, rename the source's under `objects.rename`, "
                "or write `conflict: ignore`",
                {"G31", "G32", "G33"}};
    }
    return {"destination.schema_step",
            Severity::block,
            complaint.object,
            complaint.message,
            "tried in a transaction that was rolled back: the schema phase would stop there",
            complaint.hint.empty()
                ? "make what the statement needs at the destination, or exclude the object"
                : complaint.hint,
            {"G135"}};
}

}  // namespace

Findings schema_trial(const Facts& facts) {
    const bool able =
        facts.spec.phases.schema && !facts.started && facts.destination.server.writable;
    if (!able || told_already(facts)) {
        return {};
    }
    const std::vector<SchemaStep> steps = steps_to_try(facts);
    const std::optional<engine::Trial> trial = facts.destination.inspector->try_steps(steps);
    if (!trial) {
        return {};
    }
    Findings findings;
    for (const engine::Complaint& complaint : trial->complaints) {
        if (!complaint.exists || facts.spec.conflict == plan::ConflictRule::precheck) {
            findings.push_back(finding_of(complaint));
        }
    }
    if (trial->tried < steps.size()) {
        findings.push_back({"destination.schema_tried_in_part",
                            Severity::note,
                            facts.spec.destination.display(),
                            fmt::format("the first {} of {} statements of the schema were tried",
                                        trial->tried, steps.size()),
                            "one transaction has no room for the locks of all of them",
                            "nothing; or raise max_locks_per_transaction at the destination",
                            {}});
    }
    return findings;
}

}  // namespace cutover::precheck
