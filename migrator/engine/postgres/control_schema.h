// The schema `cutover` at the destination: its tables, made once, shared by all tasks of a
// database.
//
//   task               one row per task: phase, epoch (the fence), origin of the capture
//   marker             what the destination has of the source, moved with each batch
//   chunk              planned pieces of the full copy, with the receipts of those that are in
//   row_view           receipts of rows that were read again
//   schema_step, command, status, conflict
//   applied_position   a view of the markers: evidence for others, the judge among them
#pragma once

#include "migrator/engine/postgres/connection.h"

namespace cutover::postgres {

/// Makes the schema if it is not there. Requires: a transaction is open, and lock_control_schema()
/// was called in it. Throws: refused (`control.no_right`: the account may not create it;
/// `control.schema_foreign`: a schema of this name exists that we did not make), connection.
void make_control_schema(Connection& connection);

/// Throws: refused `control.schema_foreign`, connection.
bool has_control_schema(Connection& connection);

/// Removes the schema if no task is left in it. Requires: a transaction is open.
void drop_control_schema_if_empty(Connection& connection);

/// Serialises the making and removing of the schema until the transaction ends.
void lock_control_schema(Connection& connection);

}  // namespace cutover::postgres
