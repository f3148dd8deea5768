// A table of the memory engine: row versions at places, and indexes over them. It knows which
// transaction made and removed a version, not whether that transaction is committed (database.h
// does).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "migrator/engine/memory/database/cells.h"
#include "migrator/engine/memory/database/snapshot.h"

namespace cutover::memory {

/// One version of one row. `created` 0: the place is free.
struct Version {
    model::Tuple row;
    TransactionNumber created = 0;
    TransactionNumber removed = 0;
};

class Table {
public:
    explicit Table(model::TableSchema schema);

    const model::TableSchema& schema() const { return schema_; }
    model::TableSchema& schema() { return schema_; }
    const std::vector<CellType>& types() const { return types_; }
    /// The columns as they are now, for whoever keeps rows: later changes leave it alone.
    std::shared_ptr<const std::vector<model::ColumnSchema>> columns() const { return columns_; }

    std::size_t place_count() const { return versions_.size(); }
    const Version& at(std::size_t place) const { return versions_[place]; }
    void set_removed(std::size_t place, TransactionNumber by) { versions_[place].removed = by; }
    /// Takes a free place if there is one. Returns the place.
    std::size_t put(model::Tuple row, TransactionNumber by);
    void free(std::size_t place);

    /// Adds a key that no two rows may share from now on. The caller has checked that none do.
    void add_key(const model::KeySchema& key);
    /// The column comes last; every row gets its fill. Its number is one that no column has had.
    void add_column(model::ColumnSchema column);
    /// Requires: no key, foreign key or filter has the column or one behind it.
    void drop_column(std::size_t column);
    void rename_column(std::size_t column, const std::string& name);
    /// Places whose row has these key bytes in `columns` (all versions). Makes the index on first
    /// use.
    std::vector<std::size_t> places(const std::vector<std::size_t>& columns,
                                    const std::string& key) const;
    /// All columns, in order: the key of a table without one.
    const std::vector<std::size_t>& all_columns() const { return all_columns_; }

    /// Transactions that emptied the table, oldest first. A read under an older snapshot finds
    /// nothing: emptying is not versioned, as in the real engines.
    std::vector<TransactionNumber> truncations;

private:
    struct Index {
        std::vector<std::size_t> columns;
        std::unordered_multimap<std::string, std::size_t> places;
    };
    Index& index(const std::vector<std::size_t>& columns) const;
    void columns_changed();

    model::TableSchema schema_;
    std::shared_ptr<const std::vector<model::ColumnSchema>> columns_;
    std::vector<CellType> types_;
    std::vector<std::size_t> all_columns_;
    std::vector<Version> versions_;
    std::vector<std::size_t> free_;
    mutable std::vector<Index> indexes_;
};

}  // namespace cutover::memory
