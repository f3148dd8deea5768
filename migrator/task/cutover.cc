#include "migrator/task/cutover.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/flow/sync_points.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"
#include "migrator/stage/late_writes.h"
#include "migrator/stage/schema_stage.h"
#include "migrator/task/plan_check.h"

namespace cutover::task {

using engine::SourceWriter;
using flow::Bug;
using flow::deliberate_bug;
using model::Error;
using model::Position;
using Json = nlohmann::ordered_json;

namespace {

/// How often the log is brought to its end before it has to be silent.
constexpr int kCatchUpRounds = 3;
constexpr flow::Duration kLookEvery = std::chrono::milliseconds(250);
/// Writers queue behind an attempt to fence the source; so long they are let alone after it.
constexpr flow::Duration kBetweenFences = std::chrono::seconds(3);
/// How long a fence may take to be lifted once the task is asked to stop.
constexpr flow::Duration kLift = std::chrono::seconds(5);
/// How long the log is read behind the fence.
constexpr flow::Duration kWatch = std::chrono::seconds(3);
constexpr flow::Duration kWatchLimit = std::chrono::seconds(30);

constexpr const char* kWhatToDo =
    "stop the writers, or let `cutover finish --fence-source` stop them; then finish again";

std::string joined(const std::vector<std::string>& lines) {
    return fmt::format("{}", fmt::join(lines, "\n"));
}

std::string refused_answer(const std::string& text, const std::string& position) {
    const Json answer = {
        {"ok", false}, {"outcome", "refused"}, {"error", text}, {"position", position}};
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// As whoever is in the way of a wait. `now`: on the source's clock.
model::Holder holder_of(const SourceWriter& writer, model::Instant now) {
    const bool prepared = writer.kind == SourceWriter::Kind::prepared;
    model::Holder holder{prepared ? "prepared transaction" : "process",
                         prepared ? "'" + writer.id + "'" : writer.id, writer.application,
                         std::nullopt};
    if (writer.since) {
        holder.open_for = std::chrono::duration_cast<std::chrono::seconds>(now - *writer.since);
    }
    return holder;
}

std::vector<model::Holder> holders_of(const std::vector<SourceWriter>& writers,
                                      model::Instant now) {
    std::vector<model::Holder> out;
    for (const SourceWriter& writer : writers) {
        out.push_back(holder_of(writer, now));
    }
    return out;
}

model::Finding fence_left(const engine::TaskRecord& record, const Error& error) {
    return {"finish.fence_left",
            model::Severity::alert,
            record.name,
            "the source is still fenced: " + record.source_fence +
                "; it could not be lifted: " + error.message(),
            "applications get errors when they write to the task's tables",
            "`cutover migrate` lifts it before anything else; so does `cutover release`",
            {}};
}

}  // namespace

void lift_left_fence(engine::Source& source, engine::Control& control, engine::TaskRecord& record,
                     flow::Waits& waits) {
    const flow::Reprieve reprieve(waits, kLift);
    source.lift_fence();
    if (!record.source_fence.empty()) {
        record.source_fence.clear();
        control.save(record);
    }
}

std::string finished_answer(const CutoverEvidence& evidence) {
    const Json answer = {{"ok", true},
                         {"outcome", evidence.late.transactions > 0 ? "late_write" : "cut_over"},
                         {"answer", joined(lines(evidence))},
                         {"looked", evidence.watched},
                         {"position", evidence.position},
                         {"evidence", Json::parse(to_json(evidence))}};
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Cutover::Cutover(stage::Context context, CutoverTools tools, FinishOptions options)
    : context_(std::move(context)), tools_(std::move(tools)), options_(options) {}

CutoverEnd Cutover::run() {
    try {
        prove();
    } catch (const Refusal& refusal) {
        const std::optional<Error> left = lift();
        answer_refused(refusal.text);
        if (left) {
            throw Error(*left);  // what may be tried again begins with the fence
        }
        return CutoverEnd::refused;
    } catch (const Failure& end) {
        lift();
        answer_refused(end.error.what());
        throw Error(end.error);
    } catch (const Error&) {
        lift();
        throw;
    }
    // If its answer is lost, the source's fence stays: the destination may be fenced.
    evidence_.fenced = context_.runtime.wall();
    context_.control.fence(to_json(evidence_));
    context_.record.phase = engine::TaskPhase::finished;
    context_.runtime.yield(flow::sync::kFenced);
    context_.observer.on(stage::PhaseStarted{engine::TaskPhase::finished});
    return watch();
}

CutoverEnd Cutover::watch_again(CutoverEvidence evidence) {
    evidence_ = std::move(evidence);
    return watch();
}

void Cutover::prove() {
    const bool keys_last = context_.sink.traits().foreign_keys == engine::ForeignKeys::held;
    if (!keys_last) {
        stage::add_foreign_keys(context_);
    }
    wait_for_transactions();
    if (options_.fence_source) {
        set_source_fence();
    }
    catch_up();
    insist_on_quiet();
    if (keys_last) {
        insist_on_plan();  // so that they are not added in vain
        stage::add_foreign_keys(context_);
    }
    insist_on_plan();
    look_once_more();
}

Position Cutover::end_of_source() {
    return deliberate_bug(Bug::finish_without_asking_the_source)
               ? context_.record.marker.position
               : context_.source.current_position();
}

/// Applies the log until `until` names its end and that is reached; the transactions met.
std::uint64_t Cutover::follow(const Until& until) {
    for (std::uint64_t seen = 0;;) {
        stage::Context stage = context_;
        stage::IncrementalStage log(stage);
        bool asked = false;
        stage.tick = [&] {
            context_.tick();
            if (const std::optional<Position> end = asked ? std::nullopt : until()) {
                asked = true;
                log.finish_at(*end);
                context_.source.heartbeat();
            }
        };
        const stage::IncrementalEnd end = log.run();
        seen += log.transactions_seen();
        if (end == stage::IncrementalEnd::unreadable) {
            tools_.throw_unreadable(log.table());
        }
        if (end != stage::IncrementalEnd::restart_table) {
            return seen;
        }
        tools_.copy_again(log.table());
        ++seen;
    }
}

/// As follow(), and there must be nothing to apply.
void Cutover::read_on(const Until& until) {
    stage::Context stage = context_;
    stage::IncrementalStage log(stage);
    log.stop_at_more();
    bool asked = false;
    stage.tick = [&] {
        context_.tick();
        if (const std::optional<Position> end = asked ? std::nullopt : until()) {
            asked = true;
            log.finish_at(*end);
            context_.source.heartbeat();
        }
    };
    if (log.run() == stage::IncrementalEnd::more) {
        refuse(log.more());
    }
}

std::vector<SourceWriter> Cutover::unfinished() {
    if (deliberate_bug(Bug::finish_beside_open_transactions)) {
        return {};
    }
    std::vector<SourceWriter> writers = context_.source.writers(context_.plan);
    std::erase_if(writers, [](const SourceWriter& writer) { return writer.wrote.empty(); });
    return writers;
}

/// The log is followed meanwhile: they may take long. Those that have begun since show in the log
/// or at the last look; a fence waits for them itself, and for those whose age this account may not
/// see.
void Cutover::wait_for_transactions() {
    const flow::TimePoint begun = context_.runtime.now();
    const flow::TimePoint deadline = begun + options_.wait;
    const model::Instant asked = context_.source.clock();
    flow::TimePoint look_at{};
    std::vector<SourceWriter> open;
    flow::Notice notice(&context_.waits);
    follow([&]() -> std::optional<Position> {
        const flow::TimePoint now = context_.runtime.now();
        if (now < look_at) {
            return std::nullopt;
        }
        look_at = now + kLookEvery;
        open = unfinished();
        std::erase_if(open, [&](const SourceWriter& writer) {
            return writer.since ? *writer.since > asked : options_.fence_source;
        });
        if (!open.empty() && notice.due()) {
            notice.tell(model::Side::source,
                        "transactions that have written to the task's tables to end",
                        holders_of(open, asked + (now - begun)));
        }
        return open.empty() || now >= deadline ? std::optional(end_of_source()) : std::nullopt;
    });
    if (!open.empty()) {
        refuse(open);
    }
}

/// First the record: whoever comes after a crash has to know that the source may be fenced.
void Cutover::set_source_fence() {
    context_.record.source_fence = context_.source.fence_text();
    context_.control.save(context_.record);
    context_.runtime.yield(flow::sync::kSourceFence);
    const flow::TimePoint deadline = context_.runtime.now() + options_.wait;
    flow::Notice notice(&context_.waits);
    for (;;) {
        const engine::FenceTry tried = context_.source.fence(context_.plan);
        if (tried.set) {
            break;
        }
        if (notice.due()) {
            notice.tell(model::Side::source, "the task's tables to be fenced at the source",
                        tried.holders);
        }
        const flow::TimePoint again = context_.runtime.now() + kBetweenFences;
        if (again >= deadline) {
            refuse_unfenced(tried.holders);
        }
        follow([&] {
            return context_.runtime.now() >= again ? std::optional(end_of_source()) : std::nullopt;
        });
    }
    evidence_.source_fence = context_.record.source_fence;
    context_.runtime.yield(flow::sync::kSourceFence);
}

void Cutover::catch_up() {
    for (int round = 0; round < kCatchUpRounds; ++round) {
        if (follow([this] { return std::optional(end_of_source()); }) == 0) {
            return;
        }
    }
}

/// Whoever writes shows in the log. That nobody does can only be seen by reading on for longer than
/// a writer pauses.
void Cutover::insist_on_quiet() {
    evidence_.quiet_from = context_.record.marker.position.text;
    evidence_.quiet_since = context_.runtime.wall();
    if (deliberate_bug(Bug::finish_without_quiet_proof) ||
        deliberate_bug(Bug::finish_without_asking_the_source)) {
        evidence_.quiet_since -= options_.quiet;
        return;
    }
    const flow::TimePoint silent_until = context_.runtime.now() + options_.quiet;
    read_on([&]() -> std::optional<Position> {
        return context_.runtime.now() >= silent_until ? std::optional(end_of_source())
                                                      : std::nullopt;
    });
}

/// A change of a table's definition is met where a change of its rows follows it. Tables without
/// later changes are checked here.
void Cutover::insist_on_plan() {
    if (const std::optional<Error> error = no_longer_fits(context_.plan, tools_.plan_now())) {
        // What is merely new stands in the way of the cutover, not of the task.
        if (error->code() != kSourceChanged) {
            throw Refusal{error->what()};
        }
        throw Failure{*error};
    }
}

/// First who is unfinished, then where the log ends: whoever has ended meanwhile lies before it.
/// Behind a fence nobody is who has written; those who try hold locks all the same.
void Cutover::look_once_more() {
    if (!deliberate_bug(Bug::sequence_not_set)) {
        context_.sink.set_sequences(context_.plan, context_.source.sequences(context_.plan));
    }
    context_.runtime.yield(flow::sync::kSequencesSet);
    evidence_.asked = context_.runtime.wall();
    const bool fenced = !evidence_.source_fence.empty();
    if (const auto open = fenced ? std::vector<SourceWriter>() : unfinished(); !open.empty()) {
        refuse(open);
    }
    note_sessions(evidence_, context_.source.writers(context_.plan));
    evidence_.quiet_until = context_.runtime.wall();
    if (!deliberate_bug(Bug::finish_without_quiet_proof)) {
        read_on([this] { return std::optional(end_of_source()); });
    }
    evidence_.position = context_.record.marker.position.text;
}

/// What goes wrong here changes nothing about the cutover, and is told: `status` looks again. A
/// server that is away for a moment is waited for.
CutoverEnd Cutover::watch() {
    evidence_.watch = kWatch;
    try {
        context_.source.verify_capture(*context_.record.origin, context_.record.marker.position);
        evidence_.late = stage::read_late_writes(
            context_.runtime, context_.source, context_.plan, *context_.record.origin,
            context_.record.marker.position, {engine::LogReader::task, kWatch, kWatchLimit},
            [this] { context_.stop.throw_if_requested(); });
        evidence_.watched = evidence_.late.complete;
        evidence_.watch_ended = evidence_.watched ? "" : "there was too much of it to read";
    } catch (const Error& error) {
        if (error.may_retry() && context_.runtime.wall() - evidence_.fenced < kWatchLimit) {
            throw;
        }
        evidence_.watch_ended = error.message();
    }
    if (evidence_.late.transactions > 0) {
        context_.observer.on(stage::LateWriteSeen{evidence_.late});
    }
    context_.control.note_cutover(to_json(evidence_));
    tools_.answer(finished_answer(evidence_));
    return evidence_.late.transactions > 0 ? CutoverEnd::late_write
           : evidence_.watched             ? CutoverEnd::cut_over
                                           : CutoverEnd::unseen;
}

void Cutover::refuse(const std::vector<SourceWriter>& open) const {
    throw Refusal{
        fmt::format("transactions that have written to the task's tables have not ended "
                    "within {} s: {}; end them, or wait longer with "
                    "--wait-for-transactions, then finish again",
                    std::chrono::duration_cast<std::chrono::seconds>(options_.wait).count(),
                    open.empty() ? "they have just ended" : describe(open))};
}

/// Whoever keeps a table locked need not have written: a VACUUM, an index that is being built.
void Cutover::refuse_unfenced(const std::vector<model::Holder>& holders) {
    std::vector<std::string> who;
    std::set<std::string> known;
    for (const SourceWriter& writer : unfinished()) {
        who.push_back(describe({writer}));
        known.insert(holder_of(writer, {}).id);
    }
    for (const model::Holder& holder : holders) {
        if (!known.contains(holder.id)) {
            who.push_back(model::to_text(holder));
        }
    }
    throw Refusal{fmt::format(
        "the source could not be fenced within {} s, others have held the task's tables: {}; end "
        "them, or wait longer with --wait-for-transactions, then finish again",
        std::chrono::duration_cast<std::chrono::seconds>(options_.wait).count(),
        who.empty() ? "they have just ended" : model::some_of(who))};
}

void Cutover::refuse(const stage::More& more) {
    std::vector<std::string> tables;
    for (const model::TableIndex table : more.tables) {
        tables.push_back(context_.plan.tables[table].source.display());
    }
    const std::vector<SourceWriter> writers = context_.source.writers(context_.plan);
    const std::string text = fmt::format(
        "the source is still being written to: transaction {} has changed {} at {}, behind {} "
        "where the log was to be silent; {}",
        more.id.text, model::some_of(tables), more.commit.text, evidence_.quiet_from,
        writers.empty() ? "no session of others is there any more"
                        : "others there, the most recently active first: " + describe(writers));
    throw Refusal{text + "; " + kWhatToDo};
}

void Cutover::answer_refused(const std::string& text) {
    const std::string& left = context_.record.source_fence;
    tools_.answer(
        refused_answer(text + (left.empty() ? "" : "; the source is still fenced: " + left),
                       context_.record.marker.position.text));
}

/// What kept it from being lifted; the record says so, too: the next attempt, the next process, or
/// `release` lifts it.
std::optional<Error> Cutover::lift() {
    if (context_.record.source_fence.empty()) {
        return std::nullopt;
    }
    try {
        lift_left_fence(context_.source, context_.control, context_.record, context_.waits);
        return std::nullopt;
    } catch (const Error& error) {
        context_.observer.on(stage::FindingRaised{fence_left(context_.record, error)});
        return error;
    }
}

}  // namespace cutover::task
