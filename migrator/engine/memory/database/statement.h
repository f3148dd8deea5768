// The memory engine's statements, so that schema steps have a text: one line each.
//   table SCHEMA NAME COLUMN:TYPE[:notnull] ...
//   key SCHEMA NAME KEY primary|unique COLUMN ...
//   sequence SCHEMA NAME
#pragma once

#include <string>

#include "migrator/engine/memory/database/database.h"

namespace cutover::memory {

std::string table_statement(const model::ObjectName& name,
                            const std::vector<model::ColumnSchema>& columns);
std::string key_statement(const model::ObjectName& table, const model::KeySchema& key,
                          const std::vector<std::string>& columns);
std::string sequence_statement(const model::ObjectName& name);

/// Throws: operation, refused (not understood).
void execute(Database& database, const std::string& statement);

}  // namespace cutover::memory
