// The schema `cutover` at the destination: its tables, made once, shared by all tasks of a
// database.
//
//   task               one row per task: phase, epoch (the fence), origin of the capture, and the
//                      session that holds it
//   marker             what the destination has of the source, moved with each batch
//   chunk              planned pieces of the full copy, with the receipts of those that are in
//   row_view           receipts of rows that were read again
//   schema_step, command, status, conflict
//   applied_position   a view of the markers: evidence for others, the judge among them
//
// Whether it is ours is own_objects.h's question.
#pragma once

#include <functional>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// Runs `work` in a transaction in which the schema is there, made if need be, and ours; commits.
/// `work` may run again if another process makes or removes the schema at the same time. Requires:
/// no transaction is open. Throws: refused (`control.no_right`: the account may not create it;
/// `control.schema_foreign`), connection; what `work` throws.
void in_control_schema(Connection& connection, const std::function<void()>& work);

/// Removes the schema if no task is left in it. Requires: hold_own_schema(Hold::remove) in the open
/// transaction.
void drop_control_schema_if_empty(Connection& connection);

}  // namespace cutover::postgres
