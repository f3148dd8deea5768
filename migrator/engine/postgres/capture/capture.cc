#include "migrator/engine/postgres/capture/capture.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "migrator/engine/postgres/capture/identity_turn.h"
#include "migrator/engine/postgres/capture/publication.h"
#include "migrator/engine/postgres/capture/slot.h"
#include "migrator/engine/postgres/capture/slot_copies.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;
using nlohmann::json;

namespace {

/// A new slot waits for every transaction that runs, and those that come meanwhile, to end.
constexpr std::chrono::minutes kSlotPatience(3);
/// A standby looks for new slots at least every 30 s.
constexpr std::chrono::seconds kCopiesPatience(75);

ConnectOptions options(const plan::TaskSpec& spec, const Attention& attention, bool replication) {
    ConnectOptions out;
    out.attention = attention;
    out.application_name = capture_name(spec);
    out.replication = replication;
    return out;
}

/// Only ours is replaced: one that somebody else has made under the same name is not touched.
void drop_slot(Connection& connection, const plan::TaskSpec& spec) {
    const std::string name = capture_name(spec);
    const std::optional<SlotState> slot = read_slot(connection, name);
    if (!slot) {
        return;
    }
    if (!slot->logical || slot->plugin != "pgoutput" || slot->database != spec.source.database) {
        throw Error(
            ErrorClass::refused, "slot.foreign",
            fmt::format(
                "a replication slot '{}' that is not this task's is in the way (plugin '{}', "
                "database '{}')",
                name, slot->plugin, slot->database),
            "remove that slot, or give the task another name");
    }
    free_slot(connection, name, name);
    connection.exec_params("SELECT pg_drop_replication_slot($1)", {name});
}

/// Of the plan's tables, by oid: the files that hold their rows, and what they are called.
struct TablesAtStart {
    json files = json::object();
    json names = json::object();
};

TablesAtStart read_tables_at_start(Connection& connection, const plan::Plan& plan) {
    std::vector<model::ObjectName> names;
    for (const plan::TablePlan& table : plan.tables) {
        names.push_back(table.source);
    }
    const Result rows = connection.exec(
        "SELECT c.oid::bigint, coalesce(pg_relation_filenode(c.oid), 0)::bigint, v.at FROM " +
        names_as_rows(connection, names, 0, names.size(), "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema"
        " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.name");
    TablesAtStart out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.files[rows.text(row, 0)] = rows.integer(row, 1);
        out.names[rows.text(row, 0)] = names[rows.index(row, 2, names.size())].display();
    }
    return out;
}

std::string stamp_of(const plan::TaskSpec& spec, const Attention& attention,
                     const std::string& snapshot) {
    Connection reader = Connection::open(spec.source, options(spec, attention, false));
    reader.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    reader.exec("SET TRANSACTION SNAPSHOT " + reader.quote_literal(snapshot));
    const Result row = reader.exec("SELECT pg_current_snapshot()");
    return row.text(0, 0);
}

/// CREATE_REPLICATION_SLOT on a connection of its own, which then holds the view. A temporary slot
/// is named after the server's process for it: that of a link which is half open may still be
/// there.
std::unique_ptr<SlotView> make_slot(const plan::TaskSpec& spec, const Attention& attention,
                                    bool temporary, bool with_view) {
    Connection replication = Connection::open(spec.source, options(spec, attention, true));
    const ServerIdentity server = identify(replication);
    const std::string name =
        capture_name(spec) + (temporary ? fmt::format("_v{}", replication.server_process()) : "");
    const bool failover = !temporary && replication.server_version() >= kFailoverSlots;
    const std::string sql = "CREATE_REPLICATION_SLOT " + quote_identifier(name) +
                            (temporary ? " TEMPORARY" : "") + " LOGICAL pgoutput (SNAPSHOT " +
                            (with_view ? "'export'" : "'nothing'") +
                            (failover ? ", FAILOVER true)" : ")");
    replication.set_purpose("replication slot '" + name +
                            "' to begin, once every transaction that ran before it has ended");
    std::optional<Result> slot = replication.exec_within(sql, kSlotPatience);
    if (!slot) {
        Connection session = Connection::open(spec.source, options(spec, attention, false));
        throw Error(
            ErrorClass::operation, "slot.waits",
            "replication slot '" + name + "' cannot be made while old transactions run: " +
                model::to_text(writers_older_than(session, std::chrono::seconds(10))),
            "a slot begins when every transaction that runs at the time has ended: end those");
    }
    const std::optional<Lsn> start = parse_lsn(slot->get(0, 1));
    if (!start) {
        throw Error(ErrorClass::corrupt, "slot.start",
                    "the server gave no start for slot '" + name + "'");
    }
    const std::string snapshot = with_view ? slot->text(0, 2) : "";
    std::string stamp = with_view ? stamp_of(spec, attention, snapshot) : "";
    return std::make_unique<SlotView>(std::move(replication), snapshot, std::move(stamp),
                                      LogPoint{server.timeline, *start});
}

Lsn where_it_stands(Connection& connection, const std::string& name) {
    const std::optional<SlotState> slot = read_slot(connection, name);
    if (!slot || !slot->confirmed) {
        throw Error(ErrorClass::operation, "slot.lost",
                    "replication slot '" + name + "' was dropped while it was being prepared");
    }
    return *slot->confirmed;
}

Error damaged_record() {
    return Error(ErrorClass::corrupt, "task.state",
                 "the task's record of its capture cannot be read",
                 "the task's stored state is damaged: release the task and migrate anew")
        .at(model::Side::neither);
}

json parsed(const engine::CaptureOrigin& origin) {
    json out = json::parse(origin.identity, nullptr, false);
    if (!out.is_object() || !out.contains("system") || !out["system"].is_string()) {
        throw damaged_record();
    }
    return out;
}

std::uint32_t oid_of(const std::string& key) {
    std::uint32_t oid = 0;
    const auto read = std::from_chars(key.data(), key.data() + key.size(), oid);
    if (read.ec != std::errc() || read.ptr != key.data() + key.size()) {
        throw damaged_record();
    }
    return oid;
}

/// What the record keeps per table, by its oid, under `name`.
template <typename Value>
std::map<std::uint32_t, Value> by_table(const json& record, const char* name) {
    std::map<std::uint32_t, Value> out;
    try {
        const json tables = record.value(name, json::object());
        for (const auto& [key, value] : tables.items()) {
            out[oid_of(key)] = value.template get<Value>();
        }
    } catch (const json::exception&) {
        throw damaged_record();
    }
    return out;
}

/// Nothing to prove on the timeline that `applied` was read from; on another one it must be part of
/// the server's past.
engine::CaptureProof prove_history(const TimelineHistory& history, const std::string& system,
                                   const std::string& server, LogPoint applied) {
    if (history.current() == applied.timeline) {
        return {};
    }
    const std::optional<Lsn> left = history.end_of(applied.timeline);
    if (!history.holds(applied)) {
        throw Error(
            ErrorClass::corrupt, "source.behind",
            fmt::format(
                "the server {} on timeline {} has lost what was applied: it left timeline {} at "
                "{}, the last applied position is {}",
                server, history.current(), applied.timeline,
                left ? to_text(*left) : "no known point", to_text(applied.lsn)),
            "the destination is ahead of the source; verify it, then release the task and migrate "
            "anew");
    }
    return {true,
            fmt::format(
                "system identifier {} is the same; timeline {} was left for {} at {}, and the last "
                "applied position {} lies before that",
                system, applied.timeline, history.current(), to_text(*left), to_text(applied.lsn))};
}

json entries_of(Connection& connection, const std::string& name) {
    json out = json::object();
    for (const auto& [oid, entry] : publication_entries(connection, name)) {
        out[std::to_string(oid)] = entry;
    }
    return out;
}

/// Tables may have been dropped since. None may have been taken out, be it for a moment: what was
/// written meanwhile is not in the log.
void require_entries(Connection& connection, const std::string& name,
                     const std::map<std::uint32_t, std::string>& then) {
    const std::map<std::uint32_t, std::string> now = publication_entries(connection, name);
    for (const auto& [oid, entry] : then) {
        const auto found = now.find(oid);
        const bool dropped =
            oid != 0 && found == now.end() &&
            connection.exec_params("SELECT FROM pg_class WHERE oid = $1", {std::to_string(oid)})
                    .rows() == 0;
        if (!dropped && (found == now.end() || found->second != entry)) {
            throw Error(ErrorClass::refused, "publication.changed",
                        "publication '" + name +
                            "' is not what it was: a table was taken out of it, or it publishes "
                            "other rows or operations",
                        "changes since then may not be in the log: release the task and migrate "
                        "anew");
        }
    }
}

IdentityTurn identity_turn(const plan::TaskSpec& spec, const Connection& beside) {
    return IdentityTurn(
        Connection::open(beside.same_host(spec.source), options(spec, beside.attention(), false)));
}

}  // namespace

