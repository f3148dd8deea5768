// One table's part of a batch on its way into the staging tables: sorted by what has to be done, in
// the form that COPY takes. It talks to no server.
//
// A move whose row is complete needs nothing of the old row: it is a removal and an insert.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "migrator/engine/postgres/apply_sql.h"
#include "migrator/engine/postgres/copy_rows.h"
#include "migrator/engine/postgres/target_table.h"
#include "migrator/model/net_batch.h"

namespace cutover::postgres {

/// Rows that have the same cells.
struct MaskGroup {
    std::uint32_t mask = 0;
    std::uint64_t updates = 0;
    std::uint64_t moves = 0;
};

class StagedTable {
public:
    /// `target` must outlive it.
    explicit StagedTable(const TargetTable& target);

    /// Throws: refused (a cell in text form).
    void take(const model::TableBatch& batch);
    /// As if nothing had been taken; memory is kept.
    void clear();
    bool empty() const;

    bool truncate() const { return truncate_; }
    const CopyRows& removals() const { return removals_; }
    const CopyRows& updates() const { return updates_; }
    const CopyRows& moves() const { return moves_; }
    const CopyRows& inserts() const { return inserts_; }
    const std::vector<model::RowStep>& steps() const { return steps_; }
    /// Which cells the groups have, and how many rows each has.
    const std::map<Presence, MaskGroup>& groups() const { return groups_; }

private:
    void take_update(const model::RowUpdate& update, bool move);
    MaskGroup& group(const model::Tuple& row);
    void write(CopyRows& rows, std::uint32_t mask, const model::RowUpdate& update) const;
    void write_row(CopyRows& rows, const model::RowUpdate& update) const;
    bool complete(const model::Tuple& row) const;

    const TargetTable& target_;
    bool replaces_rows_;
    std::vector<int> key_position_;  ///< per column: its place in the key, or -1
    bool truncate_ = false;
    CopyRows removals_, updates_, moves_, inserts_;
    std::map<Presence, MaskGroup> groups_;
    std::vector<model::RowStep> steps_;
    Presence presence_;
};

}  // namespace cutover::postgres
