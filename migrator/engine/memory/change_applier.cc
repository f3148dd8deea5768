#include "migrator/engine/memory/change_applier.h"

#include <algorithm>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using engine::ApplyMode;
using model::CellKind;
using model::ChangeKind;
using model::Error;
using model::ErrorClass;
using model::Tuple;

DestinationRows::Existing MemoryChangeApplier::Part::existing() const {
    return mode == ApplyMode::strict     ? DestinationRows::Existing::refuse
           : mode == ApplyMode::tolerant ? DestinationRows::Existing::replace
                                         : DestinationRows::Existing::displace;
}

void MemoryChangeApplier::begin() {
    session_.call("applier.begin", CallKind::read, [&](Server& server) {
        traits_ = server.as_sink;
        counted_ = traits_.atomic && server.counts_changes;
    });
    if (traits_.atomic) {
        session_.begin();
    }
    staged_.clear();
    receipts_.clear();
}

void MemoryChangeApplier::stage(const model::NetBatch& part) {
    if (traits_.atomic) {
        session_.transaction();
    }
    model::Rows rows;
    for (const model::TableBatch& table : part.tables) {
        rows += {table.row_count()};
    }
    if (rows > traits_.largest_batch) {
        throw too_large(rows, traits_.largest_batch);
    }
    session_.call("applier.stage", CallKind::read, [&](Server&) { staged_.push_back(part); });
}

std::vector<engine::MissingBase> MemoryChangeApplier::apply(const std::vector<ApplyMode>& mode) {
    if (traits_.atomic) {
        session_.transaction();
    }
    missing_.clear();
    if (counted_) {
        fire_trigger();
    }
    held_back_ = flow::deliberate_bug(flow::Bug::marker_before_rows) && !traits_.atomic &&
                 std::count(mode.begin(), mode.end(), ApplyMode::strict) != 0;
    if (!held_back_) {
        apply_staged(mode);
    }
    return std::exchange(missing_, {});
}

void MemoryChangeApplier::apply_staged(const std::vector<ApplyMode>& mode) {
    for (const model::NetBatch& batch : staged_) {
        for (const model::TableBatch& table : batch.tables) {
            Part part{table, DestinationRows(session_, plan_.tables[table.table], alone()),
                      mode[table.table]};
            apply_table(part);
        }
    }
    staged_.clear();
}

void MemoryChangeApplier::fire_trigger() {
    session_.statement("applier.trigger", [&](Server& server) {
        const TransactionNumber own = session_.transaction();
        if (server.counted_by != own && server.database.running(server.counted_by)) {
            return Outcome{Outcome::Kind::blocked, server.counted_by, {}};
        }
        server.counted_by = own;
        return Outcome{};
    });
}

void MemoryChangeApplier::apply_table(Part& part) {
    const bool late_truncate = flow::deliberate_bug(flow::Bug::truncate_after_rows);
    if (part.batch.truncate && !late_truncate) {
        part.rows.truncate();
    }
    apply_moves(part);
    for (const model::RowUpdate& update : part.batch.updates) {
        apply_update(part, update.key, update.row);
    }
    for (const Tuple& row : part.batch.inserts) {
        apply_insert(part, row);
    }
    for (const model::RowStep& step : part.batch.steps) {
        apply_step(part, step);
    }
    if (part.batch.truncate && late_truncate) {
        part.rows.truncate();
    }
}

void MemoryChangeApplier::apply_removals(Part& part) {
    const bool keyless = part.rows.plan().keyless();
    for (const Tuple& removal : part.batch.removals) {
        const bool met = keyless ? part.rows.remove_one_equal(removal) : part.rows.remove(removal);
        if (!met && part.strict()) {
            contradiction(part, "a row to remove is not there", removal);
        }
    }
}

/// Bases are read before anything is removed, everything old is removed before anything new is put:
/// keys may be swapped or handed round.
void MemoryChangeApplier::apply_moves(Part& part) {
    std::vector<std::optional<Tuple>> bases;
    for (const model::RowUpdate& move : part.batch.moves) {
        bases.push_back(part.rows.read(move.key));
        if (!bases.back() && part.strict()) {
            contradiction(part, "a row to update is not there", move.key);
        }
    }
    apply_removals(part);
    for (const model::RowUpdate& move : part.batch.moves) {
        part.rows.remove(move.key);
    }
    for (std::size_t at = 0; at < bases.size(); ++at) {
        const model::RowUpdate& move = part.batch.moves[at];
        Tuple row = move.row;
        if (bases[at]) {
            row.fill_absent_from(*bases[at]);
        }
        if (row.complete()) {
            apply_insert(part, row);
        } else {
            no_base(part, move.key, row);
        }
    }
}

