#include "migrator/engine/memory/view_index.h"

#include <algorithm>

#include "migrator/engine/memory/chunk_range.h"

namespace cutover::memory {

bool MemorySeen::contains(const model::TransactionId& id) const {
    return snapshot_.sees(std::stoull(id.bytes));
}

MemoryRangeIndex::MemoryRangeIndex(const plan::TablePlan& table,
                                   const std::vector<model::ChunkRange>& ranges) {
    for (const plan::KeyColumn& column : table.source_key().columns) {
        columns_.push_back(types_.size());
        types_.push_back(cell_type(table.columns[column.column].source.type));
    }
    for (std::size_t number = 0; number < ranges.size(); ++number) {
        if (std::optional<KeyRange> keys = key_range(ranges[number])) {
            entries_.push_back({std::move(keys->low), std::move(keys->high), number});
        } else if (!any_) {
            any_ = number;
        }
    }
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& left, const Entry& right) { return left.low < right.low; });
}

std::optional<std::size_t> MemoryRangeIndex::find(const model::Tuple& key) const {
    if (any_) {
        return any_;
    }
    const std::string bytes = key_bytes_of(types_, key, columns_);
    const auto after = std::upper_bound(
        entries_.begin(), entries_.end(), bytes,
        [](const std::string& value, const Entry& entry) { return value < entry.low; });
    if (after == entries_.begin()) {
        return std::nullopt;
    }
    const Entry& entry = *std::prev(after);
    return !entry.high || bytes < *entry.high ? std::optional(entry.number) : std::nullopt;
}

}  // namespace cutover::memory
