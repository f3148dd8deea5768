// How one engine writes a repair down: quoting, and statements that do something only while the
// destination still holds what was seen. repair.h decides which statements a finding needs, in
// which file they stand and how many there may be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verify/end/shape.h"

namespace cutover::verify {

/// One compared column of a row.
struct RepairField {
    const ColumnShape* column = nullptr;  ///< the destination's; null: not compared, left alone
    std::string cell;                     ///< canonical
    bool key = false;
};

/// A row of a table of the destination, as it stands there or should.
struct RepairRow {
    const TableShape& table;
    std::vector<RepairField> fields;  ///< by index into the pair's cells
};

/// Of a table without a key: how many of the same row the statement is about, and how many there
/// are now.
struct RepairCopies {
    std::uint64_t copies = 0;
    std::uint64_t standing = 0;
};

/// Stateless; any thread. What it gives is plain ASCII: what is not is written by its bytes or code
/// points, so that it means the same in every encoding in which somebody may apply it.
class RepairDialect {
public:
    virtual ~RepairDialect() = default;

    /// What a file begins with, with its last line's end.
    virtual std::string head() const = 0;
    /// One line that does nothing.
    virtual std::string remark(const std::string& text) const = 0;
    /// The row of a table with a key, if its key is not there.
    virtual std::string insert(const RepairRow& row) const = 0;
    /// The row of a table with a key, if it is there as it stands here.
    virtual std::string erase(const RepairRow& row) const = 0;
    /// These fields of the row of this key get the values of `wanted`, if the row is `seen`. Empty
    /// if none of them can be written.
    virtual std::string update(const RepairRow& seen, const RepairRow& wanted,
                               const std::vector<std::size_t>& fields) const = 0;
    /// As many copies more, if so many stand there.
    virtual std::string insert_copies(const RepairRow& row, const RepairCopies& count) const = 0;
    /// As many copies less, if so many stand there.
    virtual std::string erase_copies(const RepairRow& row, const RepairCopies& count) const = 0;
};

}  // namespace cutover::verify
