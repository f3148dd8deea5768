#include "scenarios/evidence/journal.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

namespace cutover::scenarios {

namespace {

using nlohmann::json;

std::string words_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
        return {};
    }
    return found->is_string() ? found->get<std::string>() : found->dump();
}

template <typename Number>
Number number_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<Number>() : Number{};
}

model::Severity severity_of(const std::string& text) {
    if (text == "block") {
        return model::Severity::block;
    }
    if (text == "alert") {
        return model::Severity::alert;
    }
    return text == "alert_ignorable" ? model::Severity::alert_ignorable : model::Severity::note;
}

}  // namespace

Instant wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

Instant parse_instant(const std::string& text) {
    std::tm parts{};
    int micros = 0;
    const int read =
        std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%6dZ", &parts.tm_year, &parts.tm_mon,
                    &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &micros);
    if (read < 6) {
        return {};
    }
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return Instant(std::chrono::seconds(::timegm(&parts))) + std::chrono::microseconds(micros);
}

struct Journal::Line {
    json object;
    Instant at;
    std::uint32_t process;

    std::string text(const char* key) const { return words_of(object, key); }
    std::uint64_t count(const char* key) const { return number_of<std::uint64_t>(object, key); }
    bool flag(const char* key) const { return object.value(key, json(false)) == json(true); }
};

void Journal::process_started(const std::string& log_file) {
    observed_.failing = false;
    ProcessRun run;
    run.number = static_cast<std::uint32_t>(evidence_.processes.size() + 1);
    run.started = wall_now();
    run.log_file = log_file;
    evidence_.processes.push_back(std::move(run));
    alive_again_ = false;
    observed_.ended = false;
}

void Journal::process_ended(std::optional<int> exit_code, std::optional<int> signal,
                            bool kill_ordered) {
    run().ended = wall_now();
    run().exit_code = exit_code;
    run().signal = signal;
    // A process that came to its own end before the kill reached it was not killed.
    run().killed_by_us = kill_ordered && signal == SIGKILL;
    observed_.ended = !run().killed_by_us;
    observed_.lag.reset();
    observed_.consistent = false;
}

void Journal::process_frozen() {
    run().ended = wall_now();
    run().frozen_by_us = true;
    observed_.ended = false;
    observed_.lag.reset();
    observed_.consistent = false;
}

void Journal::line(const std::string& text) {
    json object = json::parse(text, nullptr, false);
    const std::uint32_t process = run().number;
    if (!object.is_object()) {
        evidence_.events.push_back({wall_now(), process, "text", text});
        return;
    }
    const Instant said = parse_instant(words_of(object, "at"));
    const Line line{std::move(object), said == Instant{} ? wall_now() : said, process};
    const std::string event = line.text("event");
    if (event != "progress" && event != "chunk") {
        evidence_.events.push_back({line.at, process, event, text});
    }
    using Handler = void (Journal::*)(const Line&);
    static const std::map<std::string, Handler> kHandlers = {
        {"started", &Journal::on_started},       {"phase", &Journal::on_phase},
        {"progress", &Journal::on_progress},     {"chunk", &Journal::on_chunk},
        {"retry", &Journal::on_retry},           {"recovered", &Journal::on_recovered},
        {"failover", &Journal::on_failover},     {"error", &Journal::on_error},
        {"finding", &Journal::on_finding},       {"ended", &Journal::on_ended},
        {"sync_point", &Journal::on_sync_point},
    };
    const auto handler = kHandlers.find(event);
    if (handler != kHandlers.end()) {
        (this->*handler->second)(line);
    }
}

void Journal::on_started(const Line& line) {
    run().resumed = line.flag("resumed");
    run().epoch = line.count("epoch");
    if (!run().resumed) {
        return;
    }
    Resume resume;
    resume.process = line.process;
    resume.at = line.at;
    resume.phase = observed_.phase;
    resume.chunks_done_before = evidence_.chunks.size();
    for (const ChunkCopied& chunk : evidence_.chunks) {
        resume.rows_done_before += chunk.rows;
    }
    evidence_.resumes.push_back(std::move(resume));
}

void Journal::on_phase(const Line& line) {
    const std::string phase = line.text("phase");
    evidence_.phases.push_back({line.at, line.process, phase});
    if (phase_rank(phase) >= phase_rank(observed_.phase)) {
        observed_.phase = phase;
    }
}

