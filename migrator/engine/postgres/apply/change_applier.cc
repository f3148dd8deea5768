#include "migrator/engine/postgres/apply/change_applier.h"

#include <algorithm>
#include <utility>

#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/control/control_rows.h"
#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/trust/code_of_others.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

using engine::ApplyMode;
using engine::MissingBase;
using model::Error;
using model::ErrorClass;

namespace {

/// Each commit empties every staging table of the session; this many cost little.
constexpr std::size_t kMostStages = 128;

constexpr const char* kTriggers = R"(
SELECT t.tgrelid::regclass::text FROM pg_trigger t
 WHERE t.tgenabled IN ('O', 'A') AND t.tgrelid = ANY ($1::regclass[]) AND )";

}  // namespace

PostgresChangeApplier::PostgresChangeApplier(SessionPool& sessions, const plan::Plan& plan,
                                             Claim claim, const InlineLimits& limits)
    : sessions_(sessions),
      plan_(plan),
      claim_(std::move(claim)),
      limits_(limits),
      connection_(open_session(sessions_, claim_.task, SessionRole::applier)) {
    if (ignores_triggers(connection_)) {
        return;
    }
    std::vector<std::string> names;
    for (const plan::TablePlan& planned : plan.tables) {
        names.push_back(quote(planned.destination));
    }
    const Result triggers = connection_.exec_params(
        std::string(kTriggers) + kActsOnRows + " LIMIT 1", {array_literal(names)});
    if (triggers.rows() > 0) {
        throw Error(ErrorClass::refused, "destination.triggers",
                    "the account may not set session_replication_role, and table " +
                        triggers.text(0, 0) +
                        " has triggers or foreign keys that would act on migrated changes",
                    "GRANT SET ON PARAMETER session_replication_role TO the account (PostgreSQL 15 "
                    "and later), or add foreign keys and triggers after the cutover");
    }
}

PostgresChangeApplier::~PostgresChangeApplier() = default;

void PostgresChangeApplier::open() {
    if (!connection_.alive()) {
        forget_session();
        connection_ = open_session(sessions_, claim_.task, SessionRole::applier);
    }
}

void PostgresChangeApplier::forget_session() {
    tables_.clear();
    staged_.clear();
    statements_.forget();
    stage_count_ = 0;
    begin_due_ = part_open_ = false;
}

void PostgresChangeApplier::meet(const model::NetBatch& part) {
    std::vector<const plan::TablePlan*> wanted;
    for (const model::TableBatch& batch : part.tables) {
        CUTOVER_CHECK(batch.table < plan_.tables.size() &&
                      plan_.tables[batch.table].index == batch.table);
        const auto known = tables_.find(batch.table);
        // The key's index may have been built since.
        if (known == tables_.end() ||
            (!known->second->target.keyless() && !known->second->target.key_indexed)) {
            wanted.push_back(&plan_.tables[batch.table]);
        }
    }
    if (wanted.empty()) {
        return;
    }
    std::vector<TargetTable> targets = read_targets(connection_, wanted);
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const model::TableIndex index = wanted[at]->index;
        const auto known = tables_.find(index);
        if (known != tables_.end()) {
            known->second->target = std::move(targets[at]);
        } else {
            tables_.emplace(index, std::make_unique<AppliedTable>(std::move(targets[at]),
                                                                  *wanted[at], limits_));
        }
    }
}

AppliedTable& PostgresChangeApplier::table(model::TableIndex index) {
    if (!tables_.contains(index)) {
        model::NetBatch alone;
        alone.tables.resize(1);
        alone.tables.front().table = index;
        meet(alone);
    }
    return *tables_.at(index);
}

void PostgresChangeApplier::begin() {
    open();
    CUTOVER_CHECK(!connection_.in_transaction());
    if (stage_count_ > kMostStages) {
        drop_stages();
    }
    begin_due_ = true;
}

/// Drops all in one statement, because each transaction that ends empties those that are left.
void PostgresChangeApplier::drop_stages() {
    std::string names;
    for (const auto& [index, known] : tables_) {
        for (const StageKind kind : known->stages) {
            names += (names.empty() ? "" : ", ") + stage_name(index, kind);
        }
    }
    connection_.exec("DROP TABLE " + names);
    for (const auto& [index, known] : tables_) {
        known->stages.clear();
    }
    stage_count_ = 0;
}

Script PostgresChangeApplier::opening() {
    Script script;
    if (std::exchange(begin_due_, false)) {
        script.add("BEGIN ISOLATION LEVEL READ COMMITTED");
    }
    return script;
}

void PostgresChangeApplier::make_stage(Script& script, AppliedTable& table, StageKind kind) {
    if (table.stages.insert(kind).second) {
        script.add(table.sql.create_stage(kind));
        table.uncommitted.insert(kind);
        ++stage_count_;
    }
}

/// The commit empties the staging tables; a second part of one transaction has to do it itself.
/// Only tables that contain rows are emptied, because emptying a table makes a new file.
void PostgresChangeApplier::empty_stages(Script& script) {
    std::string names;
    for (const auto& [index, known] : tables_) {
        for (const StageKind kind : known->filled) {
            names += (names.empty() ? "" : ", ") + stage_name(index, kind);
        }
        known->filled.clear();
    }
    if (!names.empty()) {
        script.add("TRUNCATE " + names);
    }
}

void PostgresChangeApplier::fill_stage(Script& script, AppliedTable& known, StageKind kind) {
    make_stage(script, known, kind);
    known.filled.insert(kind);
    script.add_copy(known.sql.copy_into_stage(kind), known.staged.rows(kind));
}

