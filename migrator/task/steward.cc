#include "migrator/task/steward.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "migrator/model/error.h"

namespace cutover::task {

using engine::Command;
using engine::TaskPhase;
using model::Error;
using model::ErrorClass;

namespace {

constexpr flow::Duration kReportEvery = std::chrono::milliseconds(500);
constexpr flow::Duration kListenEvery = std::chrono::milliseconds(500);

Error bad_throttle(const std::string& part) {
    return Error(
        ErrorClass::refused, "throttle.argument", "cannot read the limit '" + part + "'",
        "write full.rows_per_second=N, full.mb_per_second=N, full.queries_per_second=N, "
        "incremental.rows_per_second=N or incremental.mb_per_second=N; N may be 'unlimited'");
}

std::optional<std::uint64_t> limit_value(const std::string& part, const std::string& text) {
    if (text == "unlimited") {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value == 0) {
        throw bad_throttle(part);
    }
    return value;
}

void set_limit(plan::Throttle& limits, const std::string& part, const std::string& name,
               std::optional<std::uint64_t> value) {
    if (name == "rows_per_second") {
        limits.rows_per_second = value ? std::optional(model::Rows{*value}) : std::nullopt;
    } else if (name == "mb_per_second") {
        limits.bytes_per_second = value ? std::optional(model::Bytes{*value << 20}) : std::nullopt;
    } else if (name == "queries_per_second") {
        limits.queries_per_second = value;
    } else {
        throw bad_throttle(part);
    }
}

nlohmann::json progress_json(const stage::Event& event) {
    nlohmann::json json;
    if (const auto* full = std::get_if<stage::FullProgress>(&event)) {
        json = {{"rows", full->rows.count},   {"rows_total", full->rows_total.count},
                {"bytes", full->bytes.count}, {"bytes_total", full->bytes_total.count},
                {"fraction", full->fraction}, {"rows_per_second", full->rows_per_second}};
    } else if (const auto* log = std::get_if<stage::IncrementalProgress>(&event)) {
        json = {{"transactions", log->transactions},
                {"changes", log->changes},
                {"changes_per_second", log->changes_per_second},
                {"lag_ms", log->lag ? nlohmann::json(log->lag->count() / 1000) : nlohmann::json()},
                {"position", log->position},
                {"consistent", log->consistent}};
    }
    return json;
}

}  // namespace

void apply_throttle(const std::string& argument, flow::Throttle& full,
                    flow::Throttle& incremental) {
    plan::Throttle full_limits = full.limits();
    plan::Throttle incremental_limits = incremental.limits();
    std::istringstream parts(argument);
    for (std::string part; std::getline(parts, part, ',');) {
        const std::size_t equals = part.find('=');
        const std::size_t dot = part.find('.');
        if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
            throw bad_throttle(part);
        }
        const std::string phase = part.substr(0, dot);
        if (phase != "full" && phase != "incremental") {
            throw bad_throttle(part);
        }
        set_limit(phase == "full" ? full_limits : incremental_limits, part,
                  part.substr(dot + 1, equals - dot - 1),
                  limit_value(part, part.substr(equals + 1)));
    }
    full.set(full_limits);
    incremental.set(incremental_limits);
}

Steward::Steward(flow::Runtime& runtime, flow::StopSignal& stop, flow::Throttle& full,
                 flow::Throttle& incremental, stage::Observer& observer)
    : runtime_(runtime), stop_(stop), full_(full), incremental_(incremental), observer_(observer) {}

void Steward::tick(engine::Control& control, const engine::TaskRecord& record) {
    const flow::TimePoint now = runtime_.now();
    if (now >= listen_at_) {
        listen_at_ = now + kListenEvery;
        listen(control, record);
    }
    if (now >= report_at_) {
        report_at_ = now + kReportEvery;
        report(control, record);
    }
    while (paused_ && !stop_.requested()) {
        stop_.wait_for(kListenEvery);
        listen(control, record);
        report(control, record);
    }
}

void Steward::pause(bool paused) {
    paused_ = paused;
    full_.pause(paused);
    incremental_.pause(paused);
}

void Steward::listen(engine::Control& control, const engine::TaskRecord& record) {
    for (const Command& command : control.pending_commands()) {
        if (command.id == finish_command_) {
            continue;  // it is being carried out, and answered then
        }
        try {
            obey(control, record, command);
        } catch (const Error& error) {
            if (error.error_class() != ErrorClass::refused) {
                throw;
            }
            control.answer_command(command.id,
                                   nlohmann::json{{"ok", false}, {"error", error.what()}}.dump());
        }
    }
}

void Steward::obey(engine::Control& control, const engine::TaskRecord& record,
                   const Command& command) {
    const auto answer = [&](const std::string& text) {
        control.answer_command(command.id, nlohmann::json{{"ok", true}, {"answer", text}}.dump());
    };
    if (command.verb == "pause") {
        pause(true);
        answer("paused");
    } else if (command.verb == "resume") {
        pause(false);
        answer("resumed");
    } else if (command.verb == "throttle") {
        apply_throttle(command.argument, full_, incremental_);
        answer("limits set");
    } else if (command.verb == "stop") {
        answer("stopping at the next durable point");
        stop_.request();
    } else if (command.verb == "finish") {
        if (record.phase != TaskPhase::incremental) {
            throw Error(ErrorClass::refused, "finish.phase",
                        "the task is in phase " + std::string(to_string(record.phase)) +
                            ", not yet in incremental",
                        "wait until `cutover status` shows phase incremental and a small lag");
        }
        finish_options_ = read_finish_options(command.argument);
        pause(false);
        finish_command_ = command.id;
    } else {
        throw Error(ErrorClass::refused, "command.unknown",
                    "no command is called '" + command.verb + "'");
    }
}

void Steward::report(engine::Control& control, const engine::TaskRecord& record) {
    nlohmann::json status = {{"task", record.name},
                             {"phase", to_string(record.phase)},
                             {"paused", paused_},
                             {"position", record.marker.position.text},
                             {"transactions", record.marker.transactions},
                             {"changes", record.marker.changes}};
    if (progress_) {
        if (const std::optional<stage::Event> event = progress_()) {
            observer_.on(*event);
            status["progress"] = progress_json(*event);
        }
    }
    control.publish_status(status.dump());
}

}  // namespace cutover::task
