#include "migrator/task/operator_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "migrator/flow/stop_signal.h"
#include "migrator/model/visible.h"
#include "migrator/plan/task_file.h"
#include "migrator/task/aftermath.h"
#include "migrator/task/cutover.h"
#include "migrator/task/wait_json.h"

namespace cutover::task {

using engine::TaskPhase;
using engine::TaskRecord;
using model::Error;
using model::ErrorClass;
using Json = nlohmann::ordered_json;

namespace {

constexpr flow::Duration kAskEvery = std::chrono::milliseconds(200);
/// A process that lives answers within a second; after this long it is asked whether there is one.
constexpr flow::Duration kDoubtAfter = std::chrono::seconds(10);

/// What a process of ours writes is short and flat. Who else can write there may try anything.
constexpr std::size_t kLongestAnswer = 256 << 10;
constexpr int kDeepestAnswer = 8;

Json parsed(const std::string& text) {
    if (text.size() > kLongestAnswer) {
        return Json::object();
    }
    const auto shallow = [](int depth, Json::parse_event_t, const Json&) {
        return depth <= kDeepestAnswer;
    };
    Json json = Json::parse(text, shallow, false);
    return json.is_object() ? json : Json::object();
}

/// JSON, in one line and fit for a terminal.
std::string written(const Json& json) {
    return model::visible_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// The value of a key that should be a text, whatever it is.
std::string shown(const Json& value) {
    const std::string text = value.is_string() ? value.get<std::string>() : written(value);
    return model::visible(model::unfolded(model::shortened(text, model::kLongestErrorText)));
}

std::string text_of(const Json& json, const char* key, const std::string& otherwise) {
    return json.contains(key) ? shown(json[key]) : shown(otherwise);
}

/// The list or map at `key`; an empty one if it is none.
Json part_of(const Json& json, const char* key) {
    return json.contains(key) && json[key].is_structured() ? json[key] : Json::object();
}

/// A published wait, as the running task's own view says it.
std::string wait_text(const Json& json) {
    const model::Wait wait = wait_of(json);
    const std::string holders = model::to_text(wait.holders);
    return fmt::format("at the {} for {}{}", model::to_string(wait.side), wait.what,
                       holders.empty() ? "" : ": " + holders);
}

std::string finished_text(const TaskRecord& record) {
    return "the task is finished, applied up to " + record.marker.position.text;
}

std::string text_of(const std::vector<std::string>& lines) {
    return fmt::format("{}", fmt::join(lines, "\n"));
}

/// A finished task whose source was written to behind the cutover's point.
constexpr int kLateWrite = 1;
/// The log behind the point could not be read, or nobody has said how a cutover ended.
constexpr int kCannotTell = 2;

int exit_code(const Aftermath& after) {
    return after.evidence.late.transactions > 0 ? kLateWrite
           : after.not_looked.empty()           ? 0
                                                : kCannotTell;
}

}  // namespace

Operator::Operator(OperatorOptions options, const engine::Registry& registry, std::ostream& out)
    : options_(std::move(options)),
      registry_(registry),
      out_(out),
      spec_(plan::read_task_file(options_.file, registry.endpoint_rules())) {}

TaskRecord Operator::load() {
    sink_ = registry_.engine(spec_.destination.engine).sink(runtime_, spec_, nullptr);
    control_ = sink_->open_control();
    std::optional<TaskRecord> record = control_->load(spec_.name);
    if (!record) {
        throw Error(
            ErrorClass::refused, "task.unknown",
            fmt::format("there is no task '{}' at {}", spec_.name, spec_.destination.display()),
            "start it with `cutover migrate`, or correct `task` and `destination` in the task "
            "file");
    }
    return std::move(*record);
}

int Operator::status() {
    const TaskRecord record = load();
    Json json = {{"task", record.name},
                 {"phase", engine::to_string(record.phase)},
                 {"position", record.marker.position.text},
                 {"transactions", record.marker.transactions},
                 {"changes", record.marker.changes},
                 {"starts", record.starts},
                 {"epoch", record.epoch - record.born},
                 {"last_error", model::shortened(record.last_error, model::kLongestErrorText)}};
    // What the process has published last is younger than nothing, but older than the record.
    const Json published = parsed(control_->status(spec_.name));
    for (const char* key : {"paused", "progress", "retrying", "waiting"}) {
        if (published.contains(key) && record.phase != TaskPhase::finished) {
            json[key] = published[key];
        }
    }
    const std::optional<Aftermath> after = look_after(runtime_, registry_, spec_, *sink_, record);
    const int said = after ? exit_code(*after) : 0;
    if (after) {
        json["outcome"] = said == kLateWrite ? "late_write" : "cut_over";
        json["looked"] = after->not_looked.empty();
        json["evidence"] = Json::parse(to_json(after->evidence));
    } else if (!record.source_fence.empty()) {
        json["source_fence"] = record.source_fence;
    }
    if (options_.json) {
        out_ << written(json) << "\n";
        return said;
    }
    for (const auto& [key, value] : json.items()) {
        if (!value.is_structured() && !(value.is_string() && value.get<std::string>().empty())) {
            out_ << fmt::format("{:<14} {}\n", model::visible(key), shown(value));
        }
    }
    for (const Json& wait : part_of(json, "waiting")) {
        out_ << fmt::format("{:<14} {}\n", "waiting", model::visible(wait_text(wait)));
    }
    const Json progress = part_of(json, "progress");
    for (const auto& [key, value] : progress.items()) {
        out_ << fmt::format("  {:<18} {}\n", model::visible(key), shown(value));
    }
    if (after) {
        out_ << model::visible_lines(text_of(lines(*after))) << "\n";
    }
    return said;
}

/// Of a task that is finished already; the log behind it is looked at once more.
std::string Operator::finished_answer(const TaskRecord& record) {
    std::optional<Aftermath> after = look_after(runtime_, registry_, spec_, *sink_, record);
    if (!after) {
        return Json{{"ok", true}, {"answer", finished_text(record)}}.dump(
            -1, ' ', false, Json::error_handler_t::replace);
    }
    Json answer = Json::parse(task::finished_answer(after->evidence));
    answer["answer"] = text_of(lines(*after));
    answer["looked"] = after->not_looked.empty();
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int Operator::command(const std::string& verb, const std::string& argument) {
    const TaskRecord record = load();
    if (record.phase == TaskPhase::finished) {
        if (verb != "finish" && verb != "stop") {
            throw Error(ErrorClass::refused, "task.finished", finished_text(record),
                        "there is nothing left to " + verb);
        }
        return show_answer(verb, finished_answer(record));
    }
    engine::Command command;
    command.verb = verb;
    command.argument = argument;
    const std::optional<std::string> answer =
        await_answer(control_->post_command(spec_.name, command), record);
    return answer ? show_answer(verb, *answer) : show_no_answer(verb);
}

int Operator::show_no_answer(const std::string& verb) {
    const std::string text = fmt::format(
        "the task has not answered within {} s: a {} that has begun goes on, one that has not is "
        "withdrawn; look at `cutover status`, or wait longer with `--wait SECONDS`",
        options_.wait.count(), verb);
    if (options_.json) {
        out_ << written(Json{{"ok", nullptr}, {"code", "task.no_answer"}, {"error", text}}) << "\n";
    } else {
        out_ << text << "\n";
    }
    return kCannotTell;
}

int Operator::show_answer(const std::string& verb, const std::string& answer) {
    const Json json = parsed(answer);
    const bool obeyed = json.contains("ok") && json["ok"] == true;
    const bool unseen = json.contains("looked") && json["looked"] == false;
    const int done = text_of(json, "outcome", "") == "late_write" ? kLateWrite
                     : unseen                                     ? kCannotTell
                                                                  : 0;
    if (options_.json) {
        out_ << written(json) << "\n";
        return obeyed ? done : model::exit_code(ErrorClass::refused);
    }
    if (!obeyed) {
        throw Error(ErrorClass::refused, "command.refused",
                    fmt::format("the task does not {}: {}", verb, text_of(json, "error", answer)));
    }
    // A cutover's answer has a line for each thing that it proved.
    const bool said = json.contains("answer") && json["answer"].is_string();
    out_ << model::visible_lines(said ? json["answer"].get<std::string>() : shown(answer)) << "\n";
    if (json.contains("position")) {
        out_ << "position: " << shown(json["position"]) << "\n";
    }
    return done;
}

std::optional<std::string> Operator::await_answer(std::uint64_t id, const TaskRecord& record) {
    flow::StopSignal pause(runtime_);
    const flow::TimePoint asked = runtime_.now();
    flow::TimePoint doubt = asked + kDoubtAfter;
    for (;;) {
        if (std::optional<std::string> answer = control_->command_answer(id)) {
            return answer;
        }
        if (runtime_.now() >= doubt) {
            if (std::optional<std::string> answer = answer_of_the_gone(id, record)) {
                return answer;
            }
            doubt = runtime_.now() + kDoubtAfter;
        }
        if (runtime_.now() - asked >= options_.wait) {
            return std::nullopt;
        }
        pause.wait_for(kAskEvery);
    }
}

/// Nothing if the process that is to answer lives. Throws: refused `task.not_running`; the command
/// is withdrawn then.
std::optional<std::string> Operator::answer_of_the_gone(std::uint64_t id,
                                                        const TaskRecord& record) {
    if (is_running(record)) {
        return std::nullopt;
    }
    // Its last deed may have been the answer, while we found out that it is gone.
    if (std::optional<std::string> answer = control_->command_answer(id)) {
        return answer;
    }
    const std::optional<TaskRecord> now = control_->load(spec_.name);
    if (now && now->phase == TaskPhase::finished) {
        return finished_answer(*now);
    }
    withdraw(id);
    const bool fenced = now && !now->source_fence.empty();
    throw Error(
        ErrorClass::refused, "task.not_running",
        fmt::format("no process is running task '{}'; the command is withdrawn", spec_.name) +
            (now && !now->last_error.empty() ? "; the last one ended: " + now->last_error : "") +
            (fenced ? "; the source may still be fenced" : ""),
        fmt::format("start it: cutover migrate {}{}", options_.file,
                    fenced ? " (it lifts the fence)" : ""));
}

/// Whoever can claim the task knows that nobody else has it. The claim is kept, so that the command
/// can be withdrawn without a process picking it up in between.
bool Operator::is_running(const TaskRecord& record) {
    try {
        control_->claim(spec_.name, record.fingerprint);
        return false;
    } catch (const Error& error) {
        if (error.code() == "task.finished") {
            return false;
        }
        if (error.code() != "task.running") {
            throw;
        }
        return true;
    }
}

void Operator::withdraw(std::uint64_t id) {
    try {
        control_->answer_command(id,
                                 Json{{"ok", false}, {"error", "withdrawn: no process"}}.dump());
    } catch (const Error&) {
        // A finished task takes no command any more: nothing to withdraw.
    }
}

void Operator::claim_for_release(const TaskRecord& record) {
    if (record.phase == TaskPhase::finished) {
        return;  // fenced: no process can write; release() itself still waits for its lock
    }
    control_->claim(spec_.name, record.fingerprint);
}

/// The plan tells what to undo at the source. Where it cannot be made any more (a table is gone),
/// the task's name is enough for slot and publication.
plan::Plan Operator::plan_for_release(engine::Source& source) {
    try {
        const model::Catalog catalog = source.open_inspector()->catalog(spec_.objects);
        const model::Catalog destination = sink_->open_inspector()->catalog({});
        const engine::Route& route = registry_.route(spec_.source.engine, spec_.destination.engine);
        return route.plan(spec_, catalog, destination).plan;
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::connection) {
            throw;
        }
        plan::Plan plan;
        plan.spec = spec_;
        return plan;
    }
}

void Operator::clean_source() {
    const auto source = registry_.engine(spec_.source.engine).source(runtime_, spec_, nullptr);
    const plan::Plan plan = plan_for_release(*source);
    const std::vector<engine::AuxiliaryObject> before = source->auxiliary_objects(plan);
    source->lift_fence();
    source->drop_capture(plan);
    for (const engine::AuxiliaryObject& object : before) {
        out_ << fmt::format("removed at the source: {} {}\n", object.kind,
                            model::visible(object.name));
    }
    const std::vector<engine::AuxiliaryObject> after = source->auxiliary_objects(plan);
    if (!after.empty()) {
        throw Error(
            ErrorClass::operation, "release.incomplete",
            fmt::format("{} {} is still at the source", after.front().kind, after.front().name),
            "run `cutover release` again; if it stays, drop it by hand");
    }
}

/// The log behind a cutover goes with the release, and with it the last chance to see a late write.
void Operator::look_before_release(const TaskRecord& record) {
    if (options_.source_gone || options_.anyway) {
        return;
    }
    const std::optional<Aftermath> after = look_after(runtime_, registry_, spec_, *sink_, record);
    if (after && exit_code(*after) != 0) {
        throw Error(ErrorClass::refused, "release.late_write",
                    after->not_looked.empty()
                        ? "the source was written to behind the cutover: " +
                              fmt::format("{}", fmt::join(late_lines(after->evidence.late), "; "))
                        : "whether the source was written to behind the cutover cannot be told: " +
                              after->not_looked,
                    "carry over what is missing (`cutover verify` tells it), then release with "
                    "--anyway: the log that shows it is dropped then");
    }
}

int Operator::release() {
    const TaskRecord record = load();
    claim_for_release(record);
    look_before_release(record);
    if (!options_.source_gone) {
        try {
            clean_source();
        } catch (const Error& error) {
            // A task that never got as far has nothing at the source.
            const bool anothers =
                error.code() == "capture.of_another" || error.code() == "capture.foreign";
            if (!anothers || record.origin) {
                throw;
            }
            out_ << "left alone at the source: " << error.message() << "\n";
        }
    }
    control_->release(spec_.name);
    out_ << fmt::format("removed at the destination: control rows of task {}\n", spec_.name)
         << "the migrated data stay as they are\n";
    return 0;
}

}  // namespace cutover::task
