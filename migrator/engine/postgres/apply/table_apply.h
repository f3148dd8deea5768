// Applies the changes of one staged table. Strict: every statement goes into one script, and each
// must touch exactly the rows that were staged for it. Tolerant: rows that are in the way are
// removed, and rows without a base are inserted or reported.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/apply/apply_sql.h"
#include "migrator/engine/postgres/apply/script.h"
#include "migrator/engine/postgres/apply/staged_table.h"
#include "migrator/engine/postgres/apply/statement_cache.h"
#include "migrator/engine/sink.h"

namespace cutover::postgres {

/// A savepoint before the part that is being applied, so that the state before it can be examined.
inline constexpr const char* kPartSavepoint = "cutover_part";

/// A destination table as a session knows it. Not movable: its parts refer to each other.
struct AppliedTable {
    /// `table` must outlive it.
    AppliedTable(TargetTable facts, const plan::TablePlan& table, const InlineLimits& limits)
        : planned(table),
          index(table.index),
          target(std::move(facts)),
          sql(target, index),
          staged(target, limits) {}
    AppliedTable(const AppliedTable&) = delete;
    AppliedTable& operator=(const AppliedTable&) = delete;

    const plan::TablePlan& planned;
    model::TableIndex index;
    TargetTable target;
    ApplySql sql;
    StagedTable staged;
    std::set<StageKind> stages;       ///< staging tables that exist
    std::set<StageKind> uncommitted;  ///< made in the open transaction: a rollback drops them

    std::set<StageKind> filled;  ///< by this transaction; must be emptied before the next use

    /// The FROM item by which statements find the rows of this kind, and the parameters it needs.
    struct Source {
        std::string from;
        BinaryParameters parameters;
    };
    Source source(StageKind kind) const;
    /// True if statements find the rows of this kind in a staging table. (Inserts never need one in
    /// strict mode.)
    bool in_stage(StageKind kind) const;
    /// True if no part of it needs a COPY in strict mode.
    bool without_copy() const;

    /// True if its statements must search the table: no index leads to the rows.
    bool searches() const;
};

/// Throws what went wrong with one table as an error that explains it: contradictions are corrupt;
/// values that do not fit are refused, naming the row if it can be told. To find the row, the
/// transaction is rolled back. `step`: the step that failed, if it was one.
[[noreturn]] void rethrow_for(Connection& connection, const AppliedTable& table, bool strict,
                              const model::Error& error, const model::RowStep* step = nullptr);

/// The number of the last statement of a script that belongs to a table.
using Owners = std::vector<std::pair<std::size_t, const AppliedTable*>>;
/// Runs the script; errors name the table that they belong to (rethrow_for(), strict).
std::vector<std::uint64_t> run_owned(const Script& script, Connection& connection,
                                     const Owners& owners);

/// All strict tables of a part. Steps are not included: StepApply runs them one by one.
class StrictApply {
public:
    void add(const AppliedTable& table);
    /// Throws: corrupt (`apply.row_missing`, `apply.row_doubled`), refused, operation, connection.
    void run(Connection& connection);

private:
    struct Expected {
        const AppliedTable* table;
        std::size_t statement;
        std::uint64_t rows;
        StageKind kind;
    };
    void expect(const AppliedTable& table, StageKind kind, std::string sql, std::uint64_t rows,
                BinaryParameters parameters);
    void add_removals(const AppliedTable& table);
    void add_moves(const AppliedTable& table);
    void add_inserts(const AppliedTable& table);
    [[noreturn]] void contradiction(Connection& connection, const Expected& expected,
                                    std::uint64_t touched) const;

    Script script_;
    std::vector<Expected> expected_;
    Owners owners_;
};

/// Applies one tolerant table.
class TolerantApply {
public:
    /// `overwritten` is not null if foreign rows are to be counted: it receives a number and the
    /// SQL array of a few keys.
    using Overwritten = std::pair<std::uint64_t, std::string>;
    TolerantApply(Connection& connection, AppliedTable& table,
                  std::vector<engine::MissingBase>& missing, Overwritten* overwritten)
        : connection_(connection), table_(table), missing_(missing), overwritten_(overwritten) {}

    /// Requires: if there are moves, they are staged, and the stage `rows` exists; the same if
    /// there are more inserts than one statement carries.
    void run();

private:
    void complete_moves();
    void remove();
    void update();
    void insert();
    bool insert_straight();
    Result exec(const std::string& sql, const AppliedTable::Source& source, bool binary = false);
    void stage_inserts();
    void note_missing(const AppliedTable::Source& source, std::uint32_t mask);

    Connection& connection_;
    AppliedTable& table_;
    std::vector<engine::MissingBase>& missing_;
    Overwritten* overwritten_;
};

/// Applies the steps of a table that is not collapsed, one by one in order.
class StepApply {
public:
    StepApply(Connection& connection, StatementCache& statements, const AppliedTable& table,
              bool tolerant, std::vector<engine::MissingBase>& missing)
        : connection_(connection),
          statements_(statements),
          table_(table),
          tolerant_(tolerant),
          missing_(missing) {}

    void run();

private:
    void execute(const model::RowStep& step);
    void replace(const model::RowStep& step);
    model::Tuple row_key(const model::Tuple& row) const;
    model::Tuple new_key(const model::RowStep& step) const;
    Result run_statement(const std::string& sql, const model::Tuple& first,
                         const model::Tuple& second);
    std::uint64_t delete_key(const model::Tuple& key);
    void insert_row(const model::Tuple& row);
    void expect_one(std::uint64_t touched, const model::Tuple& key);

    Connection& connection_;
    StatementCache& statements_;
    const AppliedTable& table_;
    bool tolerant_;
    std::vector<engine::MissingBase>& missing_;
};

}  // namespace cutover::postgres
