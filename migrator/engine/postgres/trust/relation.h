// Locks a relation that was planned, and checks that it is still the same one. The owner of a table
// may put a view in its place between plan and reading; the view's functions would run as the
// account that reads, and would show them what the owner may not see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// SQL: the value of model::TableSchema::identity for a row of pg_class with this alias.
std::string identity_sql(const std::string& alias);

/// Takes the lightest lock that there is on `table`, holds it until the transaction ends, and
/// checks that the table has this identity (model::TableSchema). A foreign table takes no lock.
/// Returns the number of its file, 0 if it has none. Requires: a transaction is open; its view may
/// be older than the lock. Throws: refused `table.exchanged`, connection, operation.
std::uint64_t hold_relation(Connection& connection, const model::ObjectName& table,
                            const std::string& identity);

/// The same for sequences, each by its oid and the name by which it is read. Sequences cannot be
/// locked by name; a function that takes the oid locks them. Throws: refused `sequence.exchanged`,
/// connection, operation.
void hold_sequences(Connection& connection, const std::vector<std::string>& oids,
                    const std::vector<model::ObjectName>& names);

}  // namespace cutover::postgres
