// The statements by which staged rows take effect, as texts. Pure: a table's facts in, SQL out.
//
// Rows come in four kinds:
//   removals   the key (keyless: the whole row) of rows to delete
//   updates    mask, key, row: to be changed in place
//   moves      mask, key, row: to be removed and put back, with cells taken from the old row
//   rows       complete rows to insert
// Many rows of a kind lie in a staging table of the session, which is temporary and empty after
// every commit. Few rows are parameters of the statement: a temporary table costs the server's
// catalog more than a small batch costs its table, and a transaction may touch a thousand tables.
// The statement is the same for both; only the item in its FROM differs, which is passed in as
// `staged`.
//
// A mask is a number that stands for one set of present cells; 0 is "all present". Staged columns
// are called k0, k1 ... (the key, in key order) and c0, c1 ... (the plan's columns).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/catalog/target_table.h"
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

    /// A FROM item with the alias `s`: the staging table, or this many rows of parameters from $1
    /// on.
    std::string staged(StageKind kind) const;
    std::string values(StageKind kind, std::uint64_t rows) const;

    std::string create_stage(StageKind kind) const;
    std::string copy_into_stage(StageKind kind) const;
    std::string copy_into_table() const;

    /// Deletes the rows with the keys of removals or moves.
    std::string delete_keys(const std::string& staged) const;
    /// Deletes exactly one physical row per staged row, whichever of several equal rows it is.
    std::string delete_multiset(const std::string& staged) const;
    std::string update(const std::string& staged, std::uint32_t mask,
                       const Presence& present) const;
    /// Completes staged moves from the rows that they move: fills the stage `rows`.
    std::string complete_moves(std::uint32_t mask, const Presence& present) const;
    /// Makes all moves at once: every old row is gone before the first new one is inserted.
    std::string move(const std::string& staged,
                     const std::vector<std::pair<std::uint32_t, Presence>>& groups) const;
    std::string insert_rows(const std::string& staged) const;

    // Tolerant mode.
    /// Deletes the rows that have the keys of `rows`. With `count`, returns how many, and five
    /// keys.
    std::string clear_way(const std::string& staged, bool count) const;
    /// Inserts those updates that are complete rows and have no base.
    std::string insert_updates_without_base(const std::string& staged) const;
    /// The new keys of updates or moves with this mask whose base is missing.
    std::string keys_without_base(const std::string& staged, std::uint32_t mask) const;

    // For messages: what went wrong, as text with at most five keys that have no row or more than
    // one.
    std::string missing_keys(const std::string& staged) const;
    std::string doubled_keys(const std::string& staged) const;

    // Row by row, with parameters from $1 on: the key's cells in key order, then the present cells
    // of the row.
    std::string step_insert() const;
    std::string step_delete() const;
    /// Replaces the row: absent cells are taken from the old one.
    std::string step_replace(const Presence& present) const;
    std::string step_key_text() const;
    /// Deletes the row that has the new key ($1...), unless that is the row with the old key (the
    /// parameters after it).
    std::string step_clear_way() const;

private:
    struct StagedColumn {
        std::string name;
        const TargetColumn* column;  ///< nullptr: the mask
    };
    std::vector<StagedColumn> staged_columns(StageKind kind) const;
    std::string completed(const Presence& present) const;
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
