// What a source's log says happened: changes, whole transactions. Order in a stream is commit
// order.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "migrator/model/position.h"
#include "migrator/model/tuple.h"
#include "migrator/model/units.h"

namespace cutover::model {

/// Index into plan::Plan::tables.
using TableIndex = std::uint32_t;

enum class ChangeKind : std::uint8_t { insert, update, remove, truncate };

/// One row event in the columns and wire form of the *source* side of its table plan.
/// insert: `after` is complete. update: `after` may have absent cells; `before` is empty (key
/// unchanged), or has at least the key cells (the rest absent), or is complete. remove: `before`
/// has at least the key cells. truncate: both empty; `truncated` names every table emptied by the
/// statement.
struct Change {
    ChangeKind kind = ChangeKind::insert;
    TableIndex table = 0;
    Tuple before;
    Tuple after;
    std::vector<TableIndex> truncated;
    /// Written when its table had another shape than the plan knows of: its cells say nothing. It
    /// must be in a copy of the table.
    bool unreadable = false;

    std::size_t footprint() const {
        return sizeof(Change) + before.footprint() + after.footprint();
    }
};

/// Walks the changes of one transaction once, from memory or from a spill file. One thread. There
/// is no way back: after a failed write the stream is opened again at the last durable marker.
class ChangeCursor {
public:
    virtual ~ChangeCursor() = default;
    /// Moves the next change into `change`; false at the end. Throws: corrupt (a damaged spill
    /// file).
    virtual bool next(Change& change) = 0;
};

/// A committed source transaction, whole.
struct SourceTransaction {
    TransactionId id;
    Position commit;  ///< position right after its commit: resuming from here does not repeat it
    Instant commit_time;              ///< on the source's clock
    std::size_t footprint_bytes = 0;  ///< memory its changes need (not counting what is spilled)
    std::uint64_t change_count = 0;
    std::unique_ptr<ChangeCursor> changes;
};

/// A cursor over changes held in memory.
class MemoryChanges final : public ChangeCursor {
public:
    explicit MemoryChanges(std::vector<Change> changes) : changes_(std::move(changes)) {}
    bool next(Change& change) override {
        if (at_ == changes_.size()) {
            return false;
        }
        change = std::move(changes_[at_++]);
        return true;
    }

private:
    std::vector<Change> changes_;
    std::size_t at_ = 0;
};

}  // namespace cutover::model
