// The net effect of a run of whole source transactions, per table and key: what a sink has to do so
// that its state moves from before the first to after the last of them. Tuples are in the columns
// and wire form of the *destination* side of the plan. Made by stage/collapse, consumed by sinks.
//
// A sink executes, in one transaction, per table in this order: truncate, removals, moves (their
// base rows read before anything of this table is removed), updates, inserts; then the sequence
// steps.
#pragma once

#include <vector>

#include "migrator/model/change.h"
#include "migrator/model/tuple.h"

namespace cutover::model {

/// A row that exists before the batch and after it. `key` holds the key columns only, in key order,
/// as they were before the batch; `row` has every column of the plan, absent where unchanged.
struct RowUpdate {
    Tuple key;
    Tuple row;
};

/// One step of a table whose changes may not be collapsed (its key has no comparable bytes).
struct RowStep {
    ChangeKind kind = ChangeKind::insert;
    Tuple key;  ///< old key of update and remove
    Tuple row;  ///< new row of insert and update
};

struct TableBatch {
    TableIndex table = 0;
    bool truncate = false;        ///< empty the table first
    std::vector<Tuple> removals;  ///< keyed: key columns of rows to delete. keyless: whole old
                                  ///< rows, one physical row each
    std::vector<RowUpdate>
        moves;  ///< key or unique columns change: delete the old, insert base + row
    std::vector<RowUpdate> updates;  ///< in place; touches no key and no unique column
    std::vector<Tuple> inserts;      ///< complete rows
    std::vector<RowStep>
        steps;  ///< only for tables that are not collapsed: executed one by one in order

    bool empty() const {
        return !truncate && removals.empty() && moves.empty() && updates.empty() &&
               inserts.empty() && steps.empty();
    }
    std::size_t row_count() const {
        return removals.size() + moves.size() + updates.size() + inserts.size() + steps.size();
    }
};

struct NetBatch {
    std::vector<TableBatch> tables;
};

/// What the destination has of the source, stored in the same transaction as the rows.
struct Marker {
    Position position;               ///< everything up to here is applied, nothing after it
    Instant commit_time;             ///< of the last applied source transaction
    std::uint64_t transactions = 0;  ///< applied by this task since it was created
    std::uint64_t changes = 0;
};

}  // namespace cutover::model
