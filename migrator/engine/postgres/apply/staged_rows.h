// Rows of a batch on their way to the destination, all of one kind: sent by COPY into a staging
// table, or with a statement as its parameters. They are not copied: a row stays in the batch until
// the server has it, however large it is.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/tuple.h"

namespace cutover::postgres {

class StagedRows {
public:
    /// `key_position` gives, per column of a whole row, its place in the key, or -1; it must
    /// outlive this object. `masked`: each row is preceded by its mask and its key.
    StagedRows(const std::vector<int>& key_position, bool masked)
        : key_position_(key_position), masked_(masked) {}

    /// Adds the cells of `row` unchanged.
    void add(const model::Tuple& row);
    /// Adds the cells of `row`, a whole row. An absent cell of the key is unchanged, and `key` has
    /// it; other absent cells are sent as NULL. Both must outlive this object.
    void add(const model::Tuple& row, const model::Tuple& key, std::uint32_t mask = 0);
    void clear();

    bool empty() const { return rows_.empty(); }
    std::uint64_t rows() const { return rows_.size(); }
    /// The cells of the row with this number (from 0), as it was added, with the cells of its key
    /// filled in.
    model::Tuple row(std::size_t number) const;
    /// The number of cells of all rows, including masks, and their bytes.
    std::uint64_t fields() const { return fields_; }
    std::uint64_t bytes() const { return bytes_; }

    /// Writes the rows into an open `COPY ... FROM STDIN (FORMAT binary)`, including header and
    /// trailer. Throws: connection; refused (a cell in text form, which this form cannot hold).
    void send(Connection& connection) const;
    /// Appends every field of every row. Throws: refused (a cell in text form).
    void append_to(BinaryParameters& parameters) const;

private:
    struct Row {
        const model::Tuple* row = nullptr;
        const model::Tuple* key = nullptr;  ///< nullptr: `row` stands for itself
        std::array<char, 4> mask{};         ///< as the server reads an integer
    };
    std::size_t width(const Row& row) const;
    /// Where a column's cell is: in the row, or in the key that the row leaves unchanged.
    std::pair<const model::Tuple*, std::size_t> cell(const Row& row, std::size_t column) const;
    template <typename Field>
    void each_field(const Row& row, Field field) const;

    const std::vector<int>& key_position_;
    bool masked_;
    std::vector<Row> rows_;
    std::uint64_t fields_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace cutover::postgres
