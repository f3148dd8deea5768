// The judge's own reading of PostgreSQL's catalog: which tables there are, how their columns
// travel, by which keys they can be ordered. Independent of the migrator's inspector on purpose.
#pragma once

#include <vector>

#include "migrator/plan/task_spec.h"
#include "verify/end/end.h"
#include "verify/end/shape.h"

namespace cutover::postgres {
class Connection;
}

namespace cutover::verify {

/// All user tables that `selection` takes (null: all), partitions among them; never our own schema,
/// never tables that belong to an extension. Throws: connection, operation.
std::vector<TableShape> read_postgres_tables(postgres::Connection& connection,
                                             const plan::ObjectSelection* selection);

/// Tables of extensions, and tables of a schema that has our schema's name but is not ours. Throws
/// likewise.
std::vector<LeftOut> read_postgres_left_out(postgres::Connection& connection);

/// Large objects and materialized views, which are counted only. Throws likewise.
std::vector<std::string> read_postgres_beside_tables(postgres::Connection& connection);

/// All sequences of users that no table owns, with the same exceptions. Throws likewise.
std::vector<model::ObjectName> read_postgres_sequences(postgres::Connection& connection);

}  // namespace cutover::verify