std::string capture_name(const plan::TaskSpec& spec) {
    return "cutover_" + spec.name;
}

bool reads_standby(const plan::TaskSpec& spec) {
    return !spec.phases.incremental && spec.source.hosts.size() == 1;
}

CreatedCapture create_capture(const plan::TaskSpec& spec, const plan::Plan& plan,
                              const Attention& attention) {
    const std::string name = capture_name(spec);
    Connection connection = Connection::open(spec.source, options(spec, attention, false));
    require_own_publication(connection, name, spec.destination);
    drop_slot(connection, spec);
    IdentityTurn turn = identity_turn(spec, connection);
    create_publication(connection, name, plan);
    turn.end();
    // Before the slot: a table that is rewritten after this is noticed, whenever that was.
    const TablesAtStart tables = read_tables_at_start(connection, plan);
    const std::string mark = publication_mark(connection, name);

    Connection replication = Connection::open(spec.source, options(spec, attention, true));
    const ServerIdentity server = identify(replication);
    CreatedCapture created;
    SlotKeepers keepers(spec.source, attention);
    created.view = make_slot(spec, attention, false, spec.phases.full && keepers.empty());
    LogPoint start = created.view->start();
    if (!keepers.empty()) {
        keepers.wait_for_copies(connection, spec.source, name, kCopiesPatience);
        start.lsn = where_it_stands(connection, name);
    }
    created.origin.start = to_position(start);
    created.origin.identity = json{{"system", server.system},
                                   {"timeline", start.timeline},
                                   {"slot", name},
                                   {"birth", created.origin.start.text},
                                   {"publication", mark},
                                   {"files", tables.files},
                                   {"tables", tables.names},
                                   {"entries", entries_of(connection, name)}}
                                  .dump();
    return created;
}