void MemoryChangeApplier::no_base(Part& part, const Tuple& old_key, const Tuple& row) {
    if (flow::deliberate_bug(flow::Bug::absent_cell_taken_for_null)) {
        Tuple guessed = row;
        Tuple nothing;
        for (std::size_t cell = 0; cell < row.size(); ++cell) {
            nothing.append(CellKind::null);
        }
        guessed.fill_absent_from(nothing);
        apply_insert(part, guessed);
        return;
    }
    engine::MissingBase missing;
    missing.table = part.batch.table;
    const plan::KeyPlan& key = part.rows.plan().key;
    for (std::size_t at = 0; at < key.columns.size(); ++at) {
        const std::size_t column = key.columns[at].column;
        if (row.kind(column) == CellKind::absent) {
            missing.key.append(old_key.kind(at), old_key.bytes(at));
        } else {
            missing.key.append(row.kind(column), row.bytes(column));
        }
    }
    missing_.push_back(std::move(missing));
}

void MemoryChangeApplier::apply_update(Part& part, const Tuple& key, const Tuple& row) {
    if (part.rows.update(key, row, part.existing())) {
        return;
    }
    if (part.strict()) {
        contradiction(part, "a row to update is not there", key);
    }
    if (row.complete()) {
        apply_insert(part, row);
    } else {
        no_base(part, key, row);
    }
}

void MemoryChangeApplier::apply_insert(Part& part, const Tuple& row) {
    if (!part.rows.put(row, part.existing())) {
        contradiction(part, "a row to insert is there already", row);
    }
}

void MemoryChangeApplier::apply_step(Part& part, const model::RowStep& step) {
    switch (step.kind) {
        case ChangeKind::insert:
            apply_insert(part, step.row);
            return;
        case ChangeKind::update:
            apply_update(part, step.key, step.row);
            return;
        case ChangeKind::remove:
            if (!part.rows.remove(step.key) && part.strict()) {
                contradiction(part, "a row to remove is not there", step.key);
            }
            return;
        case ChangeKind::truncate:
            part.rows.truncate();
            return;
    }
}

void MemoryChangeApplier::contradiction(const Part& part, const char* what,
                                        const Tuple& key) const {
    std::string text;
    for (std::size_t cell = 0; cell < key.size(); ++cell) {
        text += (cell == 0 ? "" : ", ") + std::string(key.bytes(cell));
    }
    throw Error(
        ErrorClass::corrupt, "memory.contradiction",
        "table " + part.rows.plan().destination.display() + ": " + what + ": (" + text + ")");
}

void MemoryChangeApplier::note_view(const model::ChunkReceipt& receipt) {
    if (traits_.atomic) {
        session_.transaction();
        receipts_.push_back(receipt);
        return;
    }
    // Its rows will be there from the next call on, whatever becomes of the batch.
    session_.call("applier.note_view", CallKind::commit,
                  [receipt, claim = *claim_](Server& server) {
                      check_claim(server, claim);
                      server.tasks[claim.task].receipts.push_back(receipt);
                  });
}

void MemoryChangeApplier::commit(const model::Marker& marker) {
    const auto store = [claim = *claim_, marker, receipts = receipts_](Server& server) {
        check_claim(server, claim);
        TaskRows& rows = server.tasks[claim.task];
        rows.record.marker = marker;
        rows.receipts.insert(rows.receipts.end(), receipts.begin(), receipts.end());
    };
    if (!traits_.atomic) {
        session_.call("applier.marker", CallKind::commit, store);
        if (held_back_) {
            apply_staged(std::vector(plan_.tables.size(), ApplyMode::tolerant));
        }
    } else if (flow::deliberate_bug(flow::Bug::marker_in_another_transaction)) {
        session_.commit("applier.commit",
                        [claim = *claim_](Server& server) { check_claim(server, claim); });
        session_.call("applier.marker", CallKind::write, store);
    } else {
        session_.commit("applier.commit", store);
    }
    staged_.clear();
    receipts_.clear();
}

std::string MemoryChangeApplier::holder() const {
    return session_.in_transaction() ? std::to_string(session_.transaction()) : std::string();
}

void MemoryChangeApplier::abort() noexcept {
    session_.rollback();
    staged_.clear();
    receipts_.clear();
}

}  // namespace cutover::memory
