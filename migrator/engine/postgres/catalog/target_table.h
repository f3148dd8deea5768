// What a writer must know of a destination table besides its plan: names as SQL, types to stage in,
// the operators of the key's index. Read from the catalog when a session first meets the table.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

struct TargetColumn {
    std::string name;       ///< quoted
    std::string type;       ///< qualified; a domain's base type, so that absent cells may be null
    std::string collation;  ///< ` COLLATE x`, or empty
    bool identity_always = false;  ///< may be inserted, not updated
    bool hashable = false;
    /// `type` without a length: a cast with a length would silently cut longer values.
    std::string parameter_type;
};

struct TargetTable {
    std::string display;                ///< for messages
    std::string quoted;                 ///< its name, as SQL
    std::string only;                   ///< `ONLY ` if rows of children do not belong to this table
    std::vector<TargetColumn> columns;  ///< in plan order
    std::vector<std::size_t> key;       ///< indexes into columns; empty: keyless
    std::vector<std::string> key_operators;  ///< equality, per key column: `OPERATOR(pg_catalog.=)`
    bool key_indexed = false;                ///< a unique index has exactly the key's columns
    /// A role that is not trusted may put code on the table at any time, so each transaction that
    /// writes to it must check (code_of_others.h).
    bool open_to_others = false;

    bool keyless() const { return key.empty(); }
    bool in_key(std::size_t column) const;
    /// True if a column outside the key cannot be set by UPDATE, so that rows must be replaced
    /// instead.
    bool replaces_rows() const;
    /// `"a", "b"`: all columns of the plan.
    std::string column_list() const;
    /// `"a" pg_catalog.int4, "b" pg_catalog.text COLLATE x`: the columns for a table with the same
    /// types.
    std::string typed_columns() const;
};

/// Reads the tables in the order of `tables`; a thousand take as many round trips as one. Throws:
/// refused (`table.missing`, `column.missing`, `destination.code_of_others`, `table.kind`),
/// connection, operation.
std::vector<TargetTable> read_targets(Connection& connection,
                                      const std::vector<const plan::TablePlan*>& tables);
TargetTable read_target(Connection& connection, const plan::TablePlan& table);

}  // namespace cutover::postgres
