// A relation that was planned, held under a lock and seen to be the very one: whoever owns a table
// may put a view in its place between plan and reading, whose functions would run as the account
// that reads, and show it what the owner may not see.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// SQL: what model::TableSchema::identity holds, of a row of pg_class under this alias.
std::string identity_sql(const std::string& alias);

/// Takes the lightest lock there is on `table`, held until the transaction ends, and sees that it
/// is the table of this identity (model::TableSchema). A foreign table takes no lock. Returns the
/// number of its file, 0 where it has none. Requires: a transaction is open; its view may be older
/// than the lock. Throws: refused `table.exchanged`, connection, operation.
std::uint64_t hold_relation(Connection& connection, const model::ObjectName& table,
                            const std::string& identity);

/// The same for sequences, each by its oid and the name that it is read by. They take no lock by
/// name: a function that takes the oid locks it. Throws: refused `sequence.exchanged`, connection,
/// operation.
void hold_sequences(Connection& connection, const std::vector<std::string>& oids,
                    const std::vector<model::ObjectName>& names);

}  // namespace cutover::postgres
