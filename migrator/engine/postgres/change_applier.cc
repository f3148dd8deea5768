#include "migrator/engine/postgres/change_applier.h"

#include <set>
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

/// A destination table as this session knows it.
struct PostgresChangeApplier::Table {
    Table(TargetTable facts, model::TableIndex number)
        : index(number), target(std::move(facts)), sql(target, number), staged(target) {}

    model::TableIndex index;
    TargetTable target;
    ApplySql sql;
    StagedTable staged;
    std::set<StageKind> stages;          ///< that exist
    std::set<StageKind> uncommitted;     ///< made in the open transaction: a rollback takes them along
};

PostgresChangeApplier::PostgresChangeApplier(plan::Endpoint endpoint, const plan::Plan& plan,
                                             Claim claim)
    : endpoint_(std::move(endpoint)),
      plan_(plan),
      claim_(std::move(claim)),
      connection_(open_session(endpoint_, claim_.task, SessionRole::applier)) {
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
        connection_ = open_session(endpoint_, claim_.task, SessionRole::applier);
    }
}

void PostgresChangeApplier::forget_session() {
    tables_.clear();
    staged_.clear();
    statements_.forget();
    stage_count_ = 0;
    stages_filled_ = false;
}

PostgresChangeApplier::Table& PostgresChangeApplier::table(model::TableIndex index) {
    std::unique_ptr<Table>& known = tables_[index];
    if (!known) {
        CUTOVER_CHECK(index < plan_.tables.size() && plan_.tables[index].index == index);
        known = std::make_unique<Table>(read_target(connection_, plan_.tables[index]), index);
    } else if (!known->target.keyless() && !known->target.key_indexed && known->staged.empty()) {
        // The key's index may have come since.
        known->target = read_target(connection_, plan_.tables[index]);
    }
    return *known;
}

void PostgresChangeApplier::begin() {
    open();
    CUTOVER_CHECK(!connection_.in_transaction());
    if (stage_count_ > kMostStages) {
        for (const auto& [index, known] : tables_) {
            for (const StageKind kind : known->stages) {
                connection_.exec("DROP TABLE " + stage_name(index, kind));
            }
            known->stages.clear();
        }
        stage_count_ = 0;
    }
    connection_.exec("BEGIN ISOLATION LEVEL READ COMMITTED");
}

void PostgresChangeApplier::send(Table& table, StageKind kind, const CopyRows& rows) {
    if (!table.stages.contains(kind)) {
        connection_.exec(table.sql.create_stage(kind));
        table.stages.insert(kind);
        table.uncommitted.insert(kind);
        ++stage_count_;
    }
    if (rows.empty()) {
        return;
    }
    connection_.begin_copy_in(table.sql.copy_into_stage(kind));
    connection_.copy_write(copy_header());
    connection_.copy_write(rows.bytes());
    connection_.copy_write(copy_trailer());
    connection_.copy_end();
}

/// The commit empties them; a second part of one transaction has to do it itself.
void PostgresChangeApplier::empty_stages() {
    std::string names;
    for (const auto& [index, known] : tables_) {
        for (const StageKind kind : known->stages) {
            names += (names.empty() ? "" : ", ") + stage_name(index, kind);
        }
    }
    if (!names.empty()) {
        connection_.exec("TRUNCATE " + names);
    }
}

void PostgresChangeApplier::stage(const model::NetBatch& part) {
    CUTOVER_CHECK(staged_.empty());
    if (stages_filled_) {
        empty_stages();
    }
    stages_filled_ = true;
    for (const model::TableBatch& batch : part.tables) {
        Table& known = table(batch.table);
        const bool first = known.staged.empty();
        known.staged.take(batch);
        if (first && !known.staged.empty()) {
            staged_.push_back(&known);
        }
    }
    for (Table* known : staged_) {
        const StagedTable& staged = known->staged;
        if (!staged.removals().empty()) {
            send(*known, StageKind::removals, staged.removals());
        }
        if (!staged.updates().empty()) {
            send(*known, StageKind::updates, staged.updates());
        }
        if (!staged.moves().empty()) {
            send(*known, StageKind::moves, staged.moves());
            send(*known, StageKind::rows, {});
        }
    }
}

void PostgresChangeApplier::truncate_tables() {
    std::vector<std::string> names;
    for (const Table* known : staged_) {
        if (known->staged.truncate()) {
            names.push_back(known->target.name);
        }
    }
    empty_tables(connection_, names);
}

/// Brings one table's staged part to effect.
class PostgresChangeApplier::TableRun {
public:
    TableRun(PostgresChangeApplier& applier, Table& table, ApplyMode mode,
             std::vector<MissingBase>& missing)
        : applier_(applier),
          connection_(applier.connection_),
          table_(table),
          foreign_rows_(applier.plan_.spec.conflict == plan::ConflictRule::ignore &&
                        mode == ApplyMode::strict),
          tolerant_(mode == ApplyMode::tolerant || foreign_rows_),
          missing_(missing) {}

