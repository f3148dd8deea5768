#include "migrator/engine/postgres/staged_table.h"

#include "migrator/model/check.h"

namespace cutover::postgres {

using model::CellKind;
using model::RowUpdate;
using model::Tuple;

StagedTable::StagedTable(const TargetTable& target)
    : target_(target),
      replaces_rows_(target.replaces_rows()),
      key_position_(target.columns.size(), -1) {
    for (std::size_t at = 0; at < target.key.size(); ++at) {
        key_position_[target.key[at]] = static_cast<int>(at);
    }
}

void StagedTable::take(const model::TableBatch& batch) {
    truncate_ = truncate_ || batch.truncate;
    for (const Tuple& removal : batch.removals) {
        CUTOVER_CHECK(removal.size() ==
                      (target_.keyless() ? target_.columns.size() : target_.key.size()));
        removals_.begin_row(removal.size());
        removals_.cells(removal);
    }
    for (const RowUpdate& move : batch.moves) {
        take_update(move, true);
    }
    for (const RowUpdate& update : batch.updates) {
        take_update(update, replaces_rows_);
    }
    for (const Tuple& row : batch.inserts) {
        CUTOVER_CHECK(row.size() == target_.columns.size());
        inserts_.begin_row(row.size());
        inserts_.cells(row);
    }
    steps_.insert(steps_.end(), batch.steps.begin(), batch.steps.end());
}

/// An absent key cell is an unchanged one: the old key has it.
bool StagedTable::complete(const Tuple& row) const {
    for (std::size_t column = 0; column < row.size(); ++column) {
        if (row.kind(column) == CellKind::absent && key_position_[column] < 0) {
            return false;
        }
    }
    return true;
}

void StagedTable::take_update(const RowUpdate& update, bool move) {
    CUTOVER_CHECK(update.key.size() == target_.key.size() &&
                  update.row.size() == target_.columns.size());
    if (move) {
        removals_.begin_row(update.key.size());
        removals_.cells(update.key);
        if (complete(update.row)) {
            inserts_.begin_row(update.row.size());
            write_row(inserts_, update);
            return;
        }
    }
    MaskGroup& same = group(update.row);
    ++(move ? same.moves : same.updates);
    write(move ? moves_ : updates_, same.mask, update);
}

MaskGroup& StagedTable::group(const Tuple& row) {
    presence_.assign(row.size(), true);
    bool whole = true;
    for (std::size_t column = 0; column < row.size(); ++column) {
        if (row.kind(column) == CellKind::absent && key_position_[column] < 0) {
            presence_[column] = whole = false;
        }
    }
    const auto found = groups_.find(presence_);
    if (found != groups_.end()) {
        return found->second;
    }
    // 0 is reserved for complete rows, whether or not there are any.
    const auto mask = whole ? 0u : static_cast<std::uint32_t>(groups_.size() + 1);
    return groups_.emplace(presence_, MaskGroup{mask, 0, 0}).first->second;
}

void StagedTable::write(CopyRows& rows, std::uint32_t mask, const RowUpdate& update) const {
    rows.begin_row(1 + update.key.size() + update.row.size());
    rows.integer(static_cast<std::int32_t>(mask));
    rows.cells(update.key);
    write_row(rows, update);
}

void StagedTable::write_row(CopyRows& rows, const RowUpdate& update) const {
    for (std::size_t column = 0; column < update.row.size(); ++column) {
        const int position = key_position_[column];
        if (position >= 0 && update.row.kind(column) == CellKind::absent) {
            rows.cell(update.key, static_cast<std::size_t>(position));
        } else {
            rows.cell(update.row, column);
        }
    }
}

void StagedTable::clear() {
    truncate_ = false;
    removals_.clear();
    updates_.clear();
    moves_.clear();
    inserts_.clear();
    groups_.clear();
    steps_.clear();
}

bool StagedTable::empty() const {
    return !truncate_ && removals_.empty() && updates_.empty() && moves_.empty() &&
           inserts_.empty() && steps_.empty();
}

}  // namespace cutover::postgres
