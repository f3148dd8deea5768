// How a task follows its source's schema: when it looks, and what it does with what it finds. What
// a change comes to and how it is carried out is SchemaFollower's.
#include <algorithm>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/error.h"
#include "migrator/plan/fingerprint.h"
#include "migrator/task/plan_check.h"
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
constexpr int kMostLooks = 10;  ///< that fail, one after another
constexpr flow::Duration kBetweenLooks = std::chrono::milliseconds(100);

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

/// The task file was corrected, or the source changed, before anything was moved. The capture is
/// proved first: forgetting one at another server would leave its log there for ever.
void Task::correct() {
    if (record_.origin) {
        verify_capture();
    }
    const std::string change = plan::change_between(record_.fingerprint, plan_->fingerprint).text;
    const std::vector<std::string> forgotten = control_->correct(*plan_);
    record_ = *control_->load(spec_.name);
    observer_.on(stage::FindingRaised{corrected(spec_.name, change, forgotten)});
}

/// Another process may have followed the source's schema since the plan was made, or this one has,
/// without an answer. Before the claim nobody can be sure.
bool Task::plan_was_stale() {
    if (!schema_.load(*control_) || flow::deliberate_bug(flow::Bug::stale_plan_kept)) {
        return false;
    }
    plan_.reset();  // should it fail to be made, nobody goes on with the old one
    make_plan();
    return true;
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

/// Before anything was moved, a plan that the source has left behind is simply made again.
bool Task::plans_anew_after(const Error& error) {
    const bool moves = record_.phase != TaskPhase::created && record_.phase != TaskPhase::schema;
    if (moves || !claimed_before_ || schema_looks_ == kMostLooks ||
        (error.code() != "table.changed" && error.code() != "postgres.42P01")) {
        return false;
    }
    ++schema_looks_;
    schema_.forget();
    plan_.reset();
    disconnect();
    return true;
}

/// True if the next attempt is to look at the schema because of this error. One of the source's
/// that comes while the task looks may be there because the schema has changed again: it is told
/// when it has come a few times in a row.
bool Task::looks_at_schema_after(const Error& error) {
    if (plans_anew_after(error)) {
        return true;
    }
    const bool looking = std::exchange(schema_looked_at_, false) || suspected_;
    const bool moving = error.side() == model::Side::source && !error.may_retry() &&
                        error.code() != "schema.not_followed" && schema_looks_ < kMostLooks;
    if (!may_be_schema(error) || (looking && !moving)) {
        return false;
    }
    schema_looks_ = looking ? schema_looks_ + 1 : 0;
    suspected_ = error;
    disconnect();
    stop_.wait_for(kBetweenLooks);
    return true;
}

/// Follows what an error was about, or what a predecessor has begun. Throws the error if the schema
/// is what it was.
void Task::look_at_schema() {
    if (!suspected_ && !schema_.interrupted()) {
        return;
    }
    const std::optional<Error> error = std::exchange(suspected_, std::nullopt);
    const std::optional<model::TableIndex> unreadable = std::exchange(unreadable_, std::nullopt);
    schema_looked_at_ = true;
    const bool undone_since = error && error->code() == "source.schema_changed";
    if (!follow_schema()) {
        if (error && !undone_since) {
            throw Error(*error);
        }
        if (unreadable) {
            copy_unreadable(*unreadable);
        }
    }
    schema_looked_at_ = false;
}

void Task::copy_unreadable(model::TableIndex table) {
    if (!spec_.phases.full) {
        throw Error(ErrorClass::refused, "table.changed",
                    "the source table " + plan_->tables[table].source.display() +
                        " was changed and changed back, and rows were written in between that "
                        "nobody can read any more; without the full phase they are not copied",
                    "bring the table's rows to the destination by other means, or release the task "
                    "and migrate anew")
            .at(model::Side::source);
    }
    copy_again(table);
}

/// The log has rows of the table in a shape that the plan does not know: the schema has changed,
/// or has been changed and changed back, and then only the table of now says what it holds.
void Task::throw_unreadable(model::TableIndex table) {
    unreadable_ = table;
    throw schema_differs();
}

/// True if the schema was another one, and has been followed.
bool Task::follow_schema() {
    if (!schema_.interrupted() && !schema_.differs(*source_)) {
        return false;
    }
    stage::Context stage = context();
    const model::Finding followed = schema_.follow(stage);
    record_ = *control_->load(spec_.name);
    plan_.reset();
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
