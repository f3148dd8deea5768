#include "migrator/task/cutover_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "migrator/model/error.h"
#include "migrator/task/instant_text.h"

namespace cutover::task {

using engine::SourceWriter;
using stage::LateWrite;
using stage::LateWrites;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kKeptSessions = 20;
constexpr std::size_t kNamed = 5;

std::int64_t number_of(model::Instant at) {
    return at.time_since_epoch().count();
}

model::Instant instant(const Json& json, const char* key) {
    return model::Instant(std::chrono::microseconds(json.value(key, std::int64_t{0})));
}

double seconds(flow::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string clock_text(model::Instant at) {
    return rfc3339(at).substr(0, 19) + " UTC";
}

Json json_of(const NotedSession& session) {
    const SourceWriter& writer = session.writer;
    Json wrote = Json::array();
    for (const model::ObjectName& table : writer.wrote) {
        wrote.push_back({{"schema", table.schema}, {"name", table.name}});
    }
    return {{"kind", writer.kind == SourceWriter::Kind::prepared ? "prepared" : "session"},
            {"id", writer.id},
            {"application", writer.application},
            {"user", writer.user},
            {"since_us", writer.since ? Json(number_of(*writer.since)) : Json()},
            {"wrote", std::move(wrote)},
            {"wrote_total", session.tables_total}};
}

NotedSession session_from(const Json& json) {
    SourceWriter writer;
    writer.kind = json.value("kind", "") == "prepared" ? SourceWriter::Kind::prepared
                                                       : SourceWriter::Kind::session;
    writer.id = json.value("id", "");
    writer.application = json.value("application", "");
    writer.user = json.value("user", "");
    if (json.contains("since_us") && json["since_us"].is_number()) {
        writer.since = instant(json, "since_us");
    }
    for (const Json& table : json.value("wrote", Json::array())) {
        writer.wrote.push_back({table.value("schema", ""), table.value("name", "")});
    }
    const std::uint64_t known = writer.wrote.size();
    return {std::move(writer), json.value("wrote_total", known)};
}

Json json_of(const LateWrites& late) {
    Json first = Json::array();
    for (const LateWrite& write : late.first) {
        first.push_back({{"table", write.table},
                         {"change", write.change},
                         {"key", write.key},
                         {"position", write.position},
                         {"committed_us", number_of(write.committed)}});
    }
    return {{"transactions", late.transactions},
            {"changes", late.changes},
            {"read_to", late.read_to.text},
            {"complete", late.complete},
            {"first", std::move(first)}};
}

LateWrites late_from(const Json& json) {
    LateWrites late;
    late.transactions = json.value("transactions", std::uint64_t{0});
    late.changes = json.value("changes", std::uint64_t{0});
    late.read_to.text = json.value("read_to", "");
    late.complete = json.value("complete", false);
    for (const Json& write : json.value("first", Json::array())) {
        late.first.push_back({write.value("table", ""), write.value("change", ""),
                              write.value("key", ""), write.value("position", ""),
                              instant(write, "committed_us")});
    }
    return late;
}

std::string watch_line(const CutoverEvidence& evidence) {
    if (!evidence.watched && evidence.watch_ended.empty()) {
        return "after the fence: the process that cut over had not said yet what it saw";
    }
    if (!evidence.watch_ended.empty()) {
        return "after the fence: the log could not be read on: " + evidence.watch_ended;
    }
    return fmt::format("after the fence: the log was read for {:.1f} s, up to {}",
                       seconds(evidence.watch), evidence.late.read_to.text);
}

}  // namespace

void note_sessions(CutoverEvidence& evidence, std::vector<SourceWriter> writers) {
    evidence.sessions_total = writers.size();
    writers.resize(std::min(writers.size(), kKeptSessions));
    evidence.sessions.clear();
    for (SourceWriter& writer : writers) {
        const std::uint64_t tables = writer.wrote.size();
        writer.wrote.resize(std::min(writer.wrote.size(), kNamed));
        evidence.sessions.push_back({std::move(writer), tables});
    }
}

std::string to_json(const CutoverEvidence& evidence) {
    Json sessions = Json::array();
    for (const NotedSession& session : evidence.sessions) {
        sessions.push_back(json_of(session));
    }
    const Json json = {{"position", evidence.position},
                       {"quiet_from", evidence.quiet_from},
                       {"quiet_since_us", number_of(evidence.quiet_since)},
                       {"quiet_until_us", number_of(evidence.quiet_until)},
                       {"quiet_seconds", seconds(evidence.quiet_until - evidence.quiet_since)},
                       {"asked_us", number_of(evidence.asked)},
                       {"source_fence", evidence.source_fence},
                       {"sessions", std::move(sessions)},
                       {"sessions_total", evidence.sessions_total},
                       {"fenced_us", number_of(evidence.fenced)},
                       {"watched", evidence.watched},
                       {"watch_seconds", seconds(evidence.watch)},
                       {"watch_ended", evidence.watch_ended},
                       {"late", json_of(evidence.late)}};
    // Names come from databases: bytes that are no UTF-8 must not end the task.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

namespace {

CutoverEvidence read(const Json& json) {
    CutoverEvidence evidence;
    evidence.position = json.value("position", "");
    evidence.quiet_from = json.value("quiet_from", "");
    evidence.quiet_since = instant(json, "quiet_since_us");
    evidence.quiet_until = instant(json, "quiet_until_us");
    evidence.asked = instant(json, "asked_us");
    evidence.source_fence = json.value("source_fence", "");
    for (const Json& session : json.value("sessions", Json::array())) {
        evidence.sessions.push_back(session_from(session));
    }
    evidence.sessions_total = json.value("sessions_total", std::uint64_t{0});
    evidence.fenced = instant(json, "fenced_us");
    evidence.watched = json.value("watched", false);
    constexpr double kLongestWatch = 1e9;  // seconds; more fits no clock
    evidence.watch = flow::Duration(static_cast<std::int64_t>(
        std::clamp(json.value("watch_seconds", 0.0), 0.0, kLongestWatch) * 1e6));
    evidence.watch_ended = json.value("watch_ended", "");
    evidence.late = late_from(json.value("late", Json::object()));
    return evidence;
}

}  // namespace

/// It comes back from a server: what nobody of us has written there is no proof of anything.
std::optional<CutoverEvidence> evidence_from(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("position")) {
        return std::nullopt;
    }
    try {
        return read(json);
    } catch (const Json::exception& error) {
        throw model::Error(
            model::ErrorClass::corrupt, "control.damaged",
            std::string("the stored evidence of the cutover is damaged: ") + error.what(),
            "somebody else has written into the schema cutover at the destination: "
            "find out who");
    }
}

namespace {

/// Of `total` tables the first few are at hand.
std::string describe(const SourceWriter& writer, std::uint64_t total) {
    std::string text =
        writer.kind == SourceWriter::Kind::prepared
            ? fmt::format("prepared transaction '{}' (", writer.id)
            : fmt::format("process {} (application '{}', ", writer.id, writer.application);
    text += "user " + (writer.user.empty() ? std::string("unknown") : writer.user);
    text += writer.since ? ", since " + clock_text(*writer.since)
                         : ", since a time that this account may not see";
    const std::size_t named = std::min(writer.wrote.size(), kNamed);
    for (std::size_t at = 0; at < named; ++at) {
        text += (at == 0           ? ", has written to "
                 : at + 1 == total ? " and "
                                   : ", ") +
                writer.wrote[at].display();
    }
    return text + (total > named ? fmt::format(" and {} more tables)", total - named) : ")");
}

/// The first few of `total`.
template <typename One, typename Describe>
std::string describe_some(const std::vector<One>& all, std::uint64_t total,
                          const Describe& describe_one) {
    std::string text;
    const std::size_t named = std::min(all.size(), kNamed);
    for (std::size_t at = 0; at < named; ++at) {
        text += (at == 0 ? "" : "; ") + describe_one(all[at]);
    }
    return text + (total > named ? fmt::format("; and {} more", total - named) : "");
}

std::string sessions_text(const CutoverEvidence& evidence) {
    return describe_some(evidence.sessions, evidence.sessions_total, [](const NotedSession& one) {
        return describe(one.writer, one.tables_total);
    });
}

}  // namespace

std::string describe(const SourceWriter& writer) {
    return describe(writer, writer.wrote.size());
}

std::string describe(const std::vector<SourceWriter>& writers) {
    return describe_some(writers, writers.size(),
                         [](const SourceWriter& one) { return describe(one); });
}

std::vector<std::string> late_lines(const LateWrites& late) {
    if (late.transactions == 0) {
        return {};
    }
    std::vector<std::string> out = {fmt::format(
        "LATE WRITE: {} transactions with {} changes came at the source after the cutover; the "
        "destination lacks them",
        late.transactions, late.changes)};
    for (const LateWrite& write : late.first) {
        out.push_back(fmt::format("  {} {}{} at {}, committed {}", write.change, write.table,
                                  write.key.empty() ? "" : " (" + write.key + ")", write.position,
                                  clock_text(write.committed)));
    }
    return out;
}

std::vector<std::string> lines(const CutoverEvidence& evidence) {
    std::vector<std::string> out = late_lines(evidence.late);
    if (out.empty()) {
        out.push_back("cut over: the destination has everything up to " + evidence.position +
                      (evidence.watched ? ", and nothing came after" : ""));
    }
    out.push_back(
        fmt::format("before the fence: the log was read for {:.1f} s behind {}, and no "
                    "change of the task's tables was in it",
                    seconds(evidence.quiet_until - evidence.quiet_since), evidence.quiet_from));
    out.push_back("no transaction that had written to them was open or prepared");
    out.push_back(evidence.source_fence.empty()
                      ? "source fence: none; whoever may write there still can"
                      : "source fence: " + evidence.source_fence +
                            "; until `cutover release` lifts them");
    out.push_back(watch_line(evidence));
    out.push_back(evidence.sessions_total == 0
                      ? "sessions of others in the source database: none"
                      : fmt::format("sessions of others in the source database: {}: {}",
                                    evidence.sessions_total, sessions_text(evidence)));
    return out;
}

}  // namespace cutover::task
