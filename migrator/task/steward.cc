#include "migrator/task/steward.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "migrator/model/error.h"
#include "migrator/task/wait_json.h"

namespace cutover::task {

using engine::Command;
using engine::TaskPhase;
using model::Error;
using model::ErrorClass;

namespace {

constexpr flow::Duration kEvery = std::chrono::milliseconds(500);

/// Two runs of a task never have the same, on whatever machines they are.
std::string unique_name(flow::Runtime& runtime) {
    return fmt::format("{:016x}{:016x}", runtime.random(), runtime.random());
}

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

Steward::Steward(flow::Runtime& runtime, flow::StopSignal& stop, const flow::Waits& waits,
                 flow::Throttle& full, flow::Throttle& incremental, stage::Observer& observer,
                 OpenSink open_sink)
    : runtime_(runtime),
      stop_(stop),
      waits_(waits),
      full_(full),
      incremental_(incremental),
      observer_(observer),
      gate_(runtime.make_gate()),
      process_(unique_name(runtime)),
      open_sink_(std::move(open_sink)),
      ending_(runtime),
      own_waits_(runtime, ending_, flow::Duration(0)) {}

Steward::~Steward() {
    ending_.request();
    thread_.reset();  // joins
}

void Steward::advanced(const engine::TaskRecord& record) {
    const std::unique_lock lock(*gate_);
    known_.phase = record.phase;
    known_.marker = record.marker;
}

void Steward::claimed(const engine::TaskRecord& record) {
    bool was_anothers = false;
    {
        const std::unique_lock lock(*gate_);
        was_anothers = known_.epoch != 0 && record.epoch != known_.epoch + 1;
        known_.task = record.name;
        known_.epoch = record.epoch;
        known_.phase = record.phase;
        known_.marker = record.marker;
    }
    if (was_anothers) {
        pause(false);  // a `resume` since then was heard by whoever had the task
    }
    if (!thread_) {
        thread_ = runtime_.spawn("steward", [this] { run(); });
    }
}

void Steward::tick(engine::Control& control, const engine::TaskRecord& record) {
    if (runtime_.now() >= look_at_) {
        look(control, record);
    }
    while (paused_ && !stop_.requested()) {
        stop_.wait_for(kEvery);
        look(control, record);
    }
}

/// The task's own session is looked at, too: the lock that it holds tells others that the task
/// lives.
void Steward::look(engine::Control& control, const engine::TaskRecord& record) {
    look_at_ = runtime_.now() + kEvery;
    std::optional<stage::Event> progress = progress_ ? progress_() : std::nullopt;
    if (progress) {
        if (auto* full = std::get_if<stage::FullProgress>(&*progress)) {
            full->paused = paused_;
        } else if (auto* log = std::get_if<stage::IncrementalProgress>(&*progress)) {
            log->paused = paused_;
        }
        observer_.on(*progress);
    }
    {
        const std::unique_lock lock(*gate_);
        known_.phase = record.phase;
        known_.marker = record.marker;
        known_.progress = std::move(progress);
        known_.retrying.clear();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }
    const std::optional<engine::TaskRecord> stored = control.load(record.name);
    if (!stored || stored->epoch != record.epoch) {
        throw Error(ErrorClass::stopped, "task.fenced",
                    "another process has taken over task '" + record.name + "', or released it");
    }
}

void Steward::retrying(const Error& error) {
    const std::unique_lock lock(*gate_);
    known_.retrying = error.what();
}

std::optional<std::uint64_t> Steward::finish_command() const {
    const std::unique_lock lock(*gate_);
    return finish_ ? std::optional(finish_->id) : std::nullopt;
}

std::optional<FinishOptions> Steward::begin_finish() {
    const std::unique_lock lock(*gate_);
    if (!finish_) {
        return std::nullopt;
    }
    finish_->begun = true;
    return finish_->options;
}

void Steward::finish_answered() {
    const std::unique_lock lock(*gate_);
    if (finish_) {
        finish_answered_ = finish_->id;
    }
    finish_.reset();
}

void Steward::pause(bool paused) {
    paused_ = paused;
    full_.pause(paused);
    incremental_.pause(paused);
}

void Steward::run() {
    try {
        do {
            listen_once();
        } while (!ending_.wait_for(kEvery));
    } catch (const std::exception&) {
        const std::unique_lock lock(*gate_);
        failure_ = std::current_exception();
    }
}

/// What is wrong with the destination is met by the task itself, which says so; here it is only
/// tried again.
void Steward::listen_once() {
    const Known now = known();
    try {
        if (!control_) {
            sink_ = open_sink_(&own_waits_);
            control_ = sink_->open_control();
            listens_under_ = 0;
        }
        // On the session that listens already: between two of them nothing would hold the task.
        if (listens_under_ != now.epoch) {
            control_->listen(now.task, now.epoch, process_);
            listens_under_ = now.epoch;
        }
        listen();
        control_->publish_status(status(known()));
    } catch (const Error&) {
        control_.reset();
        sink_.reset();
    }
}

Steward::Known Steward::known() const {
    const std::unique_lock lock(*gate_);
    return known_;
}

void Steward::listen() {
    const std::vector<Command> commands = control_->pending_commands();
    drop_unless_pending(commands);
    for (const Command& command : commands) {
        {
            const std::unique_lock lock(*gate_);
            const bool under_way = finish_ && command.id == finish_->id;
            if (under_way || command.id == finish_answered_) {
                continue;  // it is being carried out, and answered then
            }
        }
        try {
            obey(command);
        } catch (const Error& error) {
            if (error.error_class() != ErrorClass::refused) {
                throw;
            }
            control_->answer_command(command.id,
                                     nlohmann::json{{"ok", false}, {"error", error.what()}}.dump());
        }
    }
}

void Steward::take_finish(const Finish& finish) {
    const std::unique_lock lock(*gate_);
    if (finish_) {
        throw Error(ErrorClass::refused, "finish.under_way",
                    "a finish that another has asked for is under way",
                    "wait for its end: `cutover status` tells it");
    }
    finish_ = finish;
}

/// Whoever asked for it went away before it was begun.
void Steward::drop_unless_pending(const std::vector<Command>& commands) {
    const std::unique_lock lock(*gate_);
    if (finish_ && !finish_->begun &&
        std::none_of(commands.begin(), commands.end(),
                     [&](const Command& command) { return command.id == finish_->id; })) {
        finish_.reset();
    }
}

void Steward::obey(const Command& command) {
    const auto answer = [&](const std::string& text) {
        control_->answer_command(command.id, nlohmann::json{{"ok", true}, {"answer", text}}.dump());
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
        if (const TaskPhase phase = known().phase; phase != TaskPhase::incremental) {
            throw Error(ErrorClass::refused, "finish.phase",
                        "the task is in phase " + std::string(to_string(phase)) +
                            ", not yet in incremental",
                        "wait until `cutover status` shows phase incremental and a small lag");
        }
        const FinishOptions options = read_finish_options(command.argument);
        take_finish({command.id, options});
        pause(false);
    } else {
        throw Error(ErrorClass::refused, "command.unknown",
                    "no command is called '" + command.verb + "'");
    }
}

std::string Steward::status(const Known& known) const {
    nlohmann::json status = {{"task", known.task},
                             {"phase", to_string(known.phase)},
                             {"paused", paused_.load()},
                             {"position", known.marker.position.text},
                             {"transactions", known.marker.transactions},
                             {"changes", known.marker.changes}};
    if (known.progress) {
        status["progress"] = progress_json(*known.progress);
    }
    if (!known.retrying.empty()) {
        status["retrying"] = known.retrying;
    }
    for (const flow::ToldWait& told : waits_.present()) {
        status["waiting"].push_back(nlohmann::json(wait_json(told.wait)));
    }
    return status.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace cutover::task
