// How one engine writes a repair down: quoting, and statements that do something only while the
// destination still holds what was seen. repair.h decides which statements a finding needs, into
// which file they go and how many there may be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verify/end/shape.h"

namespace cutover::verify {

/// One compared column of a row.
struct RepairField {
    const ColumnShape* column = nullptr;  ///< at the destination; null: not compared, left alone
    std::string cell;                     ///< canonical
    bool key = false;
};

/// A row of a table of the destination, as it is there or as it should be.
struct RepairRow {
    const TableShape& table;
    std::vector<RepairField> fields;  ///< by index into the pair's cells
};

/// For a table without a key: how many copies of the same row the statement adds or removes, and
/// how many there are now.
struct RepairCopies {
    std::uint64_t copies = 0;
    std::uint64_t standing = 0;
};

/// Stateless; for any thread. The output is plain ASCII: other characters are written by their
/// bytes or code points, so that they mean the same in every encoding in which somebody may apply
/// the file.
class RepairDialect {
public:
    virtual ~RepairDialect() = default;

    /// The beginning of a file, including the end of its last line.
    virtual std::string head() const = 0;
    /// One line that does nothing.
    virtual std::string remark(const std::string& text) const = 0;
    /// Inserts the row of a table with a key, if its key is not there.
    virtual std::string insert(const RepairRow& row) const = 0;
    /// Deletes the row of a table with a key, if the row is there exactly as given.
    virtual std::string erase(const RepairRow& row) const = 0;
    /// Sets these fields of the row with this key to the values of `wanted`, if the row is as
    /// `seen`. Empty if none of the fields can be written.
    virtual std::string update(const RepairRow& seen, const RepairRow& wanted,
                               const std::vector<std::size_t>& fields) const = 0;
    /// Inserts `copies` more copies, if there are exactly `standing`.
    virtual std::string insert_copies(const RepairRow& row, const RepairCopies& count) const = 0;
    /// Deletes `copies` copies, if there are exactly `standing`.
    virtual std::string erase_copies(const RepairRow& row, const RepairCopies& count) const = 0;
};

}  // namespace cutover::verify
