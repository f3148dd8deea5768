// What PostgreSQL can show about positions, for the live mode: where the source's log is in a
// snapshot, what our migrator's marker at the destination says, and rows by key with their version.
// Its own SQL against the control schema: the judge does not use the migrator's code for it.
#pragma once

#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "verify/end/end.h"

namespace cutover::verify {

/// The snapshot of the open transaction (its first statement takes it) and a position after it, as
/// `timeline:LSN`. Throws: refused `verify.live_standby`.
Moment read_postgres_moment(postgres::Connection& connection);

/// The task's row and marker in schema `cutover`; unknown where there is no such schema.
Applied read_postgres_applied(postgres::Connection& connection, const std::string& task);

/// Of this database; prepared transactions too.
std::vector<OpenWriter> read_postgres_open_writers(postgres::Connection& connection);

/// Same timeline, and at least as far. What is no position reaches nothing.
bool postgres_position_reaches(const Evidence& position, const Evidence& wanted);

/// Whatever had begun when `earlier` was taken has ended before `later`.
bool postgres_view_sees_all(const Moment& later, const Moment& earlier);

/// Of a row: a transaction that the snapshot `later` sees and `earlier` does not has made it or has
/// removed (or locked) it. Both as txid_current_snapshot() prints them.
std::string written_sql(const postgres::Connection& connection, const Evidence& earlier,
                        const Evidence& later);

/// The two cells that ReadSpec::with_version asks for.
std::string version_sql();

}  // namespace cutover::verify
