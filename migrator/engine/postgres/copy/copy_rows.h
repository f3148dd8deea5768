// Rows in the form of COPY ... (FORMAT binary), in one growing buffer. The full copy's batches are
// whole rows of this form already (a field count, then length and bytes per field, big-endian).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "migrator/model/tuple.h"

namespace cutover::postgres {

/// The bytes before the first row and after the last.
std::string_view copy_header();
std::string_view copy_trailer();

/// The bytes of a cell; nothing if it is NULL or absent. Throws: refused (a cell in text form: its
/// type has no binary form).
std::optional<std::string_view> binary_cell(const model::Tuple& tuple, std::size_t column);
/// The row with this number (from 1) of rows in binary COPY form without header and trailer; empty
/// if there are fewer rows.
model::Tuple copied_row(std::string_view bytes, std::uint64_t row);

class CopyRows {
public:
    void begin_row(std::size_t fields);
    void value(std::string_view bytes);
    /// Writes an absent cell as null. Throws: refused (a cell in text form, which this form cannot
    /// hold).
    void cell(const model::Tuple& tuple, std::size_t column);
    void cells(const model::Tuple& tuple);
    /// Like cell(), but without the value's bytes, which must follow.
    void announce(const model::Tuple& tuple, std::size_t column);

    const std::string& bytes() const { return bytes_; }
    std::uint64_t rows() const { return rows_; }
    bool empty() const { return rows_ == 0; }
    /// Clears the rows and keeps the memory.
    void clear() {
        bytes_.clear();
        rows_ = 0;
    }

private:
    std::string bytes_;
    std::uint64_t rows_ = 0;
};

}  // namespace cutover::postgres
