// One row as cells in some wire form. The bytes stay as the source sent them, or as a codec made
// them for the destination; which of the two a tuple is in, its owner knows. One buffer per tuple.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cutover::model {

enum class CellKind : std::uint8_t {
    null,    ///< SQL NULL
    absent,  ///< the source did not send it (an unchanged TOAST value, a partial row image)
    text,    ///< the type's text form
    binary,  ///< the type's binary wire form
};

/// A row's cells in the column order of its table plan.
class Tuple {
public:
    struct Cell {
        CellKind kind = CellKind::absent;
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
    };

    std::size_t size() const { return cells_.size(); }
    bool empty() const { return cells_.empty(); }
    CellKind kind(std::size_t column) const { return cells_[column].kind; }
    std::string_view bytes(std::size_t column) const {
        const Cell& cell = cells_[column];
        return std::string_view(data_).substr(cell.offset, cell.length);
    }
    /// True if no cell is absent.
    bool complete() const {
        for (const Cell& cell : cells_) {
            if (cell.kind == CellKind::absent) {
                return false;
            }
        }
        return true;
    }
    /// Memory this tuple holds, for budgets.
    std::size_t footprint() const {
        return sizeof(Tuple) + data_.capacity() + cells_.capacity() * sizeof(Cell);
    }

    void reserve(std::size_t columns, std::size_t bytes) {
        cells_.reserve(columns);
        data_.reserve(bytes);
    }
    void append(CellKind kind, std::string_view bytes = {}) {
        cells_.push_back({kind, static_cast<std::uint32_t>(data_.size()),
                          static_cast<std::uint32_t>(bytes.size())});
        data_.append(bytes);
    }
    /// Adds to the bytes of the last cell.
    void extend(std::string_view more) {
        cells_.back().length += static_cast<std::uint32_t>(more.size());
        data_.append(more);
    }
    /// Takes every absent cell from `base`, which has the same columns.
    void fill_absent_from(const Tuple& base);
    bool operator==(const Tuple& other) const;

private:
    std::string data_;
    std::vector<Cell> cells_;
};

}  // namespace cutover::model