namespace {

/// How often the tables are looked for until none of them is renamed or dropped meanwhile.
constexpr int kMostLooks = 20;

/// Brings the publication to those tables of the plan that are still at the source under their
/// names, and returns these: what has been renamed or dropped since is the next change's.
json publish_what_is_there(Connection& connection, const std::string& publication,
                           const plan::Plan& plan,
                           const std::map<std::uint32_t, std::string>& was) {
    for (int look = 1;; ++look) {
        const json names = read_tables_at_start(connection, plan).names;
        plan::Plan there = plan;
        std::erase_if(there.tables, [&](const plan::TablePlan& table) {
            return !names.contains(std::to_string(table.schema.number));
        });
        try {
            extend_publication(connection, publication, there, was);
        } catch (const Error& error) {
            if (look == kMostLooks ||
                (error.code() != "table.changed" && !has_state(error, "42P01"))) {
                throw;
            }
            continue;
        }
        if (read_tables_at_start(connection, plan).names == names) {
            return names;
        }
        if (look == kMostLooks) {
            throw Error(ErrorClass::operation, "schema.moving",
                        "the source's tables are renamed or dropped faster than they can be "
                        "published");
        }
    }
}

}  // namespace

engine::CaptureOrigin extend_capture(const plan::TaskSpec& spec, const plan::Plan& plan,
                                     const engine::CaptureOrigin& origin,
                                     const Attention& attention) {
    json born = parsed(origin);
    const std::string name = capture_name(spec);
    Connection connection = Connection::open(spec.source, options(spec, attention, false));
    require_entries(connection, name, by_table<std::string>(born, "entries"));
    IdentityTurn turn = identity_turn(spec, connection);
    // Tables that are new have no file: what a view of before shows of them is not known.
    born["tables"] =
        publish_what_is_there(connection, name, plan, by_table<std::string>(born, "tables"));
    turn.end();
    born["publication"] = publication_mark(connection, name);
    born["entries"] = entries_of(connection, name);
    return {born.dump(), origin.start};
}

std::unique_ptr<SlotView> open_slot_view(const plan::TaskSpec& spec, const Attention& attention) {
    return make_slot(spec, attention, true, true);
}

HeapFiles heap_files(const engine::CaptureOrigin& origin) {
    return by_table<std::uint64_t>(parsed(origin), "files");
}

PublicationAtStart publication_at_start(const engine::CaptureOrigin& origin) {
    const json born = parsed(origin);
    const json mark = born.value("publication", json(""));
    if (!mark.is_string()) {
        throw damaged_record();
    }
    return {mark.get<std::string>(), by_table<std::string>(born, "tables")};
}

VerifiedCapture verify_capture(const plan::TaskSpec& spec, const engine::CaptureOrigin& origin,
                               LogPoint applied, const Attention& attention) {
    const json born = parsed(origin);
    const std::string name = capture_name(spec);
    Connection replication = Connection::open(spec.source, options(spec, attention, true));
    const ServerIdentity now = identify(replication);
    Connection connection =
        Connection::open(replication.same_host(spec.source), options(spec, attention, false));
    const std::string server = server_name(connection);
    if (now.system != born["system"].get<std::string>()) {
        throw Error(ErrorClass::refused, "source.another",
                    "the server " + server +
                        " is not the one the task began with: system identifier " + now.system +
                        " instead of " + born["system"].get<std::string>() +
                        "; the last applied position is " + to_text(applied.lsn),
                    "point the task at the original server or at a standby made from it");
    }
    VerifiedCapture out;
    out.history = read_history(replication, now.timeline);
    out.proof = prove_history(out.history, now.system, server, applied);
    const std::optional<SlotState> slot = read_slot(connection, name);
    require_slot_reaches(slot, name, server, connection.server_version(), spec.source.database,
                         applied);
    require_publication(connection, name, publication_at_start(origin));
    if (out.proof.failed_over) {
        out.proof.text +=
            ", slot '" + name + "' is there and stands at " + to_text(*slot->confirmed);
    }
    return out;
}

void drop_capture(const plan::TaskSpec& spec, const Attention& attention) {
    Connection connection = Connection::open(spec.source, options(spec, attention, false));
    require_own_publication(connection, capture_name(spec), spec.destination);
    drop_slot(connection, spec);
    IdentityTurn turn = identity_turn(spec, connection);
    drop_publication(connection, capture_name(spec));
    turn.end();
}

}  // namespace cutover::postgres
