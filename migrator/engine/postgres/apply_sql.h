// The statements by which staged rows come to effect, as texts. Pure: a table's facts in, SQL out.
//
// Per table and session there are up to four staging tables, temporary and empty after every
// commit:
//   removals   the key (keyless: the whole row) of rows to delete
//   updates    mask, key, row: to be changed in place
//   moves      mask, key, row: to be removed and put back, with cells taken from the old row
//   rows       complete rows to insert
// A mask is a number that stands for one set of present cells; 0 is "all present". Staged columns
// are called k0, k1 ... (the key, in key order) and c0, c1 ... (the plan's columns).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "migrator/engine/postgres/target_table.h"
#include "migrator/model/change.h"

namespace cutover::postgres {

enum class StageKind : std::uint8_t { removals, updates, moves, rows };

/// `pg_temp.cutover_<kind>_<table>`.
std::string stage_name(model::TableIndex table, StageKind kind);

/// Which cells a group of rows has; by plan column.
using Presence = std::vector<bool>;

class ApplySql {
public:
    ApplySql(const TargetTable& target, model::TableIndex table) : target_(target), table_(table) {}

    std::string create_stage(StageKind kind) const;
    std::string copy_into_stage(StageKind kind) const;
    std::string copy_into_table() const;

    std::string delete_removals() const;
    /// Exactly one physical row per staged row, whichever of equal ones.
    std::string delete_multiset() const;
    std::string update(std::uint32_t mask, const Presence& present) const;
    /// Completes moves from the rows they move: fills the stage `rows`.
    std::string complete_moves(std::uint32_t mask, const Presence& present) const;
    std::string insert_rows() const;

    // Tolerant mode.
    /// Deletes what stands at the keys of the stage `rows`. With `count`, answers how many and five
    /// keys.
    std::string clear_way(bool count) const;
    /// Inserts the complete rows among the updates that have no base.
    std::string insert_updates_without_base() const;
    /// The new keys of updates or moves of this mask whose base is not there.
    std::string keys_without_base(StageKind kind, std::uint32_t mask) const;

    // What went wrong, as text: at most five keys of `kind` that have no row, or that have more
    // than one.
    std::string missing_keys(StageKind kind) const;
    std::string doubled_keys(StageKind kind) const;

    // Row by row, with parameters $1... : the key's cells in key order, then the present cells of
    // the row.
    std::string step_insert() const;
    std::string step_delete() const;
    /// Replaces the row: absent cells are taken from the old one.
    std::string step_replace(const Presence& present) const;
    std::string step_key_text() const;
    /// Deletes what stands at a new key ($1...) and is not the row with the old key (the $...
    /// after).
    std::string step_clear_way() const;

private:
    std::string key_match(const std::string& left, const std::string& right, char staged) const;
    std::string staged_key_columns(char staged) const;
    std::string row_text(const std::string& alias) const;
    std::string staged_row_text(const std::string& alias) const;
    std::string hash(const std::string& alias, bool staged) const;
    std::string set_list(const Presence& present) const;
    std::string parameter_match(std::size_t first) const;

    const TargetTable& target_;
    model::TableIndex table_;
};

}  // namespace cutover::postgres
