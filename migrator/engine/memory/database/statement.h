// The memory engine's statements, so that schema steps have a text: one line each.
//   table SCHEMA NAME COLUMN:TYPE[:notnull] ...
//   key SCHEMA NAME KEY primary|unique COLUMN ...
//   sequence SCHEMA NAME
//   reference SCHEMA NAME KEY COLUMN PARENT_SCHEMA PARENT_NAME PARENT_COLUMN
//   validate SCHEMA NAME KEY
//   unreference SCHEMA NAME KEY
//   add SCHEMA NAME COLUMN:TYPE [FILL]
//   drop SCHEMA NAME COLUMN
//   rename SCHEMA NAME COLUMN NEW_NAME
#pragma once

#include <string>

#include "migrator/engine/memory/database/database.h"

namespace cutover::memory {

std::string table_statement(const model::ObjectName& name,
                            const std::vector<model::ColumnSchema>& columns);
std::string key_statement(const model::ObjectName& table, const model::KeySchema& key,
                          const std::vector<std::string>& columns);
std::string sequence_statement(const model::ObjectName& name);

/// A foreign key that rows may break until it is validated, in three statements.
struct ReferenceStatements {
    std::string add;
    std::string validate;
    std::string undo;
};
ReferenceStatements reference_statements(const model::ObjectName& child, const std::string& name,
                                         const std::string& column, const model::ObjectName& parent,
                                         const std::string& parent_column);

/// Without a fill, rows that are there have NULL in it.
std::string add_column_statement(const model::ObjectName& table, const model::ColumnSchema& column);
std::string drop_column_statement(const model::ObjectName& table, const std::string& column);
std::string rename_column_statement(const model::ObjectName& table, const std::string& from,
                                    const std::string& to);

/// What becomes of a statement that has nothing to do any more.
enum class IfDone : std::uint8_t { refuse, leave };
/// `blocked` only of those that change columns. Throws: operation, refused (not understood).
Outcome execute(Database& database, const std::string& statement, IfDone if_done);

}  // namespace cutover::memory
