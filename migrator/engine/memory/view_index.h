// What the stage asks for every change, made once: the transactions that a stamp's view had seen,
// and which chunk of a table a key belongs to.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "migrator/engine/memory/database/cells.h"
#include "migrator/engine/memory/database/snapshot.h"
#include "migrator/engine/source.h"

namespace cutover::memory {

class MemorySeen final : public engine::SeenTransactions {
public:
    /// Throws: corrupt.
    explicit MemorySeen(const model::Stamp& stamp) : snapshot_(Snapshot::parse(stamp)) {}
    bool contains(const model::TransactionId& id) const override;

private:
    const Snapshot snapshot_;
};

/// Key ranges by their lower ends. Places and whole tables share one stamp, and any of them will
/// do.
class MemoryRangeIndex final : public engine::RangeIndex {
public:
    MemoryRangeIndex(const plan::TablePlan& table, const std::vector<model::ChunkRange>& ranges);
    std::optional<std::size_t> find(const model::Tuple& key) const override;

private:
    struct Entry {
        std::string low;
        std::optional<std::string> high;
        std::size_t number = 0;
    };
    std::vector<Entry> entries_;  ///< by `low`; they do not overlap
    std::optional<std::size_t> any_;
    std::vector<CellType> types_;
    std::vector<std::size_t> columns_;
};

}  // namespace cutover::memory
