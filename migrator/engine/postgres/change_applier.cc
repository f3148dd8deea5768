#include "migrator/engine/postgres/change_applier.h"

#include <utility>

#include "migrator/engine/postgres/control_rows.h"
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
 WHERE t.tgenabled IN ('O', 'A') AND t.tgrelid = ANY ($1::regclass[]) LIMIT 1)";

}  // namespace

PostgresChangeApplier::PostgresChangeApplier(SessionPool& sessions, const plan::Plan& plan,
                                             Claim claim)
    : sessions_(sessions),
      plan_(plan),
      claim_(std::move(claim)),
      connection_(open_session(sessions_, claim_.task, SessionRole::applier)) {
    if (ignores_triggers(connection_)) {
        return;
    }
    std::vector<std::string> names;
    for (const plan::TablePlan& planned : plan.tables) {
        names.push_back(quote(planned.destination));
    }
    const Result triggers = connection_.exec_params(kTriggers, {array_literal(names)});
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
    begin_due_ = part_open_ = stages_filled_ = false;
}

AppliedTable& PostgresChangeApplier::table(model::TableIndex index) {
    const auto found = tables_.find(index);
    if (found == tables_.end()) {
        CUTOVER_CHECK(index < plan_.tables.size() && plan_.tables[index].index == index);
        // Made before its place is: a connection lost in between must leave no empty place for
        // abort().
        auto made =
            std::make_unique<AppliedTable>(read_target(connection_, plan_.tables[index]), index);
        return *tables_.emplace(index, std::move(made)).first->second;
    }
    const std::unique_ptr<AppliedTable>& known = found->second;
    if (!known->target.keyless() && !known->target.key_indexed && known->staged.empty()) {
        // The key's index may have come since.
        known->target = read_target(connection_, plan_.tables[index]);
    }
    return *known;
}

void PostgresChangeApplier::begin() {
    open();
    CUTOVER_CHECK(!connection_.in_transaction());
    if (stage_count_ > kMostStages) {
        drop_stages();
    }
    begin_due_ = true;
}

void PostgresChangeApplier::drop_stages() {
    for (const auto& [index, known] : tables_) {
        for (const StageKind kind : known->stages) {
            connection_.exec("DROP TABLE " + stage_name(index, kind));
        }
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

/// The commit empties them; a second part of one transaction has to do it itself.
void PostgresChangeApplier::empty_stages(Script& script) {
    std::string names;
    for (const auto& [index, known] : tables_) {
        for (const StageKind kind : known->stages) {
            names += (names.empty() ? "" : ", ") + stage_name(index, kind);
        }
    }
    if (!names.empty()) {
        script.add("TRUNCATE " + names);
    }
}

void PostgresChangeApplier::stage(const model::NetBatch& part) {
    CUTOVER_CHECK(staged_.empty());
    for (const model::TableBatch& batch : part.tables) {
        AppliedTable& known = table(batch.table);
        const bool first = known.staged.empty();
        known.staged.take(batch);
        if (first && !known.staged.empty()) {
            staged_.push_back(&known);
        }
    }
    Script script = opening();
    if (std::exchange(stages_filled_, true)) {
        empty_stages(script);
    }
    for (AppliedTable* known : staged_) {
        const StagedTable& staged = known->staged;
        const auto send = [&](StageKind kind, const CopyRows& rows) {
            if (!rows.empty()) {
                make_stage(script, *known, kind);
                script.add_copy(known->sql.copy_into_stage(kind), rows.bytes());
            }
        };
        send(StageKind::removals, staged.removals());
        send(StageKind::updates, staged.updates());
        send(StageKind::moves, staged.moves());
        if (!staged.moves().empty()) {
            make_stage(script, *known, StageKind::rows);
        }
    }
    script.execute(connection_);
}

void PostgresChangeApplier::truncate_tables() {
    std::vector<std::string> names;
    for (const AppliedTable* known : staged_) {
        if (known->staged.truncate()) {
            names.push_back(known->target.only + known->target.name);
        }
    }
    empty_tables(connection_, names);
}

void PostgresChangeApplier::apply_tolerant(AppliedTable& known, bool foreign_rows,
                                           std::vector<MissingBase>& missing) {
    Script script;
    make_stage(script, known, StageKind::rows);
    script.execute(connection_);
    TolerantApply::Overwritten overwritten{0, {}};
    TolerantApply(connection_, known, missing, foreign_rows ? &overwritten : nullptr).run();
    if (overwritten.first > 0) {
        store_conflict(connection_, claim_.task, known.target.display, "incremental", "overwritten",
                       overwritten.first, overwritten.second);
    }
}

/// A savepoint in front of each part; that of the part before has had its time.
void PostgresChangeApplier::open_part() {
    Script script = opening();
    if (std::exchange(part_open_, true)) {
        script.add(std::string("RELEASE SAVEPOINT ") + kPartSavepoint);
    }
    script.add(std::string("SAVEPOINT ") + kPartSavepoint);
    script.execute(connection_);
}

std::vector<MissingBase> PostgresChangeApplier::apply(const std::vector<ApplyMode>& mode) {
    std::vector<MissingBase> missing;
    open_part();
    truncate_tables();
    // Rows of somebody else are overwritten, and counted where only they can be in the way.
    const bool ignore = plan_.spec.conflict == plan::ConflictRule::ignore;
    const auto is_tolerant = [&](const AppliedTable& known) {
        return ignore || mode[known.index] == ApplyMode::tolerant;
    };
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

void PostgresChangeApplier::repair(const plan::TablePlan& plan, const model::Tuple& key,
                                   const std::optional<model::Tuple>& row,
                                   const model::ChunkReceipt& receipt) {
    opening().execute(connection_);
    const AppliedTable& known = table(plan.index);
    BinaryParameters parameters;
    append_cells(parameters, key);
    statements_.run(connection_, known.sql.step_delete(), parameters);
    if (row) {
        CUTOVER_CHECK(row->complete());
        BinaryParameters cells;
        append_cells(cells, *row);
        statements_.run(connection_, known.sql.step_insert(), cells);
    }
    store_row_view(connection_, claim_.task, receipt);
}

void PostgresChangeApplier::commit(const model::Marker& marker) {
    opening().execute(connection_);
    store_claimed_marker(connection_, claim_, marker);
    connection_.exec("COMMIT");
    part_open_ = stages_filled_ = false;
    for (const auto& [index, known] : tables_) {
        known->uncommitted.clear();
    }
}

void PostgresChangeApplier::abort() noexcept {
    connection_.rollback();
    staged_.clear();
    begin_due_ = part_open_ = stages_filled_ = false;
    for (const auto& [index, known] : tables_) {
        known->staged.clear();
        for (const StageKind kind : known->uncommitted) {
            known->stages.erase(kind);
            --stage_count_;
        }
        known->uncommitted.clear();
    }
}

}  // namespace cutover::postgres