    void run() {
        const bool by_scan = table_.target.keyless() ? !table_.staged.removals().empty()
                                                     : !table_.target.key_indexed;
        if (by_scan) {
            connection_.exec("SET LOCAL enable_hashjoin=on");
        }
        try {
            complete_moves();
            remove();
            update();
            tolerant_ ? insert_over() : insert();
            for (const model::RowStep& step : table_.staged.steps()) {
                execute(step);
            }
        } catch (const Error& error) {
            rethrow(error);
        }
        if (by_scan) {
            connection_.exec("SET LOCAL enable_hashjoin=off");
        }
    }

private:
    /// What the log says must fit what is there, or one of the two is wrong.
    void expect(std::uint64_t wanted, std::uint64_t touched, StageKind kind) {
        if (wanted == touched || tolerant_) {
            return;
        }
        connection_.exec("ROLLBACK TO SAVEPOINT cutover_part");
        const bool few = touched < wanted || table_.target.keyless();
        const Result keys =
            connection_.exec(few ? table_.sql.missing_keys(kind) : table_.sql.doubled_keys(kind));
        std::string examples;
        for (int row = 0; row < keys.rows(); ++row) {
            examples += (row == 0 ? "" : ", ") + keys.text(row, 0);
        }
        throw Error(ErrorClass::corrupt, few ? "apply.row_missing" : "apply.row_doubled",
                    "table " + table_.target.display + ": " + std::to_string(wanted) +
                        " rows were to be changed, " + std::to_string(touched) + " were found; " +
                        (few ? "missing: " : "more than once: ") + examples,
                    "somebody else has written to the destination, or the source lost changes: "
                    "verify the table, then copy it again");
    }

    [[noreturn]] void rethrow(const Error& error) const {
        if (error.code().starts_with("apply.")) {
            throw error;
        }
        if (has_state(error, "23505") && !tolerant_) {
            throw Error(ErrorClass::corrupt, "apply.row_doubled",
                        "table " + table_.target.display +
                            ": a row to be inserted is there already: " + error.message(),
                        "somebody else has written to the destination: verify the table");
        }
        if (has_state(error, "22")) {
            throw Error(ErrorClass::refused, "apply.value",
                        "table " + table_.target.display +
                            " cannot hold a value of the source: " + error.message(),
                        "make the destination's column as wide as the source's");
        }
        throw about(error, "table " + table_.target.display);
    }

