#include "migrator/engine/postgres/table_apply.h"

#include "migrator/engine/postgres/control_rows.h"
#include "migrator/engine/postgres/write_session.h"
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

}  // namespace

bool AppliedTable::searches() const {
    return target.keyless() ? !staged.removals().empty() : !target.key_indexed;
}

void rethrow_for(const AppliedTable& table, bool strict, const Error& error) {
    const std::string name = "table " + table.target.display;
    if (strict && has_state(error, "23505")) {
        throw Error(ErrorClass::corrupt, "apply.row_doubled",
                    name + ": a row to be inserted is there already: " + error.message(), kVerify);
    }
    if (has_state(error, "22")) {
        throw Error(ErrorClass::refused, "apply.value",
                    name + " cannot hold a value of the source: " + error.message(),
                    "make the destination's column as wide as the source's");
    }
    throw about(error, name);
}

// --- strict
// -----------------------------------------------------------------------------------------

void StrictApply::expect(const AppliedTable& table, const std::string& sql, std::uint64_t rows,
                         StageKind kind) {
    expected_.push_back({&table, script_.add(sql), rows, kind});
}

void StrictApply::add(const AppliedTable& table) {
    const bool searches = table.searches();
    if (searches) {
        script_.add(kSearching);
    }
    const StagedTable& staged = table.staged;
    for (const auto& [present, group] : staged.groups()) {
        if (group.moves > 0) {
            expect(table, table.sql.complete_moves(group.mask, present), group.moves,
                   StageKind::moves);
        }
    }
    if (!staged.removals().empty()) {
        expect(table,
               table.target.keyless() ? table.sql.delete_multiset() : table.sql.delete_removals(),
               staged.removals().rows(), StageKind::removals);
    }
    for (const auto& [present, group] : staged.groups()) {
        if (group.updates > 0) {
            expect(table, table.sql.update(group.mask, present), group.updates, StageKind::updates);
        }
    }
    if (!staged.moves().empty()) {
        script_.add(table.sql.insert_rows());
    }
    if (!staged.inserts().empty()) {
        script_.add_copy(table.sql.copy_into_table(), staged.inserts().bytes());
    }
    owners_.emplace_back(script_.size(), &table);
    if (searches) {
        script_.add(kByIndex);
    }
}

void StrictApply::run(Connection& connection) {
    std::vector<std::uint64_t> touched;
    try {
        touched = script_.run(connection);
    } catch (const ScriptError& failed) {
        for (const auto& [end, table] : owners_) {
            if (failed.statement < end) {
                rethrow_for(*table, true, failed.error);
            }
        }
        throw failed.error;
    }
    for (const Expected& expected : expected_) {
        if (touched[expected.statement] != expected.rows) {
            contradiction(connection, expected, touched[expected.statement]);
        }
    }
}

/// What the log says must fit what is there, or one of the two is wrong.
void StrictApply::contradiction(Connection& connection, const Expected& expected,
                                std::uint64_t touched) const {
    const AppliedTable& table = *expected.table;
    connection.exec(std::string("ROLLBACK TO SAVEPOINT ") + kPartSavepoint);
    connection.exec(kSearching);
    const bool few = touched < expected.rows || table.target.keyless();
    const Result keys = connection.exec(few ? table.sql.missing_keys(expected.kind)
                                            : table.sql.doubled_keys(expected.kind));
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
        rethrow_for(table_, false, error);
    }
}

void TolerantApply::note_missing(StageKind kind, std::uint32_t mask) {
    const Result keys =
        connection_.exec_params_binary(table_.sql.keys_without_base(kind, mask), {});
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
    for (const auto& [present, group] : table_.staged.groups()) {
        if (group.moves > 0 &&
            connection_.exec(table_.sql.complete_moves(group.mask, present)).affected() <
                group.moves) {
            note_missing(StageKind::moves, group.mask);
        }
    }
}

void TolerantApply::remove() {
    if (!table_.staged.removals().empty()) {
        connection_.exec(table_.target.keyless() ? table_.sql.delete_multiset()
                                                 : table_.sql.delete_removals());
    }
}

void TolerantApply::update() {
    for (const auto& [present, group] : table_.staged.groups()) {
        if (group.updates == 0 ||
            connection_.exec(table_.sql.update(group.mask, present)).affected() >= group.updates) {
            continue;
        }
        if (group.mask == 0) {
            connection_.exec(table_.sql.insert_updates_without_base());
        } else {
            note_missing(StageKind::updates, group.mask);
        }
    }
}

/// A row that is in the way gives way.
void TolerantApply::insert() {
    const StagedTable& staged = table_.staged;
    if (staged.moves().empty() && staged.inserts().empty()) {
        return;
    }
    Script script;
    script.add_copy(table_.sql.copy_into_stage(StageKind::rows), staged.inserts().bytes());
    script.execute(connection_);
    if (!table_.target.keyless()) {
        const Result gone = connection_.exec(table_.sql.clear_way(overwritten_ != nullptr));
        if (overwritten_ != nullptr) {
            *overwritten_ = {static_cast<std::uint64_t>(gone.integer(0, 0)), gone.text(0, 1)};
        }
    }
    connection_.exec(table_.sql.insert_rows());
}

// --- steps
// ------------------------------------------------------------------------------------------

void StepApply::run() {
    try {
        for (const model::RowStep& step : table_.staged.steps()) {
            execute(step);
        }
    } catch (const Error& error) {
        if (error.code().starts_with("apply.")) {
            throw;
        }
        rethrow_for(table_, !tolerant_, error);
    }
}

void StepApply::execute(const model::RowStep& step) {
    switch (step.kind) {
        case model::ChangeKind::truncate:
            empty_tables(connection_, {table_.target.only + table_.target.name});
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

/// The key after the step: cells that did not change are those of the old key.
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
