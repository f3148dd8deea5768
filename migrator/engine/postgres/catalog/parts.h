// The parts of read_catalog() (catalog.h), one file each; they share the list of selected tables.
// Not for use outside this folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/trust/known.h"
#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"

namespace cutover::postgres {

using Oid = std::uint32_t;

/// One reading in progress.
struct CatalogReading {
    Connection& connection;
    const plan::ObjectSelection& selection;
    model::Catalog catalog;
    std::vector<Oid> oids;                        ///< of catalog.tables, in the same order
    std::unordered_map<Oid, std::size_t> tables;  ///< oid to index into catalog.tables
    std::vector<std::unordered_map<int, std::size_t>>
        columns;            ///< per table: attnum to column index
    std::string oid_array;  ///< `{1,2,3}` of oids, a parameter

    /// The table with this oid, which must be a selected one.
    model::TableSchema& table(std::int64_t oid);
    /// A space-separated list of attribute numbers as column indexes; 0 (an expression) is left
    /// out.
    std::vector<std::size_t> column_list(std::int64_t oid, const std::string& numbers) const;
};

void read_tables(CatalogReading& reading);
void read_inheritance(CatalogReading& reading);
void read_columns(CatalogReading& reading);
void read_constraints(CatalogReading& reading);
void read_indexes(CatalogReading& reading);
void read_old_row_columns(CatalogReading& reading);  ///< call after the columns are read
void read_sequences(CatalogReading& reading);
void read_types(CatalogReading& reading);
void read_needs(CatalogReading& reading);  ///< call after the types are read
void read_others(CatalogReading& reading);

/// `{a,b}` from numbers, as an array parameter.
std::string array_of(const std::vector<Oid>& oids);

/// SQL: the schemas that hold user objects, without ours and the system's.
inline constexpr const char* kUserSchema =
    " n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND n.nspname <> 'cutover' ";

/// The letter in a column of one letter; zero if it is empty.
inline char letter_of(std::string_view text) {
    return text.empty() ? '\0' : text.front();
}

}  // namespace cutover::postgres