void PostgresChangeApplier::stage(const model::NetBatch& part) {
    CUTOVER_CHECK(staged_.empty());
    meet(part);
    for (const model::TableBatch& batch : part.tables) {
        AppliedTable& known = table(batch.table);
        const bool first = known.staged.empty();
        known.staged.take(batch);
        if (first && !known.staged.empty()) {
            staged_.push_back(&known);
        }
    }
    Script script = opening();
    empty_stages(script);
    Owners owners;
    for (AppliedTable* known : staged_) {
        for (const StageKind kind : {StageKind::removals, StageKind::updates, StageKind::moves}) {
            if (!known->staged.inlined(kind)) {
                fill_stage(script, *known, kind);
            }
        }
        if (!known->staged.inlined(StageKind::moves)) {
            make_stage(script, *known, StageKind::rows);
            known->filled.insert(StageKind::rows);  // completed moves come there
        }
        owners.emplace_back(script.size(), known);
    }
    run_owned(script, connection_, owners);
}

void PostgresChangeApplier::truncate_tables() {
    std::vector<std::string> names;
    for (const AppliedTable* known : staged_) {
        if (known->staged.truncate()) {
            names.push_back(known->target.only + known->target.quoted);
        }
    }
    empty_tables(connection_, names);
}

/// Rows whose base may be missing are completed in a stage, however few they are.
void PostgresChangeApplier::stage_for_tolerance(AppliedTable& known) {
    Script script;
    if (!known.staged.rows(StageKind::moves).empty() && known.staged.inlined(StageKind::moves)) {
        fill_stage(script, known, StageKind::moves);
        known.filled.insert(StageKind::rows);
    }
    if (known.in_stage(StageKind::rows)) {
        make_stage(script, known, StageKind::rows);
    }
    script.execute(connection_);
}

void PostgresChangeApplier::apply_tolerant(AppliedTable& known, bool foreign_rows,
                                           std::vector<MissingBase>& missing) {
    stage_for_tolerance(known);
    TolerantApply::Overwritten overwritten{0, {}};
    TolerantApply(connection_, known, missing, foreign_rows ? &overwritten : nullptr).run();
    if (overwritten.first > 0) {
        store_conflict(connection_, claim_.task, known.target.display, "incremental", "overwritten",
                       overwritten.first, overwritten.second);
    }
}

/// Sets a savepoint before each part; the savepoint of the previous part is no longer needed.
void PostgresChangeApplier::open_part() {
    Script script = opening();
    if (std::exchange(part_open_, true)) {
        script.add(std::string("RELEASE SAVEPOINT ") + kPartSavepoint);
    }
    script.add(std::string("SAVEPOINT ") + kPartSavepoint);
    script.execute(connection_);
}

/// Checks tables on which others may put code; the other tables have been checked once.
void PostgresChangeApplier::keep_others_out(const TargetTable& target) {
    if (target.open_to_others) {
        require_no_code_of_others(connection_, target.quoted);
    }
}

std::vector<MissingBase> PostgresChangeApplier::apply(const std::vector<ApplyMode>& mode) {
    std::vector<MissingBase> missing;
    open_part();
    for (const AppliedTable* known : staged_) {
        keep_others_out(known->target);
    }
    truncate_tables();
    // Foreign rows are overwritten; they are counted if only foreign rows can be in the way.
    const bool ignore = plan_.spec.conflict == plan::ConflictRule::ignore;
    const auto is_tolerant = [&](const AppliedTable& known) {
        return ignore || mode[known.index] == ApplyMode::tolerant;
    };
    // A COPY in between would split the statements that go out together.
    std::stable_partition(staged_.begin(), staged_.end(),
                          [](const AppliedTable* known) { return known->without_copy(); });
    StrictApply strict;
    for (AppliedTable* known : staged_) {
        if (is_tolerant(*known)) {
            apply_tolerant(*known, mode[known->index] == ApplyMode::strict, missing);
        } else {
            strict.add(*known);
        }
    }
    strict.run(connection_);
    for (AppliedTable* known : staged_) {
        const bool tolerant = is_tolerant(*known);
        StepApply(connection_, statements_, *known, tolerant, missing).run();
        known->staged.clear();
    }
    staged_.clear();
    return missing;
}

void PostgresChangeApplier::note_view(const model::ChunkReceipt& receipt) {
    opening().execute(connection_);
    store_row_view(connection_, claim_.task, receipt);
}

void PostgresChangeApplier::commit(const model::Marker& marker) {
    opening().execute(connection_);
    store_claimed_marker(connection_, claim_, marker);
    connection_.exec("COMMIT");
    part_open_ = false;
    for (const auto& [index, known] : tables_) {
        known->uncommitted.clear();
        known->filled.clear();
    }
}

std::string PostgresChangeApplier::holder() const {
    return connection_.alive() && connection_.in_transaction()
               ? std::to_string(connection_.server_process())
               : std::string();
}

void PostgresChangeApplier::abort() noexcept {
    connection_.rollback();
    staged_.clear();
    begin_due_ = part_open_ = false;
    for (const auto& [index, known] : tables_) {
        known->staged.clear();
        for (const StageKind kind : known->uncommitted) {
            known->stages.erase(kind);
            --stage_count_;
        }
        known->uncommitted.clear();
        known->filled.clear();
    }
}

}  // namespace cutover::postgres
