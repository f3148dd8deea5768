// A connection that writes migrated rows: what it is called, what it sets itself, and whether
// triggers act on what it writes.
#pragma once

#include <cstdint>
#include <string>

#include "migrator/engine/postgres/session/session_pool.h"

namespace cutover::postgres {

/// What a session is for; part of its application_name, `cutover/<task>/<role>`.
enum class SessionRole : std::uint8_t { control, writer, applier, schema };

std::string application_name(const std::string& task, SessionRole role);

/// Has sessions opened for writers to come: SessionPool::prepare().
void prepare_writers(SessionPool& sessions, const std::string& task, std::size_t count);

/// Takes a session for the task. Writers and appliers get settings for bulk writing: triggers and
/// foreign key checks off where the account may, plans that do not depend on statistics.
/// Throws: connection, refused (`destination.version`: older than 14).
Connection open_session(SessionPool& sessions, const std::string& task, SessionRole role);

/// True if `connection` runs with session_replication_role = replica.
bool ignores_triggers(Connection& connection);
/// The same from here to the end of the open transaction, switched on where the account may.
bool ignore_triggers_until_commit(Connection& connection);

/// SQL, of pg_trigger `t`: it acts on rows or holds them to something. The internal trigger of a
/// deferrable key does neither: it looks again, at the commit, at what the key has let pass.
inline constexpr const char* kActsOnRows =
    "t.tgfoid <> 'pg_catalog.unique_key_recheck'::pg_catalog.regproc";

}  // namespace cutover::postgres
