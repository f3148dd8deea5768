// One table's part of a batch on its way to the destination, sorted by what has to be done. It
// talks to no server.
//
// A move whose row is complete needs nothing from the old row, so it becomes a removal and an
// insert.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "migrator/engine/postgres/apply/apply_sql.h"
#include "migrator/engine/postgres/apply/staged_rows.h"
#include "migrator/engine/postgres/catalog/target_table.h"
#include "migrator/model/net_batch.h"

namespace cutover::postgres {

/// Rows that have the same cells.
struct MaskGroup {
    std::uint32_t mask = 0;
    std::uint64_t updates = 0;
    std::uint64_t moves = 0;
};

/// How many rows of one kind and table may travel as parameters of the statements that need them.
struct InlineLimits {
    /// Up to this number, parameters cost less than an existing staging table: 140 rows of seven
    /// fields.
    std::uint64_t fields = 1000;
    /// libpq makes one message of a statement and its parameters; a COPY goes in pieces.
    std::uint64_t bytes = 256 << 10;
};

class StagedTable {
public:
    /// `target` must outlive it.
    explicit StagedTable(const TargetTable& target, const InlineLimits& limits = {});
    StagedTable(const StagedTable&) = delete;
    StagedTable& operator=(const StagedTable&) = delete;

    /// `batch` must live until clear().
    void take(const model::TableBatch& batch);
    /// Returns to the state before take().
    void clear();
    bool empty() const;

    bool truncate() const { return truncate_; }
    /// For `StageKind::rows`: the rows to insert.
    const StagedRows& rows(StageKind kind) const;
    /// Per column of a whole row: its place in the key, or -1.
    const std::vector<int>& key_position() const { return key_position_; }
    /// True if the rows of this kind are within the limits.
    bool inlined(StageKind kind) const;
    const std::vector<const model::RowStep*>& steps() const { return steps_; }
    /// Which cells the groups have, and how many rows each has.
    const std::map<Presence, MaskGroup>& groups() const { return groups_; }

private:
    void take_update(const model::RowUpdate& update, bool move);
    MaskGroup& group(const model::Tuple& row);
    bool complete(const model::Tuple& row) const;

    const TargetTable& target_;
    InlineLimits limits_;
    bool replaces_rows_;
    std::vector<int> key_position_;  ///< per column: its place in the key, or -1
    bool truncate_ = false;
    StagedRows removals_, updates_, moves_, inserts_;
    std::map<Presence, MaskGroup> groups_;
    std::vector<const model::RowStep*> steps_;
    Presence presence_;
};

}  // namespace cutover::postgres