    void note_missing(StageKind kind, std::uint32_t mask) {
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

    void complete_moves() {
        for (const auto& [present, group] : table_.staged.groups()) {
            if (group.moves == 0) {
                continue;
            }
            const std::uint64_t found =
                connection_.exec(table_.sql.complete_moves(group.mask, present)).affected();
            expect(group.moves, found, StageKind::moves);
            if (found < group.moves) {
                note_missing(StageKind::moves, group.mask);
            }
        }
    }

    void remove() {
        const std::uint64_t wanted = table_.staged.removals().rows();
        if (wanted == 0) {
            return;
        }
        const std::string sql = table_.target.keyless() ? table_.sql.delete_multiset()
                                                        : table_.sql.delete_removals();
        expect(wanted, connection_.exec(sql).affected(), StageKind::removals);
    }

    void update() {
        for (const auto& [present, group] : table_.staged.groups()) {
            if (group.updates == 0) {
                continue;
            }
            const std::uint64_t found =
                connection_.exec(table_.sql.update(group.mask, present)).affected();
            expect(group.updates, found, StageKind::updates);
            if (found >= group.updates) {
                continue;
            }
            if (group.mask == 0) {
                connection_.exec(table_.sql.insert_updates_without_base());
            } else {
                note_missing(StageKind::updates, group.mask);
            }
        }
    }

    void insert() {
        if (!table_.staged.moves().empty()) {
            connection_.exec(table_.sql.insert_rows());
        }
        if (!table_.staged.inserts().empty()) {
            connection_.begin_copy_in(table_.sql.copy_into_table());
            connection_.copy_write(copy_header());
            connection_.copy_write(table_.staged.inserts().bytes());
            connection_.copy_write(copy_trailer());
            connection_.copy_end();
        }
    }

    /// A row that is in the way gives way.
    void insert_over() {
        if (table_.staged.moves().empty() && table_.staged.inserts().empty()) {
            return;
        }
        applier_.send(table_, StageKind::rows, table_.staged.inserts());
        if (!table_.target.keyless()) {
            const Result gone = connection_.exec(table_.sql.clear_way(foreign_rows_));
            if (foreign_rows_ && gone.integer(0, 0) > 0) {
                store_conflict(connection_, applier_.claim_.task, table_.target.display,
                               "incremental", "overwritten",
                               static_cast<std::uint64_t>(gone.integer(0, 0)), gone.text(0, 1));
            }
        }
        connection_.exec(table_.sql.insert_rows());
    }

    void execute(const model::RowStep& step) {
        switch (step.kind) {
            case model::ChangeKind::truncate:
                empty_tables(connection_, {table_.target.name});
                return;
            case model::ChangeKind::insert:
                if (tolerant_) {
                    delete_key(row_key(step.row));
                }
                insert_row(step.row);
                return;
            case model::ChangeKind::remove:
                expect_step(delete_key(step.key), step.key);
                return;
            case model::ChangeKind::update:
                replace(step);
                return;
        }
    }

    model::Tuple row_key(const model::Tuple& row) const {
        model::Tuple key;
        for (const std::size_t column : table_.target.key) {
            key.append(row.kind(column), row.bytes(column));
        }
        return key;
    }

    Result run_step(const std::string& sql, const model::Tuple& first, const model::Tuple& second) {
        BinaryParameters parameters;
        append_cells(parameters, first);
        append_cells(parameters, second);
        return applier_.statements_.run(connection_, sql, parameters);
    }

    std::uint64_t delete_key(const model::Tuple& key) {
        return run_step(table_.sql.step_delete(), key, {}).affected();
    }

    void insert_row(const model::Tuple& row) { run_step(table_.sql.step_insert(), row, {}); }

    void expect_step(std::uint64_t touched, const model::Tuple& key) {
        if (touched == 1 || tolerant_) {
            return;
        }
        const Result text = run_step(table_.sql.step_key_text(), key, {});
        throw Error(ErrorClass::corrupt, touched == 0 ? "apply.row_missing" : "apply.row_doubled",
                    "table " + table_.target.display + ": " + std::to_string(touched) +
                        " rows have the key " + text.text(0, 0) + " where one must",
                    "somebody else has written to the destination, or the source lost changes: "
                    "verify the table, then copy it again");
    }

    void replace(const model::RowStep& step) {
        model::Tuple row = step.row;
        Presence present(row.size());
        for (std::size_t column = 0; column < row.size(); ++column) {
            present[column] = row.kind(column) != model::CellKind::absent;
        }
        if (tolerant_) {
            run_step(table_.sql.step_clear_way(), new_key(step), step.key);
        }
        const std::uint64_t touched =
            run_step(table_.sql.step_replace(present), step.key, row).affected();
        expect_step(touched, step.key);
        if (touched > 0) {
            return;
        }
        if (row.complete()) {
            insert_row(row);
        } else {
            missing_.push_back({table_.index, new_key(step)});
        }
    }

    /// The key after the step: cells that did not change are those of the old key.
    model::Tuple new_key(const model::RowStep& step) const {
        model::Tuple key = row_key(step.row);
        key.fill_absent_from(step.key);
        return key;
    }

    PostgresChangeApplier& applier_;
    Connection& connection_;
    Table& table_;
    bool foreign_rows_;  ///< rows of somebody else are to be expected, counted and overwritten
    bool tolerant_;
    std::vector<MissingBase>& missing_;
};

std::vector<MissingBase> PostgresChangeApplier::apply(const std::vector<ApplyMode>& mode) {
    std::vector<MissingBase> missing;
    connection_.exec("SAVEPOINT cutover_part");
    truncate_tables();
    for (Table* known : staged_) {
        TableRun(*this, *known, mode[known->index], missing).run();
        known->staged.clear();
    }
    staged_.clear();
    connection_.exec("RELEASE SAVEPOINT cutover_part");
    return missing;
}

void PostgresChangeApplier::repair(const plan::TablePlan& plan, const model::Tuple& key,
                                   const std::optional<model::Tuple>& row,
                                   const model::ChunkReceipt& receipt) {
    const Table& known = table(plan.index);
    BinaryParameters parameters;
    append_cells(parameters, key);
    statements_.run(connection_, known.sql.step_delete(), parameters);
    if (row) {
        CUTOVER_CHECK(row->complete());
        BinaryParameters cells;
        append_cells(cells, *row);
        statements_.run(connection_, known.sql.step_insert(), cells);
    }
    store_receipt(connection_, claim_.task, receipt, ReceiptRule::last_wins);
}

void PostgresChangeApplier::commit(const model::Marker& marker) {
    require_claim(connection_, claim_);
    store_marker(connection_, claim_.task, marker);
    connection_.exec("COMMIT");
    stages_filled_ = false;
    for (const auto& [index, known] : tables_) {
        known->uncommitted.clear();
    }
}

void PostgresChangeApplier::abort() noexcept {
    connection_.rollback();
    staged_.clear();
    stages_filled_ = false;
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