void Journal::on_progress(const Line& line) {
    Sample sample;
    sample.at = line.at;
    sample.process = line.process;
    sample.phase = line.text("phase");
    if (sample.phase == "full") {
        sample.rows = line.count("rows");
        sample.rows_total = line.count("rows_total");
        sample.bytes = line.count("bytes");
        sample.bytes_total = line.count("bytes_total");
        sample.fraction = number_of<double>(line.object, "fraction");
        sample.per_second = number_of<double>(line.object, "rows_per_second");
        observed_.fraction = std::max(observed_.fraction, sample.fraction);
    } else {
        sample.transactions = line.count("transactions");
        sample.changes = line.count("changes");
        sample.per_second = number_of<double>(line.object, "changes_per_second");
        if (line.object.contains("lag_ms") && line.object["lag_ms"].is_number()) {
            sample.lag = std::chrono::milliseconds(number_of<std::int64_t>(line.object, "lag_ms"));
        }
        observed_.transactions = std::max(observed_.transactions, sample.transactions);
        observed_.lag = sample.lag;
        observed_.consistent = line.flag("consistent");
        run().position = line.text("position");
    }
    showed_life(line.at);
    evidence_.samples.push_back(std::move(sample));
}

void Journal::on_chunk(const Line& line) {
    ChunkCopied chunk;
    chunk.at = line.at;
    chunk.process = line.process;
    chunk.table = line.text("table");
    chunk.number = static_cast<std::uint32_t>(line.count("number"));
    chunk.rows = line.count("rows");
    chunk.resumed = line.flag("resumed");
    evidence_.chunks.push_back(std::move(chunk));
    observed_.chunks = evidence_.chunks.size();
    showed_life(line.at);
}

void Journal::on_retry(const Line& line) {
    Retry retry;
    retry.at = line.at;
    retry.process = line.process;
    retry.error_class = line.text("class");
    retry.code = line.text("code");
    retry.message = line.text("message");
    retry.attempt = static_cast<std::uint32_t>(line.count("attempt"));
    retry.end = line.text("end");
    evidence_.retries.push_back(std::move(retry));
    observed_.failing = true;
}

void Journal::on_recovered(const Line& line) {
    evidence_.recoveries.push_back(
        {line.at, line.process, std::chrono::milliseconds(line.count("after_ms"))});
    observed_.recoveries = evidence_.recoveries.size();
    observed_.failing = false;
    for (Retry& retry : evidence_.retries) {
        // What a process that was killed had been waiting for, nobody has seen come back.
        if (!retry.recovered && retry.process == line.process) {
            retry.recovered = line.at;
        }
    }
}

void Journal::on_failover(const Line& line) {
    evidence_.failovers.push_back({line.at, line.process, line.text("proof")});
}

void Journal::on_error(const Line& line) {
    evidence_.errors.push_back({line.at, line.process, line.text("class"), line.text("code"),
                                line.text("message"), line.text("hint"), line.text("position"),
                                line.text("end")});
}

void Journal::on_finding(const Line& line) {
    FindingRecord record;
    record.finding.code = line.text("code");
    record.finding.severity = severity_of(line.text("severity"));
    record.finding.object = line.text("object");
    record.finding.found = line.text("found");
    record.finding.why = line.text("why");
    record.finding.remedy = line.text("remedy");
    record.ignored = line.flag("ignored");
    // Every process says its findings again; one mention is enough.
    const bool known = std::any_of(evidence_.findings.begin(), evidence_.findings.end(),
                                   [&](const FindingRecord& other) {
                                       return other.finding.code == record.finding.code &&
                                              other.finding.object == record.finding.object;
                                   });
    if (!known) {
        evidence_.findings.push_back(std::move(record));
    }
}

void Journal::on_ended(const Line& line) {
    run().outcome = line.text("outcome");
    if (const std::string position = line.text("position"); !position.empty()) {
        run().position = position;
    }
}

void Journal::on_sync_point(const Line& line) {
    run().sync_point = line.text("point") + ":" + line.text("pass");
}

void Journal::showed_life(Instant at) {
    if (std::exchange(alive_again_, true)) {
        return;
    }
    if (!evidence_.resumes.empty() && evidence_.resumes.back().process == run().number) {
        evidence_.resumes.back().first_progress_after =
            std::chrono::duration_cast<std::chrono::milliseconds>(at - run().started);
    }
}

void Journal::settle_rework() {
    for (Resume& resume : evidence_.resumes) {
        std::set<std::pair<std::string, std::uint32_t>> before;
        for (const ChunkCopied& chunk : evidence_.chunks) {
            if (chunk.process < resume.process) {
                before.insert({chunk.table, chunk.number});
            } else if (chunk.process == resume.process &&
                       before.contains({chunk.table, chunk.number})) {
                resume.chunks_copied_again += 1;
                resume.rows_copied_again += chunk.rows;
            }
        }
    }
}

}  // namespace cutover::scenarios
