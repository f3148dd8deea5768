// Which changes the destination still needs. While the copy's views are younger than the log's
// start, a change that the owning chunk's view had already seen is dropped; everything else is
// applied, tolerantly. A table is settled, and no question asked any more, once the log has passed
// every view of its chunks, and every view under which rows of it were read again.
//
// The rules: an update of a key is judged as a removal at the old key and an insert at the new one,
// each by its own chunk; log positions are never compared with stamps. Rows that were read again
// are judged by their chunk as before: what their view had seen may be applied once more
// (row_repair.h says why).
//
// A sink that is not atomic keeps what a try of a chunk had written before it failed, and the next
// try reads under a later view: a row that went in between stays, and the change that took it away
// is one that the receipt's stamp had seen. So there the stamp that counts is that of the view
// which the copy was begun under: no try's view is older. What the later views had seen is applied
// once more, for the reasons of row_repair.h. Likewise batches that came to effect beyond the
// marker (TaskRecord::reach) leave rows that are later than the log: no table is settled before the
// log has passed them.
//
// A change costs a search in its table's ranges at the most, however many chunks there are.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/engine/source.h"
#include "migrator/model/chunk.h"
#include "migrator/plan/plan.h"

namespace cutover::stage {

enum class TruncateAdmission : std::uint8_t { apply, drop, mixed };

/// One thread. `source` and `plan` must outlive it.
class Admission {
public:
    /// `receipts` of all tables, and `record` with an origin, as stored. `atomic`: the sink's.
    Admission(const engine::Source& source, const plan::Plan& plan,
              const engine::TaskRecord& record, const std::vector<model::ChunkReceipt>& receipts,
              bool atomic);

    /// True until advance() has passed every view of the table.
    bool tolerant(model::TableIndex table) const { return tables_[table].unsettled; }
    /// True if the change of a row by `id` is already in the copy. `row`: the plan's columns in
    /// source form, of which at least the key's are there.
    bool seen(model::TableIndex table, const model::Tuple& row,
              const model::TransactionId& id) const;
    /// The same for a table without a key, which has one view.
    bool seen(model::TableIndex table, const model::TransactionId& id) const;
    /// True if every view of the table's copy has seen all that `id` has done.
    bool seen_by_all(model::TableIndex table, const model::TransactionId& id) const;
    TruncateAdmission truncate(model::TableIndex table, const model::TransactionId& id) const;

    /// Rows of a table were read again: until the log has passed their view the table is not
    /// settled.
    void add_view(model::TableIndex table, const model::ChunkView& view);
    /// True if advance() to this position would settle a table.
    bool due(const model::Position& position) const;
    /// Everything up to `position` is applied. True if a table became settled by it.
    bool advance(const model::Position& position);
    bool all_settled() const { return unsettled_count_ == 0; }

private:
    /// A table's chunks by the views they were read under.
    struct Chunks {
        std::vector<std::unique_ptr<engine::SeenTransactions>> seen;  ///< one per stamp
        std::vector<std::size_t> view_of;                             ///< by range: into `seen`
        std::unique_ptr<engine::RangeIndex> ranges;                   ///< with several stamps
    };
    struct TableViews {
        bool unsettled = false;
        model::Position settled;  ///< the farthest of all views
        Chunks chunks;
    };
    void compile(TableViews& table, const plan::TablePlan& plan,
                 const std::vector<const model::ChunkReceipt*>& receipts);
    void extend(TableViews& table, const model::Position& settled);
    void find_nearest();
    const engine::SeenTransactions* view_of(model::TableIndex table, const model::Tuple& row) const;

    const engine::Source& source_;
    const plan::Plan& plan_;
    model::Position start_;
    std::optional<model::Stamp> first_stamp_;  ///< counts for every chunk
    std::vector<TableViews> tables_;
    std::size_t unsettled_count_ = 0;
    std::optional<model::Position> nearest_;  ///< at which the next table settles
};

}  // namespace cutover::stage
