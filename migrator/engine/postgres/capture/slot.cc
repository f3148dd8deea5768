#include "migrator/engine/postgres/capture/slot.h"

#include <fmt/format.h>

#include <chrono>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Through JSON, so that columns of later versions can be asked for everywhere.
constexpr const char* kSlot = R"(
SELECT j->>'slot_type' = 'logical', coalesce(j->>'plugin', ''),
       coalesce(j->>'database', ''), j->>'restart_lsn', j->>'confirmed_flush_lsn',
       coalesce(j->>'wal_status', ''),
       coalesce(j->>'invalidation_reason',
                CASE WHEN (j->>'conflicting')::bool THEN 'conflicting with recovery' END, '')
  FROM (SELECT to_jsonb(s) AS j FROM pg_replication_slots s WHERE slot_name = $1) t)";

std::optional<Lsn> lsn_at(const Result& row, int column) {
    return row.is_null(0, column) ? std::nullopt : parse_lsn(row.get(0, column));
}

}  // namespace

model::Position log_end_of(const Result& row, int column) {
    const std::optional<Lsn> lsn = parse_lsn(row.get(0, column));
    if (!lsn) {
        throw model::Error(model::ErrorClass::corrupt, "postgres.no_position",
                           "the server gives no position of its log where one must stand",
                           "see that the endpoint is the server that you mean");
    }
    return to_position({static_cast<Timeline>(row.integer(0, column + 1)), *lsn});
}

ServerIdentity identify(Connection& replication) {
    const Result row = replication.exec("IDENTIFY_SYSTEM");
    return {row.text(0, 0), static_cast<Timeline>(row.integer(0, 1))};
}

TimelineHistory read_history(Connection& replication, Timeline current) {
    if (current <= 1) {
        return TimelineHistory(current);  // the first one has no history file
    }
    const Result file = replication.exec(fmt::format("TIMELINE_HISTORY {}", current));
    return TimelineHistory(current, file.get(0, 1));
}

std::string server_name(Connection& connection) {
    const Result row = connection.exec(
        "SELECT coalesce(host(inet_server_addr()), 'local') || ':' || current_setting('port')");
    return row.text(0, 0);
}

std::optional<SlotState> read_slot(Connection& connection, const std::string& name) {
    const Result row = connection.exec_params(kSlot, {name});
    if (row.rows() == 0) {
        return std::nullopt;
    }
    SlotState slot;
    slot.logical = row.boolean(0, 0);
    slot.plugin = row.text(0, 1);
    slot.database = row.text(0, 2);
    slot.restart = lsn_at(row, 3);
    slot.confirmed = lsn_at(row, 4);
    slot.wal_status = row.text(0, 5);
    slot.invalidation = row.text(0, 6);
    return slot;
}

void require_slot_reaches(const std::optional<SlotState>& slot, const std::string& name,
                          const std::string& server, int server_version,
                          const std::string& database, LogPoint applied) {
    const std::string until = "; the last applied position is " + to_text(applied.lsn);
    if (!slot) {
        throw Error(
            ErrorClass::refused, "slot.missing",
            "replication slot '" + name + "' does not exist on " + server +
                ", so nothing proves that the log is complete after the last applied position" +
                until,
            server_version >= kFailoverSlots
                ? "if a standby was promoted, it had not synchronized the slot yet "
                  "(sync_replication_slots, hot_standby_feedback, primary_slot_name and a dbname "
                  "in "
                  "primary_conninfo on the standby); release the task and migrate anew"
                : "if a standby was promoted: before PostgreSQL 17 a standby has no copy of the "
                  "slot; "
                  "release the task and migrate anew");
    }
    if (!slot->logical || slot->plugin != "pgoutput" || slot->database != database) {
        throw Error(
            ErrorClass::refused, "slot.foreign",
            fmt::format("replication slot '{}' on {} is another's (plugin '{}', database '{}'){}",
                        name, server, slot->plugin, slot->database, until),
            "remove or rename that slot, release the task and migrate anew");
    }
    if (slot->wal_status == "lost" || !slot->invalidation.empty() || !slot->restart ||
        !slot->confirmed) {
        throw Error(
            ErrorClass::corrupt, "slot.invalidated",
            fmt::format(
                "the log that replication slot '{}' needs is gone from {} (wal_status {}{}{}){}",
                name, server, slot->wal_status, slot->invalidation.empty() ? "" : ", ",
                slot->invalidation, until),
            "raise max_slot_wal_keep_size at the source, release the task and migrate anew");
    }
    if (*slot->confirmed > applied.lsn) {
        throw Error(
            ErrorClass::corrupt, "slot.gap",
            fmt::format(
                "replication slot '{}' on {} begins at {}: it was dropped and made again, or moved "
                "by somebody else, and what was committed between is missing{}",
                name, server, to_text(*slot->confirmed), until),
            "release the task and migrate anew");
    }
}

std::vector<model::Holder> writers_older_than(Connection& connection, std::chrono::seconds age) {
    // Of other accounts' sessions the server may not say since when.
    const Result open = connection.exec_params(
        "SELECT 'process', pid::text, coalesce(application_name, ''),"
        " extract(epoch FROM clock_timestamp() - xact_start)::bigint FROM pg_stat_activity"
        " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
        " AND coalesce(xact_start < clock_timestamp() - make_interval(secs => $1::int), true)"
        " UNION ALL SELECT 'prepared transaction', quote_literal(gid), '',"
        " extract(epoch FROM clock_timestamp() - prepared)::bigint FROM pg_prepared_xacts",
        {std::to_string(age.count())});
    std::vector<model::Holder> out;
    for (int row = 0; row < open.rows(); ++row) {
        model::Holder holder{open.text(row, 0), open.text(row, 1), open.text(row, 2), std::nullopt};
        if (!open.is_null(row, 3)) {
            holder.open_for = std::chrono::seconds(open.integer(row, 3));
        }
        out.push_back(std::move(holder));
    }
    return out;
}

void free_slot(Connection& connection, const std::string& name, const std::string& application) {
    constexpr std::chrono::milliseconds kPause(100);
    constexpr std::chrono::seconds kLimit(30);
    constexpr int kOwnPatience = 10;  // looks: a stream that was closed just now ends by itself
    Patience patience(connection.attention(), "replication slot '" + name + "' to be free", kLimit);
    model::Holder holder{"process", "", "", {}};
    for (int look = 0; look == 0 || patience.pause(kPause, {holder}); ++look) {
        const Result held = connection.exec_params(
            "SELECT s.active_pid, coalesce(a.application_name, '') FROM pg_replication_slots s"
            " LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid"
            " WHERE s.slot_name = $1 AND s.active_pid IS NOT NULL",
            {name});
        if (held.rows() == 0) {
            return;
        }
        holder.id = held.text(0, 0);
        holder.application = held.text(0, 1);
        if (look >= kOwnPatience && held.get(0, 1) == application) {
            connection.exec_params("SELECT pg_terminate_backend($1::int)", {held.text(0, 0)});
        }
    }
    throw Error(ErrorClass::operation, "slot.busy",
                "replication slot '" + name + "' is held by " + model::to_text(holder) +
                    ", which does not end",
                "end that connection at the source");
}

}  // namespace cutover::postgres
