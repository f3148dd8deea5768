// How a task follows its source's schema: when it looks, and what it does with what it finds. What
// a change comes to and how it is carried out is SchemaFollower's.
#include <algorithm>
#include <utility>

#include "migrator/model/error.h"
#include "migrator/task/steward.h"
#include "migrator/task/task.h"

namespace cutover::task {

using engine::TaskPhase;
using model::Error;
using model::ErrorClass;

namespace {

/// Reading the catalog takes time, and the log waits meanwhile: at most two percent of it.
constexpr flow::Duration kLeastInterval = std::chrono::seconds(5);
constexpr int kSharePerCent = 2;

/// Never told: whoever catches it looks at the schema.
Error schema_differs() {
    return Error(ErrorClass::refused, "source.schema_changed",
                 "the source's schema is not what it was", "release the task and migrate anew")
        .at(model::Side::source);
}

}  // namespace

void Task::make_plan() {
    plan_ = schema_.plan(*source_, *sink_);
}

/// A publication that is not what it was may be so because the schema is not: then it is proved
/// table by table when that is followed.
void Task::prove_capture() {
    try {
        verify_capture();
    } catch (const Error& error) {
        if (error.code() != "publication.changed" || !(schema_.interrupted() || suspected_)) {
            throw;
        }
    }
}

/// What fails may fail because the schema of the source is another one now: its log, its tables and
/// its values are read by the plan of before, and meet the destination's constraints of before.
bool Task::may_be_schema(const Error& error) const {
    const bool reads = record_.phase == TaskPhase::full || record_.phase == TaskPhase::keys ||
                       record_.phase == TaskPhase::incremental;
    return spec_.phases.incremental && reads && claimed_before_ &&
           error.error_class() != ErrorClass::connection &&
           error.error_class() != ErrorClass::stopped;
}

/// Follows what an error was about, or what a predecessor has begun. Throws the error if the schema
/// is what it was.
void Task::look_at_schema() {
    if (!suspected_ && !schema_.interrupted()) {
        return;
    }
    const std::optional<Error> error = std::exchange(suspected_, std::nullopt);
    schema_looked_at_ = true;  // what goes wrong here is told as it is
    const bool undone_since = error && error->code() == "source.schema_changed";
    if (!follow_schema() && error && !undone_since) {
        throw Error(*error);
    }
    schema_looked_at_ = false;
}

/// True if the schema was another one, and has been followed.
bool Task::follow_schema() {
    if (!schema_.interrupted() && !schema_.differs(*source_)) {
        return false;
    }
    stage::Context stage = context();
    const model::Finding followed = schema_.follow(stage);
    record_ = *control_->load(spec_.name);
    schema_.load(*control_);
    make_plan();
    steward_->advanced(record_);
    observer_.on(stage::FindingRaised{followed});
    observer_.on(stage::PhaseStarted{record_.phase});
    return true;
}

/// The log has passed a change: what rows of before could not have met comes now.
void Task::settle_schema() {
    stage::Context stage = context();
    schema_.settle(stage);
    make_plan();
}

/// Changes that no row in the log gives away (an index, a default, a table that is new) are looked
/// for from time to time.
void Task::watch_schema() {
    if (schema_.unsettled() || runtime_.now() < schema_due_) {
        return;
    }
    const flow::TimePoint begun = runtime_.now();
    throw_if_schema_differs();
    const flow::Duration took = runtime_.now() - begun;
    schema_due_ = runtime_.now() + std::max(kLeastInterval, took * (100 / kSharePerCent));
}

void Task::throw_if_schema_differs() {
    if (spec_.phases.incremental && schema_.differs(*source_)) {
        throw schema_differs();
    }
}

}  // namespace cutover::task
