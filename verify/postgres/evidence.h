// What PostgreSQL can show about positions, for the live mode: where the source's log is in a
// snapshot, what our migrator's marker at the destination says, and rows by key with their version.
// Its own SQL against the control schema: the judge does not use the migrator's code for it.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "verify/end/end.h"

namespace cutover::verify {

/// The snapshot of the open transaction (its first statement takes it) and a position after it, in
/// the form `timeline:LSN`. Throws: refused `verify.live_standby`.
Moment read_postgres_moment(postgres::Connection& connection);

/// The task's row and marker in schema `cutover`; unknown if there is no such schema.
Applied read_postgres_applied(postgres::Connection& connection, const std::string& task);

/// Writers of this database, including prepared transactions.
std::vector<OpenWriter> read_postgres_open_writers(postgres::Connection& connection);

/// True if both have the same timeline and `position` is at or after `wanted`. A text that is not a
/// position reaches nothing.
bool postgres_position_reaches(const Evidence& position, const Evidence& wanted);

/// True if everything that had begun when `earlier` was taken ended before `later`.
bool postgres_view_sees_all(const Moment& later, const Moment& earlier);

/// SQL about a row: true if a transaction that the snapshot `later` sees and `earlier` does not has
/// made, removed or locked it. Both snapshots are texts of txid_current_snapshot().
std::string written_sql(const postgres::Connection& connection, const Evidence& earlier,
                        const Evidence& later);

/// The two cells that ReadSpec::with_version asks for.
std::string version_sql();

}  // namespace cutover::verify
