// The memory engine's chunk ranges: places, key bounds, or a whole table.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "migrator/model/chunk.h"

namespace cutover::memory {

struct PlaceRange {
    std::size_t low = 0;
    std::optional<std::size_t> high;  ///< open at the end if absent

    bool contains(std::size_t place) const { return place >= low && (!high || place < *high); }
};

struct KeyRange {
    std::string low;                  ///< key bytes; empty: from the beginning
    std::optional<std::string> high;  ///< open at the end if absent

    bool contains(const std::string& key) const { return key >= low && (!high || key < *high); }
};

model::ChunkRange to_chunk_range(const PlaceRange& range);
model::ChunkRange to_chunk_range(const KeyRange& range);
model::ChunkRange whole_range();
std::optional<PlaceRange> place_range(const model::ChunkRange& range);
std::optional<KeyRange> key_range(const model::ChunkRange& range);

}  // namespace cutover::memory
