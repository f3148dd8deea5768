#include "migrator/stage/schema_stage.h"

#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "migrator/flow/sync_points.h"
#include "migrator/stage/worker_pool.h"

namespace cutover::stage {

namespace {

constexpr std::array kForeignKeys = {plan::SchemaSection::foreign_keys,
                                     plan::SchemaSection::foreign_keys_at_once,
                                     plan::SchemaSection::validation};

std::set<std::string> done_steps(Context& context) {
    const std::vector<std::string> done = context.control.done_schema_steps();
    return {done.begin(), done.end()};
}

}  // namespace

std::vector<const plan::SchemaStep*> pending_steps(Context& context, plan::SchemaSection section) {
    const std::set<std::string> done = done_steps(context);
    std::vector<const plan::SchemaStep*> steps;
    for (const plan::SchemaStep& step : context.plan.schema_steps) {
        if (step.section == section && !done.contains(step.id)) {
            steps.push_back(&step);
        }
    }
    return steps;
}

void run_schema_section(Context& context, plan::SchemaSection section) {
    const std::vector<const plan::SchemaStep*> pending = pending_steps(context, section);
    std::deque<const plan::SchemaStep*> steps(pending.begin(), pending.end());
    const bool ordered = section == plan::SchemaSection::before_rows;
    if (!ordered) {
        std::stable_sort(steps.begin(), steps.end(),
                         [](const auto* a, const auto* b) { return a->weight > b->weight; });
    }
    struct Nothing {};
    run_workers(
        context, std::move(steps), ordered ? 1 : context.plan.spec.limits.workers, "schema",
        [] { return std::make_unique<Nothing>(); },
        [&](Nothing&, const plan::SchemaStep* step, const GivenUp&) {
            context.sink.run_schema_step(*step);
            context.succeeded();
            context.runtime.yield(flow::sync::kSchemaStep);
        });
}

void add_foreign_keys(Context& context) {
    for (const plan::SchemaSection section : kForeignKeys) {
        run_schema_section(context, section);
    }
}

void withdraw_foreign_keys(Context& context) {
    const std::set<std::string> done = done_steps(context);
    for (const plan::SchemaStep& step : context.plan.schema_steps) {
        const bool ours =
            std::find(kForeignKeys.begin(), kForeignKeys.end(), step.section) != kForeignKeys.end();
        if (ours && done.contains(step.id)) {
            context.sink.undo_schema_step(step);
            context.runtime.yield(flow::sync::kSchemaStep);
        }
    }
}

}  // namespace cutover::stage
