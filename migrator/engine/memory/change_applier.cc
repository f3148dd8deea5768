#include "migrator/engine/memory/change_applier.h"

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

void MemoryChangeApplier::begin() {
    session_.begin();
    session_.call("applier.begin", CallKind::read, [&](Server& server) {
        transactional_ = server.transactions;
        counted_ = server.transactions && server.counts_changes;
    });
    staged_.clear();
    receipts_.clear();
}

void MemoryChangeApplier::stage(const model::NetBatch& part) {
    session_.transaction();
    session_.call("applier.stage", CallKind::read, [&](Server&) { staged_.push_back(part); });
}

std::vector<engine::MissingBase> MemoryChangeApplier::apply(const std::vector<ApplyMode>& mode) {
    session_.transaction();
    missing_.clear();
    if (counted_) {
        fire_trigger();
    }
    for (const model::NetBatch& batch : staged_) {
        for (const model::TableBatch& table : batch.tables) {
            // Without transactions a batch may be half there already: nothing can be strict.
            Part part{table, DestinationRows(session_, plan_.tables[table.table]),
                      transactional_ && mode[table.table] == ApplyMode::strict};
            apply_table(part);
        }
    }
    staged_.clear();
    return std::exchange(missing_, {});
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
        if (!met && part.strict) {
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
        if (!bases.back() && part.strict) {
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
    if (part.rows.update(key, row)) {
        return;
    }
    if (part.strict) {
        contradiction(part, "a row to update is not there", key);
    }
    if (row.complete()) {
        apply_insert(part, row);
    } else {
        no_base(part, key, row);
    }
}

void MemoryChangeApplier::apply_insert(Part& part, const Tuple& row) {
    const auto existing =
        part.strict ? DestinationRows::Existing::refuse : DestinationRows::Existing::replace;
    if (!part.rows.put(row, existing)) {
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
            if (!part.rows.remove(step.key) && part.strict) {
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
    session_.transaction();
    if (transactional_) {
        receipts_.push_back(receipt);
        return;
    }
    // Its rows will be there from the next call on, whatever becomes of the batch.
    session_.call("applier.note_view", CallKind::write, [&](Server& server) {
        check_claim(server, *claim_);
        server.tasks[claim_->task].receipts.push_back(receipt);
    });
}

void MemoryChangeApplier::commit(const model::Marker& marker) {
    if (flow::deliberate_bug(flow::Bug::marker_in_another_transaction)) {
        session_.commit("applier.commit",
                        [claim = *claim_](Server& server) { check_claim(server, claim); });
        session_.call("applier.marker", CallKind::write, [&](Server& server) {
            check_claim(server, *claim_);
            server.tasks[claim_->task].record.marker = marker;
        });
        abort();
        return;
    }
    session_.commit("applier.commit",
                    [claim = *claim_, marker, receipts = receipts_](Server& server) {
                        check_claim(server, claim);
                        TaskRows& rows = server.tasks[claim.task];
                        rows.record.marker = marker;
                        rows.receipts.insert(rows.receipts.end(), receipts.begin(), receipts.end());
                    });
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
