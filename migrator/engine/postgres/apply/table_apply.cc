#include "migrator/engine/postgres/apply/table_apply.h"

#include "migrator/engine/postgres/apply/refused_row.h"
#include "migrator/engine/postgres/control/control_rows.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using engine::MissingBase;
using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kSearching = "SET LOCAL enable_hashjoin=on";
constexpr const char* kByIndex = "SET LOCAL enable_hashjoin=off";

constexpr const char* kVerify =
    "somebody else has written to the destination, or the source lost changes: "
    "verify the table, then copy it again";
constexpr const char* kInsertSavepoint = "cutover_insert";

}  // namespace

bool AppliedTable::in_stage(StageKind kind) const {
    // Completed moves are collected in the stage of the rows to insert.
    const bool beside_moves = kind == StageKind::rows && !staged.rows(StageKind::moves).empty();
    return beside_moves || !staged.inlined(kind);
}

AppliedTable::Source AppliedTable::source(StageKind kind) const {
    if (in_stage(kind)) {
        return {sql.staged(kind), {}};
    }
    const StagedRows& rows = staged.rows(kind);
    Source out{sql.values(kind, rows.rows()), {}};
    rows.append_to(out.parameters);
    return out;
}

bool AppliedTable::without_copy() const {
    return staged.inlined(StageKind::rows) && staged.inlined(StageKind::moves) &&
           staged.inlined(StageKind::removals) && staged.inlined(StageKind::updates);
}

bool AppliedTable::searches() const {
    return target.keyless() ? !staged.rows(StageKind::removals).empty() : !target.key_indexed;
}

void rethrow_for(Connection& connection, const AppliedTable& table, bool strict, const Error& error,
                 const model::RowStep* step) {
    const std::string name = "table " + table.target.display;
    if (strict && has_state(error, "23505")) {
        throw Error(ErrorClass::corrupt, "apply.row_doubled",
                    name + ": a row to be inserted is there already: " + error.message(), kVerify);
    }
    if (has_state(error, "22")) {
        if (step != nullptr) {
            throw value_refused(error, "apply.value", table.target.display,
                                refused_step(connection, table, *step));
        }
        const std::optional<RefusedRow> found = find_refused_row(connection, table);
        throw found ? value_refused(found->error, "apply.value", table.target.display, found->row)
                    : value_refused(error, "apply.value", table.target.display);
    }
    throw about(error, name);
}

std::vector<std::uint64_t> run_owned(const Script& script, Connection& connection,
                                     const Owners& owners) {
    try {
        return script.run(connection);
    } catch (const ScriptError& failed) {
        for (const auto& [end, table] : owners) {
            if (failed.statement < end) {
                rethrow_for(connection, *table, true, failed.error);
            }
        }
        throw failed.error;
    }
}

// --- strict
// -----------------------------------------------------------------------------------------

void StrictApply::expect(const AppliedTable& table, StageKind kind, std::string sql,
                         std::uint64_t rows, BinaryParameters parameters) {
    expected_.push_back({&table, script_.add(std::move(sql), std::move(parameters)), rows, kind});
}

void StrictApply::add(const AppliedTable& table) {
    const bool searches = table.searches();
    if (searches) {
        script_.add(kSearching);
    }
    if (table.staged.inlined(StageKind::moves)) {
        add_removals(table);
        add_moves(table);
    } else {
        // The old rows must still exist when the new ones are completed from them.
        add_moves(table);
        add_removals(table);
    }
    for (const auto& [present, group] : table.staged.groups()) {
        if (group.updates > 0) {
            const AppliedTable::Source updates = table.source(StageKind::updates);
            expect(table, StageKind::updates, table.sql.update(updates.from, group.mask, present),
                   group.updates, updates.parameters);
        }
    }
    add_inserts(table);
    owners_.emplace_back(script_.size(), &table);
    if (searches) {
        script_.add(kByIndex);
    }
}

void StrictApply::add_removals(const AppliedTable& table) {
    const StagedRows& removals = table.staged.rows(StageKind::removals);
    if (!removals.empty()) {
        AppliedTable::Source source = table.source(StageKind::removals);
        expect(table, StageKind::removals,
               table.target.keyless() ? table.sql.delete_multiset(source.from)
                                      : table.sql.delete_keys(source.from),
               removals.rows(), std::move(source.parameters));
    }
}

void StrictApply::add_moves(const AppliedTable& table) {
    const StagedRows& moves = table.staged.rows(StageKind::moves);
    if (moves.empty()) {
        return;
    }
    AppliedTable::Source source = table.source(StageKind::moves);
    std::vector<std::pair<std::uint32_t, Presence>> groups;
    for (const auto& [present, group] : table.staged.groups()) {
        if (group.moves == 0) {
            continue;
        }
        groups.emplace_back(group.mask, present);
        if (!table.staged.inlined(StageKind::moves)) {
            expect(table, StageKind::moves, table.sql.complete_moves(group.mask, present),
                   group.moves, {});
        }
    }
    if (table.staged.inlined(StageKind::moves)) {
        expect(table, StageKind::moves, table.sql.move(source.from, groups), moves.rows(),
               std::move(source.parameters));
    } else {
        expect(table, StageKind::moves, table.sql.delete_keys(source.from), moves.rows(), {});
    }
}

