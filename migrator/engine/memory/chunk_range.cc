#include "migrator/engine/memory/chunk_range.h"

#include <sstream>

namespace cutover::memory {

model::ChunkRange to_chunk_range(const PlaceRange& range) {
    const std::string text = "L " + std::to_string(range.low) + " " +
                             (range.high ? std::to_string(*range.high) : std::string("-1"));
    return {text, text};
}

model::ChunkRange to_chunk_range(const KeyRange& range) {
    std::string bytes = "K" + std::to_string(range.low.size()) + ":" + range.low;
    bytes += range.high ? "<" + *range.high : "";
    return {bytes, range.high ? "key range" : "last key range"};
}

model::ChunkRange whole_range() {
    return {"W", "whole table"};
}

std::optional<PlaceRange> place_range(const model::ChunkRange& range) {
    if (!range.bytes.starts_with("L ")) {
        return std::nullopt;
    }
    std::istringstream in(range.bytes.substr(2));
    long long low = 0, high = 0;
    in >> low >> high;
    PlaceRange parsed{static_cast<std::size_t>(low), std::nullopt};
    if (high >= 0) {
        parsed.high = static_cast<std::size_t>(high);
    }
    return parsed;
}

std::optional<KeyRange> key_range(const model::ChunkRange& range) {
    if (!range.bytes.starts_with("K")) {
        return std::nullopt;
    }
    const std::size_t colon = range.bytes.find(':');
    const std::size_t length = std::stoul(range.bytes.substr(1, colon - 1));
    KeyRange parsed{range.bytes.substr(colon + 1, length), std::nullopt};
    if (range.bytes.size() > colon + 1 + length) {
        parsed.high = range.bytes.substr(colon + 1 + length + 1);
    }
    return parsed;
}

}  // namespace cutover::memory
