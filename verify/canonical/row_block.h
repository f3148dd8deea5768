// A block of rows as they came from one end: the unit that moves from a reading thread to the
// merge. A row is its cells, each a 4-byte big-endian length (-1: NULL, -2: absent) and the bytes,
// behind a 2-byte count: PostgreSQL's binary COPY as it is; other engines' readers write the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "verify/canonical/digest.h"

namespace cutover::verify {

/// Length that stands for NULL; anything below it stands for an absent field.
inline constexpr std::int32_t kNullLength = -1;
inline constexpr std::size_t kRowHeadBytes = 2;

inline std::uint32_t load_big32(const char* at) {
    std::uint32_t value = 0;
    __builtin_memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

inline std::uint64_t load_big64(const char* at) {
    std::uint64_t value = 0;
    __builtin_memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

struct RowBlock {
    /// What the reading thread has found out about a row.
    enum Flag : std::uint8_t {
        kRepeatsKey = 1,    ///< same key as the row before it, also across blocks
        kUncomparable = 2,  ///< a cell could not be decoded
    };

    std::string data;
    std::vector<std::uint32_t> ends;  ///< where each row ends in data
    std::vector<std::uint8_t> flags;  ///< one per row
    std::vector<Hash128> hashes;      ///< one per row, if the layout asks for them

    std::size_t rows() const { return ends.size(); }
    std::string_view row(std::size_t at) const {
        const std::uint32_t begin = at == 0 ? 0 : ends[at - 1];
        return std::string_view(data).substr(begin, ends[at] - begin);
    }
    void clear() {
        data.clear();
        ends.clear();
        flags.clear();
        hashes.clear();
    }
};

/// One cell of a row; `bytes` is meaningless unless it has a value.
struct Cell {
    std::int32_t length = kNullLength;
    std::string_view bytes;

    bool has_value() const { return length >= 0; }
    bool same_bytes(const Cell& other) const {
        return length == other.length && bytes == other.bytes;
    }
};

/// Walks a row's cells.
class CellWalk {
public:
    explicit CellWalk(std::string_view row)
        : rest_(row.size() < kRowHeadBytes ? std::string_view() : row.substr(kRowHeadBytes)) {}
    bool done() const { return rest_.size() < 4; }
    /// A row that ends too early gives NULL cells, never bytes beyond its end.
    Cell next() {
        Cell cell;
        if (done()) {
            rest_ = {};
            return cell;
        }
        cell.length = static_cast<std::int32_t>(load_big32(rest_.data()));
        rest_.remove_prefix(4);
        if (cell.length > 0) {
            cell.bytes = rest_.substr(0, static_cast<std::size_t>(cell.length));
            rest_.remove_prefix(cell.bytes.size());
        }
        return cell;
    }
    /// What has not been walked yet.
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

}  // namespace cutover::verify