void StrictApply::add_inserts(const AppliedTable& table) {
    const StagedRows& inserts = table.staged.rows(StageKind::rows);
    if (!table.staged.inlined(StageKind::moves)) {
        script_.add(table.sql.insert_rows(table.sql.staged(StageKind::rows)));
    }
    if (inserts.empty()) {
        return;
    }
    if (table.staged.inlined(StageKind::rows)) {
        BinaryParameters parameters;
        inserts.append_to(parameters);
        script_.add(table.sql.insert_rows(table.sql.values(StageKind::rows, inserts.rows())),
                    std::move(parameters));
    } else {
        script_.add_copy(table.sql.copy_into_table(), inserts);
    }
}

void StrictApply::run(Connection& connection) {
    const std::vector<std::uint64_t> touched = run_owned(script_, connection, owners_);
    for (const Expected& expected : expected_) {
        if (touched[expected.statement] != expected.rows) {
            contradiction(connection, expected, touched[expected.statement]);
        }
    }
}

/// What the log says must match what is there; otherwise one of the two is wrong.
void StrictApply::contradiction(Connection& connection, const Expected& expected,
                                std::uint64_t touched) const {
    const AppliedTable& table = *expected.table;
    connection.exec(std::string("ROLLBACK TO SAVEPOINT ") + kPartSavepoint);
    connection.exec(kSearching);
    const bool few = touched < expected.rows || table.target.keyless();
    const AppliedTable::Source source = table.source(expected.kind);
    const Result keys = connection.exec_with(
        few ? table.sql.missing_keys(source.from) : table.sql.doubled_keys(source.from),
        source.parameters);
    std::string examples;
    for (int row = 0; row < keys.rows(); ++row) {
        examples += (row == 0 ? "" : ", ") + keys.text(row, 0);
    }
    throw Error(ErrorClass::corrupt, few ? "apply.row_missing" : "apply.row_doubled",
                "table " + table.target.display + ": " + std::to_string(expected.rows) +
                    " rows were to be changed, " + std::to_string(touched) + " were found; " +
                    (few ? "missing: " : "more than once: ") + examples,
                kVerify);
}

// --- tolerant
// ---------------------------------------------------------------------------------------

void TolerantApply::run() {
    const bool searches = table_.searches();
    try {
        if (searches) {
            connection_.exec(kSearching);
        }
        complete_moves();
        remove();
        update();
        insert();
        if (searches) {
            connection_.exec(kByIndex);
        }
    } catch (const Error& error) {
        rethrow_for(connection_, table_, false, error);
    }
}

Result TolerantApply::exec(const std::string& sql, const AppliedTable::Source& source,
                           bool binary) {
    return connection_.exec_with(sql, source.parameters, binary);
}

void TolerantApply::note_missing(const AppliedTable::Source& source, std::uint32_t mask) {
    const Result keys = exec(table_.sql.keys_without_base(source.from, mask), source, true);
    for (int row = 0; row < keys.rows(); ++row) {
        MissingBase missing;
        missing.table = table_.index;
        for (int column = 0; column < keys.columns(); ++column) {
            missing.key.append(model::CellKind::binary, keys.get(row, column));
        }
        missing_.push_back(std::move(missing));
    }
}

void TolerantApply::complete_moves() {
    const AppliedTable::Source moves{table_.sql.staged(StageKind::moves), {}};
    for (const auto& [present, group] : table_.staged.groups()) {
        if (group.moves > 0 &&
            exec(table_.sql.complete_moves(group.mask, present), moves).affected() < group.moves) {
            note_missing(moves, group.mask);
        }
    }
}

void TolerantApply::remove() {
    if (!table_.staged.rows(StageKind::moves).empty()) {
        const AppliedTable::Source moves{table_.sql.staged(StageKind::moves), {}};
        exec(table_.sql.delete_keys(moves.from), moves);
    }
    if (!table_.staged.rows(StageKind::removals).empty()) {
        const AppliedTable::Source removals = table_.source(StageKind::removals);
        exec(table_.target.keyless() ? table_.sql.delete_multiset(removals.from)
                                     : table_.sql.delete_keys(removals.from),
             removals);
    }
}

void TolerantApply::update() {
    for (const auto& [present, group] : table_.staged.groups()) {
        if (group.updates == 0) {
            continue;
        }
        const AppliedTable::Source updates = table_.source(StageKind::updates);
        if (exec(table_.sql.update(updates.from, group.mask, present), updates).affected() >=
            group.updates) {
            continue;
        }
        if (group.mask == 0) {
            exec(table_.sql.insert_updates_without_base(updates.from), updates);
        } else {
            note_missing(updates, group.mask);
        }
    }
}

