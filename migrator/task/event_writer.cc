// The task's events as JSON lines: the format that README.md documents and rehearsals read.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>

#include "migrator/model/visible.h"
#include "migrator/precheck/precheck.h"
#include "migrator/task/instant_text.h"
#include "migrator/task/view.h"
#include "migrator/task/wait_json.h"

namespace cutover::task {

namespace {

using Json = nlohmann::ordered_json;

// A line stays short however many tables there are: those that are being copied matter.
constexpr std::size_t kMostTables = 50;

std::int64_t milliseconds(flow::Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string now_text() {
    return rfc3339(
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

Json of(const stage::Started& event) {
    return {{"event", "started"},
            {"task", event.task},
            {"resumed", event.resumed},
            {"epoch", event.epoch},
            {"pid", ::getpid()}};
}

Json of(const stage::PhaseStarted& event) {
    return {{"event", "phase"}, {"phase", engine::to_string(event.phase)}};
}

Json of(const stage::ChunkDone& event) {
    return {{"event", "chunk"},
            {"table", event.table},
            {"number", event.number},
            {"rows", event.rows.count},
            {"resumed", event.again}};
}

Json tables_of(std::vector<stage::TableProgress> tables) {
    if (tables.size() > kMostTables) {
        std::erase_if(tables, [](const stage::TableProgress& table) {
            return table.rows.count == 0 || table.rows >= table.rows_total;
        });
        tables.resize(std::min(tables.size(), kMostTables));
    }
    Json list = Json::array();
    for (const stage::TableProgress& table : tables) {
        list.push_back({{"table", table.table},
                        {"rows", table.rows.count},
                        {"rows_total", table.rows_total.count}});
    }
    return list;
}

Json of(const stage::FullProgress& event) {
    return {{"event", "progress"},
            {"phase", "full"},
            {"rows", event.rows.count},
            {"rows_total", event.rows_total.count},
            {"bytes", event.bytes.count},
            {"bytes_total", event.bytes_total.count},
            {"fraction", event.fraction},
            {"rows_per_second", event.rows_per_second},
            {"tables", tables_of(event.tables)},
            {"paused", event.paused}};
}

Json of(const stage::IncrementalProgress& event) {
    return {{"event", "progress"},
            {"phase", "incremental"},
            {"transactions", event.transactions},
            {"changes", event.changes},
            {"changes_per_second", event.changes_per_second},
            {"lag_ms", event.lag ? Json(milliseconds(*event.lag)) : Json()},
            {"position", event.position},
            {"consistent", event.consistent},
            {"paused", event.paused}};
}

/// Adds the end that an error came from, if it came from one.
Json with_end(Json json, std::optional<model::Side> end) {
    if (end) {
        json["end"] = model::to_string(*end);
    }
    return json;
}

Json of(const stage::Waiting& event) {
    Json json = wait_json(event.wait);
    json["event"] = "waiting";
    json["since"] = rfc3339(event.wait.since);
    return json;
}

Json of(const stage::Waited& event) {
    return {{"event", "waited"},
            {"for", event.wait.what},
            {"end", model::to_string(event.wait.side)},
            {"after_ms", milliseconds(event.after)}};
}

Json of(const stage::Retrying& event) {
    return with_end({{"event", "retry"},
                     {"class", model::to_string(event.error.error_class())},
                     {"code", event.error.code()},
                     {"message", event.error.message()},
                     {"attempt", event.attempt},
                     {"gives_up_in_seconds", milliseconds(event.gives_up_in) / 1000}},
                    event.error.side());
}

Json of(const stage::Recovered& event) {
    return with_end({{"event", "recovered"}, {"after_ms", milliseconds(event.after)}}, event.end);
}

Json of(const stage::FailoverProved& event) {
    return {{"event", "failover"}, {"proof", event.proof}};
}

Json of_finding(const model::Finding& finding, bool ignored) {
    return {{"event", "finding"},
            {"code", finding.code},
            {"severity", precheck::to_string(finding.severity)},
            {"object", finding.object},
            {"found", finding.found},
            {"why", finding.why},
            {"remedy", finding.remedy},
            {"guarantees", finding.guarantees},
            {"ignored", ignored}};
}

Json of(const stage::FindingRaised& event) {
    return of_finding(event.finding, false);
}

Json of(const stage::Failed& event) {
    return with_end({{"event", "error"},
                     {"class", model::to_string(event.error.error_class())},
                     {"code", event.error.code()},
                     {"message", event.error.message()},
                     {"hint", event.error.hint()},
                     {"position", event.position}},
                    event.error.side());
}

Json of(const stage::LateWriteSeen& event) {
    Json first = Json::array();
    for (const stage::LateWrite& write : event.late.first) {
        first.push_back({{"table", write.table}, {"change", write.change}, {"key", write.key}});
    }
    return {{"event", "late_write"},
            {"transactions", event.late.transactions},
            {"changes", event.late.changes},
            {"first", first}};
}

Json of(const stage::Ended& event) {
    return {{"event", "ended"},
            {"outcome", event.outcome},
            {"exit_code", event.exit_code},
            {"position", event.position},
            {"transactions", event.transactions},
            {"changes", event.changes}};
}

class EventWriter final : public View {
public:
    explicit EventWriter(std::ostream& out) : out_(out) {}

    void on(const stage::Event& event) override {
        write(std::visit([](const auto& one) { return of(one); }, event));
    }
    void findings(const std::vector<model::Finding>& findings, bool ignored) override {
        for (const model::Finding& finding : findings) {
            write(of_finding(finding, ignored));
        }
    }

private:
    void write(Json json) {
        const std::lock_guard lock(mutex_);
        json["at"] = now_text();
        // Names come from databases: bytes that are no UTF-8 must not end the task.
        out_ << model::visible_json(json.dump(-1, ' ', false, Json::error_handler_t::replace))
             << std::endl;
    }

    std::mutex mutex_;
    std::ostream& out_;
};

}  // namespace

std::unique_ptr<View> make_event_writer(std::ostream& out) {
    return std::make_unique<EventWriter>(out);
}

}  // namespace cutover::task
