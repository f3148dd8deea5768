#include "migrator/engine/postgres/apply/staged_table.h"

#include "migrator/model/check.h"

namespace cutover::postgres {

using model::CellKind;
using model::RowUpdate;
using model::Tuple;

namespace {

/// Each group is a statement, and each statement is sent with all rows.
constexpr std::size_t kMostGroups = 8;

std::vector<int> key_positions(const TargetTable& target) {
    std::vector<int> out(target.columns.size(), -1);
    for (std::size_t at = 0; at < target.key.size(); ++at) {
        out[target.key[at]] = static_cast<int>(at);
    }
    return out;
}

}  // namespace

StagedTable::StagedTable(const TargetTable& target, const InlineLimits& limits)
    : target_(target),
      limits_(limits),
      replaces_rows_(target.replaces_rows()),
      key_position_(key_positions(target)),
      removals_(key_position_, false),
      updates_(key_position_, true),
      moves_(key_position_, true),
      inserts_(key_position_, false) {}

void StagedTable::take(const model::TableBatch& batch) {
    truncate_ = truncate_ || batch.truncate;
    for (const Tuple& removal : batch.removals) {
        CUTOVER_CHECK(removal.size() ==
                      (target_.keyless() ? target_.columns.size() : target_.key.size()));
        removals_.add(removal);
    }
    for (const RowUpdate& move : batch.moves) {
        take_update(move, true);
    }
    for (const RowUpdate& update : batch.updates) {
        take_update(update, replaces_rows_);
    }
    for (const Tuple& row : batch.inserts) {
        CUTOVER_CHECK(row.size() == target_.columns.size());
        inserts_.add(row);
    }
    for (const model::RowStep& step : batch.steps) {
        steps_.push_back(&step);
    }
}

/// An absent key cell is unchanged, so the old key has it.
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
    if (move && complete(update.row)) {
        removals_.add(update.key);
        inserts_.add(update.row, update.key);
        return;
    }
    MaskGroup& same = group(update.row);
    ++(move ? same.moves : same.updates);
    (move ? moves_ : updates_).add(update.row, update.key, same.mask);
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

const StagedRows& StagedTable::rows(StageKind kind) const {
    switch (kind) {
        case StageKind::removals:
            return removals_;
        case StageKind::updates:
            return updates_;
        case StageKind::moves:
            return moves_;
        case StageKind::rows:
            return inserts_;
    }
    return inserts_;
}

bool StagedTable::inlined(StageKind kind) const {
    const StagedRows& all = rows(kind);
    const bool grouped = kind == StageKind::updates || kind == StageKind::moves;
    return all.fields() <= limits_.fields && all.bytes() <= limits_.bytes &&
           (!grouped || groups_.size() <= kMostGroups);
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
