#include "migrator/engine/postgres/capture.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/slot.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;
using nlohmann::json;

namespace {

constexpr int kFailoverSlots = 170000;
constexpr int kRowFilters = 150000;

ConnectOptions options(const plan::TaskSpec& spec, bool replication) {
    ConnectOptions out;
    out.application_name = capture_name(spec);
    out.replication = replication;
    return out;
}

/// Replica identities as they were before us, kept as the publication's comment.
json remembered_identities(Connection& connection, const std::string& publication) {
    const Result row = connection.exec_params(
        "SELECT obj_description(oid, 'pg_publication') FROM pg_publication WHERE pubname = $1",
        {publication});
    if (row.rows() == 0 || row.is_null(0, 0)) {
        return json::array();
    }
    const json parsed = json::parse(row.text(0, 0), nullptr, false);
    return parsed.is_array() ? parsed : json::array();
}

void restore_identities(Connection& connection, const json& identities) {
    for (const json& one : identities) {
        const model::ObjectName table{one.at("schema"), one.at("table")};
        const Result there = connection.exec_params("SELECT to_regclass($1) IS NOT NULL", {quote(table)});
        if (there.boolean(0, 0)) {
            connection.exec("ALTER TABLE " + quote(table) + " REPLICA IDENTITY " +
                            one.at("identity").get<std::string>());
        }
    }
}

void drop_slot(Connection& connection, const std::string& slot) {
    free_slot(connection, slot, slot);
    connection.exec_params(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", {slot});
}

std::string identity_of(const model::TableSchema& table) {
    switch (table.replica_identity) {
        case model::ReplicaIdentity::full: return "FULL";
        case model::ReplicaIdentity::nothing: return "NOTHING";
        case model::ReplicaIdentity::index:
            return "USING INDEX " + quote_identifier(table.replica_identity_index);
        case model::ReplicaIdentity::key: return "DEFAULT";
    }
    return "DEFAULT";
}

/// Sets FULL where the plan wants it; returns what has to be put back, including what an earlier attempt
/// has set already.
json set_identities(Connection& connection, const plan::TaskSpec& spec, const plan::Plan& plan,
                    json remembered) {
    for (const plan::TablePlan& table : plan.tables) {
        if (!table.sets_replica_identity) {
            continue;
        }
        if (!spec.set_replica_identity) {
            throw Error(ErrorClass::refused, "source.replica_identity",
                        "table " + table.source.display() +
                            " needs REPLICA IDENTITY FULL and the task file forbids to set it",
                        "set it by hand, or say `replica_identity: set`");
        }
        connection.exec("ALTER TABLE " + quote(table.source) + " REPLICA IDENTITY FULL");
        remembered.push_back({{"schema", table.source.schema},
                              {"table", table.source.name},
                              {"identity", identity_of(table.schema)}});
    }
    return remembered;
}

std::string publication_tables(Connection& connection, const plan::Plan& plan) {
    std::string tables;
    for (const plan::TablePlan& table : plan.tables) {
        tables += (tables.empty() ? " FOR TABLE ONLY " : ", ONLY ") + quote(table.source);
        if (!table.filter.empty()) {
            if (connection.server_version() < kRowFilters) {
                throw Error(ErrorClass::refused, "source.filter_version",
                            "table " + table.source.display() +
                                " has a filter, which the log of this server version cannot apply",
                            "use PostgreSQL 15 or later, or leave the incremental phase out");
            }
            tables += " WHERE (" + table.filter + ")";
        }
    }
    return tables;
}

void create_publication(Connection& connection, const plan::TaskSpec& spec, const plan::Plan& plan) {
    const std::string name = capture_name(spec);
    json remembered = remembered_identities(connection, name);
    connection.exec("BEGIN; SET LOCAL lock_timeout = '15s'");
    try {
        connection.exec("DROP PUBLICATION IF EXISTS " + quote_identifier(name));
        remembered = set_identities(connection, spec, plan, std::move(remembered));
        connection.exec("CREATE PUBLICATION " + quote_identifier(name) +
                        publication_tables(connection, plan) +
                        " WITH (publish_via_partition_root = false)");
        connection.exec("COMMENT ON PUBLICATION " + quote_identifier(name) + " IS " +
                        connection.quote_literal(remembered.dump()));
        connection.exec("COMMIT");
    } catch (const Error&) {
        connection.rollback();
        throw;
    }
}

std::string stamp_of(const plan::TaskSpec& spec, const std::string& snapshot) {
    Connection reader = Connection::open(spec.source, options(spec, false));
    reader.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    reader.exec("SET TRANSACTION SNAPSHOT " + reader.quote_literal(snapshot));
    const Result row = reader.exec("SELECT pg_current_snapshot()");
    return row.text(0, 0);
}

/// Nothing to prove on the timeline that `applied` was read from; on another one it must be part of the
/// server's past.
engine::CaptureProof prove_history(Connection& replication, const ServerIdentity& now,
                                   const std::string& server, LogPoint applied) {
    if (now.timeline == applied.timeline) {
        return {};
    }
    const TimelineHistory history = read_history(replication, now.timeline);
    const std::optional<Lsn> left = history.end_of(applied.timeline);
    if (!history.holds(applied)) {
        throw Error(ErrorClass::corrupt, "source.behind",
                    fmt::format("the server {} on timeline {} has lost what was applied: it left timeline {} at "
                                "{}, the last applied position is {}",
                                server, now.timeline, applied.timeline,
                                left ? to_text(*left) : "no known point", to_text(applied.lsn)),
                    "the destination is ahead of the source; verify it, then release the task and migrate anew");
    }
    return {true, fmt::format("system identifier {} is the same; timeline {} was left for {} at {}, and the last "
                              "applied position {} lies before that",
                              now.system, applied.timeline, now.timeline, to_text(*left),
                              to_text(applied.lsn))};
}

}  // namespace

std::string capture_name(const plan::TaskSpec& spec) { return "cutover_" + spec.name; }

CreatedCapture create_capture(const plan::TaskSpec& spec, const plan::Plan& plan) {
    const std::string name = capture_name(spec);
    Connection connection = Connection::open(spec.source, options(spec, false));
    drop_slot(connection, name);
    create_publication(connection, spec, plan);

    Connection replication = Connection::open(spec.source, options(spec, true));
    const ServerIdentity identification = identify(replication);
    const bool failover = connection.server_version() >= kFailoverSlots;
    const Result slot = replication.exec("CREATE_REPLICATION_SLOT " + quote_identifier(name) +
                                         " LOGICAL pgoutput (SNAPSHOT 'export'" +
                                         (failover ? ", FAILOVER true)" : ")"));
    const std::optional<Lsn> start = parse_lsn(slot.get(0, 1));
    if (!start) {
        throw Error(ErrorClass::corrupt, "slot.start", "the server gave no start for slot '" + name + "'");
    }
    const std::string snapshot = slot.text(0, 2);
    CreatedCapture created;
    created.origin.identity = json{{"system", identification.system},
                                   {"timeline", identification.timeline},
                                   {"slot", name},
                                   {"birth", to_text(*start)},
                                   {"failover", failover}}
                                  .dump();
    created.origin.start = to_position({identification.timeline, *start});
    created.live =
        std::make_unique<LiveCapture>(std::move(replication), snapshot, stamp_of(spec, snapshot));
    return created;
}

engine::CaptureProof verify_capture(const plan::TaskSpec& spec, const engine::CaptureOrigin& origin,
                                    LogPoint applied) {
    const json born = json::parse(origin.identity);
    const std::string name = born.at("slot");
    Connection replication = Connection::open(spec.source, options(spec, true));
    const ServerIdentity now = identify(replication);
    Connection connection = Connection::open(spec.source, options(spec, false));
    const std::string server = server_name(connection);
    if (now.system != born.at("system").get<std::string>()) {
        throw Error(ErrorClass::refused, "source.another",
                    "the server " + server + " is not the one the task began with: system identifier " +
                        now.system + " instead of " + born.at("system").get<std::string>() +
                        "; the last applied position is " + to_text(applied.lsn),
                    "point the task at the original server or at a standby made from it");
    }
    engine::CaptureProof proof = prove_history(replication, now, server, applied);
    const std::optional<SlotState> slot = read_slot(connection, name);
    require_slot_reaches(slot, name, server, connection.server_version(), spec.source.database, applied);
    if (proof.failed_over) {
        proof.text += ", slot '" + name + "' is there and stands at " + to_text(*slot->confirmed);
    }
    return proof;
}

void drop_capture(const plan::TaskSpec& spec) {
    const std::string name = capture_name(spec);
    Connection connection = Connection::open(spec.source, options(spec, false));
    drop_slot(connection, name);
    restore_identities(connection, remembered_identities(connection, name));
    connection.exec("DROP PUBLICATION IF EXISTS " + quote_identifier(name));
}

}  // namespace cutover::postgres
