// Which changes the destination still needs. While the copy's views are younger than the log's
// start, a change that the owning chunk's view had already seen is dropped; everything else is
// applied, tolerantly. A table is settled, and no question asked any more, once the log has passed
// every view of its chunks.
//
// The rules: an update of a key is judged as a removal at the old key and an insert at the new one,
// each by its own chunk; a row that was read again is a chunk of one row; log positions are never
// compared with stamps.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "migrator/engine/source.h"
#include "migrator/model/chunk.h"
#include "migrator/plan/plan.h"

namespace cutover::stage {

enum class TruncateAdmission : std::uint8_t { apply, drop, mixed };

/// One thread. `source` and `plan` must outlive it.
class Admission {
public:
    /// `receipts` of all tables, as stored.
    Admission(const engine::Source& source, const plan::Plan& plan,
              const engine::CaptureOrigin& origin,
              const std::vector<model::ChunkReceipt>& receipts);

    /// True until advance() has passed every view of the table.
    bool tolerant(model::TableIndex table) const { return tables_[table].unsettled; }
    /// True if the change of a row by `id` is already in the copy. `row`: the plan's columns in
    /// source form, of which at least the key's are there.
    bool seen(model::TableIndex table, const model::Tuple& row,
              const model::TransactionId& id) const;
    /// The same for a table without a key, which has one view.
    bool seen(model::TableIndex table, const model::TransactionId& id) const;
    TruncateAdmission truncate(model::TableIndex table, const model::TransactionId& id) const;

    /// A row was read again: from here on it has a view of its own.
    void add_row(const model::ChunkReceipt& receipt);
    /// Everything up to `position` is applied. True if a table became settled by it.
    bool advance(const model::Position& position);
    bool all_settled() const { return unsettled_count_ == 0; }

    /// Range of a chunk of one row. `key`: key_bytes() of the row in destination form, so that
    /// equal keys have one range however they are spelled.
    static model::ChunkRange row_range(const std::string& key);

private:
    struct TableViews {
        bool unsettled = false;
        bool one_stamp = true;
        model::Position settled;  ///< the farthest of all views
        std::vector<model::ChunkReceipt> ranges;
        std::unordered_map<std::string, model::ChunkView> rows;
    };
    void extend(TableViews& table, const model::ChunkView& view);
    const model::ChunkView* view_of(model::TableIndex table, const model::Tuple& row) const;

    const engine::Source& source_;
    const plan::Plan& plan_;
    model::Position start_;
    std::vector<TableViews> tables_;
    std::size_t unsettled_count_ = 0;
};

}  // namespace cutover::stage
