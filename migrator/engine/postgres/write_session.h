// A connection that writes migrated rows, and the claim under which it may. Every writing
// transaction of this folder ends in require_claim(), the check that keeps a process that was
// thought dead from committing after a newer one has taken over.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/engine/postgres/session_pool.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

/// The right to write for one task, as taken by Control::claim().
struct Claim {
    std::string task;
    std::uint64_t epoch = 0;
};

/// Where a sink's control leaves the claim for the sink's writers. Any thread.
class ClaimHolder {
public:
    void set(const Claim& claim);
    /// Throws: refused `task.unclaimed`.
    Claim get() const;

private:
    mutable std::mutex mutex_;
    std::optional<Claim> claim_;
};

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

/// Throws stopped `task.fenced` unless `claim` is in force and the task is not finished. The row
/// lock it takes conflicts with a new claim and with a fence, so neither happens between here and
/// the commit; it does not conflict with other writers.
void require_claim(Connection& connection, const Claim& claim);

/// The error of a writer whose claim is no longer in force.
model::Error fenced(const Claim& claim);

/// A value for a bytea parameter or literal: `\x6162`.
std::string to_bytea(std::string_view bytes);
/// From the hex text form of a bytea. Throws: corrupt `control.damaged`.
std::string from_bytea(std::string_view text);

/// A value of the source that the destination does not take (SQLSTATE 22): names the table, the
/// column and the character as far as the server does, and `row` if it is known.
model::Error value_refused(const model::Error& error, const std::string& code,
                           const std::string& table, const std::string& row = {});

/// The same error with what it was about in front of the message.
model::Error about(const model::Error& error, const std::string& object);

/// True if `error` came from the server with an SQLSTATE that begins so.
bool has_state(const model::Error& error, std::string_view prefix);
/// True if the server says that an object of that name is there already.
bool says_exists(const model::Error& error);

}  // namespace cutover::postgres
