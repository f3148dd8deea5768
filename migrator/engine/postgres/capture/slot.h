// The replication slot and the server it is on: what is there, and the proof that it reaches back
// to what was applied. Reads only, apart from free_slot().
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// From here on (as Connection::server_version() tells it) a standby may keep a copy of a slot.
inline constexpr int kFailoverSlots = 170000;

/// The end of the log and its timeline, as two columns of a SELECT: at a standby, of what it has
/// replayed.
inline constexpr const char* kLogEnd =
    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
    " ELSE pg_current_wal_insert_lsn() END,"
    " CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())::bigint"
    " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint"
    " END";
/// kLogEnd as it was answered, from this column of the first row on.
model::Position log_end_of(const Result& row, int column);

/// As IDENTIFY_SYSTEM says it.
struct ServerIdentity {
    std::string system;  ///< the same on a primary and its standbys
    Timeline timeline = 0;
};

/// Requires: a replication connection.
ServerIdentity identify(Connection& replication);
/// The timelines that led to `current`. Requires: a replication connection.
TimelineHistory read_history(Connection& replication, Timeline current);
/// `10.0.0.5:5432`, where the connection has ended up, for messages.
std::string server_name(Connection& connection);

struct SlotState {
    bool logical = false;
    std::string plugin;
    std::string database;
    std::optional<Lsn> restart;    ///< where the log is read from; nothing once it is lost
    std::optional<Lsn> confirmed;  ///< what was committed before is not sent any more
    std::string wal_status;        ///< reserved, extended, unreserved, lost
    std::string invalidation;      ///< why the server has given the slot up; empty: it has not
};

/// Nothing if there is no such slot.
std::optional<SlotState> read_slot(Connection& connection, const std::string& name);

/// Throws, naming slot, server and the last applied position: refused `slot.missing`,
/// `slot.foreign`; corrupt `slot.invalidated` (its log is gone), `slot.gap` (it begins after
/// `applied`).
void require_slot_reaches(const std::optional<SlotState>& slot, const std::string& name,
                          const std::string& server, int server_version,
                          const std::string& database, LogPoint applied);

/// Transactions of the whole cluster that keep a new slot from beginning: those that have written,
/// if they are older than that, and the prepared ones.
std::vector<model::Holder> writers_older_than(Connection& connection, std::chrono::seconds age);

/// Ends the walsender that holds the slot, if it is one that `application` (a process of this task)
/// has left behind, and waits until the slot is free. Throws: operation `slot.busy` (it is somebody
/// else's, or does not end within 30 s).
void free_slot(Connection& connection, const std::string& name, const std::string& application);

}  // namespace cutover::postgres