void TolerantApply::stage_inserts() {
    const StagedRows& inserts = table_.staged.rows(StageKind::rows);
    if (table_.in_stage(StageKind::rows) && !inserts.empty()) {
        table_.filled.insert(StageKind::rows);
        Script script;
        script.add_copy(table_.sql.copy_into_stage(StageKind::rows), inserts);
        script.execute(connection_);
    }
}

/// Inserts like a strict table: a row is rarely in the way, and without a stage it is twice as
/// fast. False, without any effect, if a row is in the way.
bool TolerantApply::insert_straight() {
    Script script;
    script.add(std::string("SAVEPOINT ") + kInsertSavepoint);
    script.add_copy(table_.sql.copy_into_table(), table_.staged.rows(StageKind::rows));
    script.add(std::string("RELEASE SAVEPOINT ") + kInsertSavepoint);
    try {
        script.execute(connection_);
        return true;
    } catch (const Error& error) {
        if (!has_state(error, "23505")) {
            throw;
        }
    }
    connection_.exec(std::string("ROLLBACK TO SAVEPOINT ") + kInsertSavepoint);
    connection_.exec(std::string("RELEASE SAVEPOINT ") + kInsertSavepoint);
    return false;
}

/// A row that is in the way is removed.
void TolerantApply::insert() {
    const StagedTable& staged = table_.staged;
    const bool moves = !staged.rows(StageKind::moves).empty();
    if (!moves && staged.rows(StageKind::rows).empty()) {
        return;
    }
    const bool may_be_straight =
        !moves && table_.in_stage(StageKind::rows) && overwritten_ == nullptr;
    if (may_be_straight && insert_straight()) {
        return;
    }
    stage_inserts();
    const AppliedTable::Source rows = table_.source(StageKind::rows);
    if (!table_.target.keyless()) {
        const Result gone = exec(table_.sql.clear_way(rows.from, overwritten_ != nullptr), rows);
        if (overwritten_ != nullptr) {
            *overwritten_ = {static_cast<std::uint64_t>(gone.integer(0, 0)), gone.text(0, 1)};
        }
    }
    exec(table_.sql.insert_rows(rows.from), rows);
}

// --- steps
// ------------------------------------------------------------------------------------------

void StepApply::run() {
    for (const model::RowStep* step : table_.staged.steps()) {
        try {
            execute(*step);
        } catch (const Error& error) {
            if (error.code().starts_with("apply.")) {
                throw;
            }
            rethrow_for(connection_, table_, !tolerant_, error, step);
        }
    }
}

void StepApply::execute(const model::RowStep& step) {
    switch (step.kind) {
        case model::ChangeKind::truncate:
            empty_tables(connection_, {table_.target.only + table_.target.quoted});
            return;
        case model::ChangeKind::insert:
            if (tolerant_) {
                delete_key(row_key(step.row));
            }
            insert_row(step.row);
            return;
        case model::ChangeKind::remove:
            expect_one(delete_key(step.key), step.key);
            return;
        case model::ChangeKind::update:
            replace(step);
            return;
    }
}

model::Tuple StepApply::row_key(const model::Tuple& row) const {
    model::Tuple key;
    for (const std::size_t column : table_.target.key) {
        key.append(row.kind(column), row.bytes(column));
    }
    return key;
}

/// The key after the step: unchanged cells are taken from the old key.
model::Tuple StepApply::new_key(const model::RowStep& step) const {
    model::Tuple key = row_key(step.row);
    key.fill_absent_from(step.key);
    return key;
}

Result StepApply::run_statement(const std::string& sql, const model::Tuple& first,
                                const model::Tuple& second) {
    BinaryParameters parameters;
    append_cells(parameters, first);
    append_cells(parameters, second);
    return statements_.run(connection_, sql, parameters);
}

std::uint64_t StepApply::delete_key(const model::Tuple& key) {
    return run_statement(table_.sql.step_delete(), key, {}).affected();
}

void StepApply::insert_row(const model::Tuple& row) {
    run_statement(table_.sql.step_insert(), row, {});
}

void StepApply::expect_one(std::uint64_t touched, const model::Tuple& key) {
    if (touched == 1 || tolerant_) {
        return;
    }
    const Result text = run_statement(table_.sql.step_key_text(), key, {});
    throw Error(ErrorClass::corrupt, touched == 0 ? "apply.row_missing" : "apply.row_doubled",
                "table " + table_.target.display + ": " + std::to_string(touched) +
                    " rows have the key " + text.text(0, 0) + " where one must",
                kVerify);
}

void StepApply::replace(const model::RowStep& step) {
    Presence present(step.row.size());
    for (std::size_t column = 0; column < step.row.size(); ++column) {
        present[column] = step.row.kind(column) != model::CellKind::absent;
    }
    if (tolerant_) {
        run_statement(table_.sql.step_clear_way(), new_key(step), step.key);
    }
    const std::uint64_t touched =
        run_statement(table_.sql.step_replace(present), step.key, step.row).affected();
    expect_one(touched, step.key);
    if (touched > 0) {
        return;
    }
    if (step.row.complete()) {
        insert_row(step.row);
    } else {
        missing_.push_back({table_.index, new_key(step)});
    }
}

}  // namespace cutover::postgres
