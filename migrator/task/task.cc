#include "migrator/task/task.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/flow/sync_points.h"
#include "migrator/model/error.h"
#include "migrator/stage/admission.h"
#include "migrator/stage/full_stage.h"
#include "migrator/stage/incremental_stage.h"
#include "migrator/stage/schema_stage.h"
#include "migrator/task/plan_check.h"
#include "migrator/task/steward.h"
#include "migrator/task/validation.h"

namespace cutover::task {

using engine::TaskPhase;
using model::Error;
using model::ErrorClass;
using plan::SchemaSection;

namespace {

/// How long a claim that meets another holder waits for it to go: the server may not have noticed
/// yet that a killed process is gone.
constexpr flow::Duration kClaimPatience = std::chrono::seconds(15);

flow::Waits::Listener tell_to(flow::Runtime& runtime, stage::Observer& observer) {
    return [&](const flow::ToldWait& told, bool ended) {
        if (ended) {
            observer.on(stage::Waited{told.wait, runtime.wall() - told.wait.since});
        } else {
            observer.on(stage::Waiting{told.wait});
        }
    };
}

Outcome outcome_of(CutoverEnd end) {
    return end == CutoverEnd::late_write ? Outcome::late_write
           : end == CutoverEnd::unseen   ? Outcome::unseen
                                         : Outcome::finished;
}

}  // namespace

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::completed:
            return "completed";
        case Outcome::finished:
        case Outcome::unseen:
        case Outcome::late_write:
            return "finished";
        case Outcome::stopped:
            return "stopped";
    }
    return "unknown";
}

int exit_code(Outcome outcome) {
    return outcome == Outcome::stopped      ? model::exit_code(ErrorClass::stopped)
           : outcome == Outcome::late_write ? 1
           : outcome == Outcome::unseen     ? 2
                                            : 0;
}

Task::Task(flow::Runtime& runtime, const engine::Registry& registry, plan::TaskSpec spec,
           stage::Observer& observer)
    : runtime_(runtime),
      registry_(registry),
      spec_(std::move(spec)),
      observer_(observer),
      stop_(runtime),
      waits_(runtime, stop_, flow::Waits::kGrace, tell_to(runtime, observer)),
      full_throttle_(runtime, spec_.limits.full),
      incremental_throttle_(runtime, spec_.limits.incremental),
      retry_(runtime, spec_.retry),
      retry_gate_(runtime.make_gate()),
      schema_(spec_, registry.route(spec_.source.engine, spec_.destination.engine)),
      steward_(std::make_unique<Steward>(
          runtime, stop_, waits_, full_throttle_, incremental_throttle_, observer,
          [this](flow::Waits* waits) {
              return registry_.engine(spec_.destination.engine).sink(runtime_, spec_, waits);
          })) {}

Task::~Task() = default;

Outcome Task::run() {
    try {
        const Outcome outcome = run_with_retries();
        report_end(std::string(to_string(outcome)), exit_code(outcome));
        return outcome;
    } catch (const Error& error) {
        note_failure(error);
        report_end("failed", model::exit_code(error.error_class()));
        throw;
    }
}

Outcome Task::run_with_retries() {
    for (;;) {
        try {
            return attempt();
        } catch (const Error& error) {
            steward_->watch({});
            // What fails while it ends is no outage to be waited for.
            if (stop_.requested() &&
                (error.error_class() == ErrorClass::stopped || error.may_retry())) {
                return Outcome::stopped;
            }
            if (looks_at_schema_after(error)) {
                continue;
            }
            if (!error.may_retry()) {
                suspected_.reset();  // whatever it was: this stands in the way
            }
            std::optional<flow::Duration> wait;
            stage::Retrying retrying{error, 0, {}};
            {
                const std::unique_lock lock(*retry_gate_);
                wait = retry_.after(error);
                retrying.attempt = retry_.attempts();
                retrying.gives_up_in = retry_.remaining(error.error_class());
            }
            if (!wait) {
                throw;
            }
            observer_.on(retrying);
            steward_->retrying(error);
            disconnect();
            if (stop_.wait_for(*wait)) {
                return Outcome::stopped;
            }
        }
    }
}

void Task::disconnect() noexcept {
    control_.reset();
    source_.reset();
    sink_.reset();
}

stage::Context Task::context() {
    return stage::Context{runtime_,
                          *plan_,
                          *source_,
                          *sink_,
                          *control_,
                          record_,
                          stop_,
                          waits_,
                          full_throttle_,
                          incremental_throttle_,
                          observer_,
                          [this] { steward_->tick(*control_, record_); },
                          [this] { close_window(&flow::RetryWindow::success); },
                          [this] { close_window(&flow::RetryWindow::reached); }};
}

void Task::close_window(void (flow::RetryWindow::*close)()) {
    stage::Recovered recovered;
    {
        const std::unique_lock lock(*retry_gate_);
        recovered = {retry_.open_for(), retry_.end()};
        (retry_.*close)();
        if (retry_.open_for() > flow::Duration(0)) {
            return;
        }
    }
    if (recovered.after > flow::Duration(0)) {
        observer_.on(recovered);
    }
}

Outcome Task::attempt() {
    if (!control_) {
        connect();
    }
    if (record_.phase == TaskPhase::finished) {
        return spec_.phases.incremental ? look_behind() : Outcome::completed;
    }
    if (record_.origin) {
        // Whatever is wrong with the capture: the source's writers are not to suffer from it.
        if (!record_.source_fence.empty()) {
            lift_left_fence(*source_, *control_, record_, waits_);
        }
        prove_capture();
        // A server that has taken over may have a fence that the old one had lifted.
        lift_left_fence(*source_, *control_, record_, waits_);
    } else if (spec_.phases.incremental) {
        create_capture();
    }
    look_at_schema();
    if (record_.phase == TaskPhase::created) {
        advance_to(TaskPhase::schema);
    }
    if (record_.phase == TaskPhase::schema) {
        run_schema();
    }
    if (record_.phase == TaskPhase::full) {
        run_full();
    }
    if (record_.phase == TaskPhase::keys) {
        run_keys();
    }
    return spec_.phases.incremental ? run_incremental() : complete();
}

void Task::connect() {
    sink_ = registry_.engine(spec_.destination.engine).sink(runtime_, spec_, &waits_);
    source_ = registry_.engine(spec_.source.engine).source(runtime_, spec_, &waits_);
    try {
        control_ = sink_->open_control();
        if (!plan_) {
            schema_.load(*control_);
            make_plan();
        }
        claim();
    } catch (const Error& error) {
        if (error.may_retry() || error.error_class() == ErrorClass::stopped ||
            error.code() == "task.released") {
            throw;
        }
        throw lift_before_the_end(error);
    }
}

/// A task that cannot go on says why, and does not leave the source fenced until somebody has
/// mended that. Another process that has the task sees to it itself.
Error Task::lift_before_the_end(const Error& error) {
    control_.reset();
    try {
        const std::unique_ptr<engine::Control> control = sink_->open_control();
        const std::optional<engine::TaskRecord> known = control->load(spec_.name);
        if (known && known->phase != TaskPhase::finished && !known->source_fence.empty()) {
            engine::TaskRecord record =
                control->claim(spec_.name, known->fingerprint, {steward_->process(), known->born});
            lift_left_fence(*source_, *control, record, waits_);
        }
    } catch (const Error& other) {
        if (other.code() != "task.running") {
            return Error(error.error_class(), error.code(),
                         error.message() + "; the source may still be fenced: " + other.message(),
                         error.hint())
                .at(error.side().value_or(model::Side::neither));
        }
    }
    return error;
}

engine::Planned Task::plan_now() {
    const engine::Route& route = registry_.route(spec_.source.engine, spec_.destination.engine);
    const model::Catalog source = source_->open_inspector()->catalog(spec_.objects);
    const model::Catalog destination = sink_->open_inspector()->catalog({});
    return route.plan(spec_, source, destination);
}

void Task::claim() {
    const flow::TimePoint deadline = runtime_.now() + kClaimPatience;
    for (;;) {
        try {
            record_ = control_->claim(spec_.name, plan_->fingerprint,
                                      {steward_->process(), record_.born});
            plan_was_stale();  // then it is made again
            break;
        } catch (const Error& error) {
            if (error.code() == "task.finished" && claimed_before_ && finished_by_us()) {
                return;
            }
            if (error.code() == "task.changed" && plan_was_stale()) {
                continue;
            }
            if (error.code() != "task.running" || runtime_.now() >= deadline ||
                stop_.wait_for(std::chrono::milliseconds(500))) {
                throw;
            }
        }
    }
    if (record_.fingerprint != plan_->fingerprint && record_.phase != TaskPhase::finished) {
        correct();
    }
    record_.last_error.clear();
    steward_->claimed(record_);
    if (!std::exchange(claimed_before_, true)) {
        ++record_.starts;
        control_->save(record_);
        observer_.on(
            stage::Started{record_.name, record_.starts > 1, record_.epoch - record_.born});
        observer_.on(stage::PhaseStarted{record_.phase});
    }
}

/// Our own cutover, whose answer was lost on the way: nobody has claimed the task since.
bool Task::finished_by_us() {
    const std::optional<engine::TaskRecord> now = control_->load(spec_.name);
    if (!now || now->epoch != record_.epoch) {
        return false;
    }
    record_ = *now;
    return true;
}

void Task::verify_capture() {
    const model::Position& applied =
        record_.marker.position.empty() ? record_.origin->start : record_.marker.position;
    const engine::CaptureProof proof = source_->verify_capture(*record_.origin, applied);
    if (proof.failed_over) {
        check_copy_survived();
        observer_.on(stage::FailoverProved{proof.text});
    }
}

/// What the copy's views had seen, and what was applied beyond the marker, has to be on the server
/// that answers now, too.
void Task::check_copy_survived() {
    const model::Position now = source_->current_position();
    const auto check = [&](const model::Position& settled) {
        if (!source_->covers(now, settled)) {
            throw Error(ErrorClass::corrupt, "source.copy_lost",
                        "rows were written that the source had at " + settled.text +
                            "; the server that answers now is at " + now.text,
                        "it lacks what the old one had: release the task and migrate anew")
                .at(model::Side::source);
        }
    };
    if (record_.copy_view) {
        check(record_.copy_view->settled);
    }
    if (!record_.reach.empty()) {
        check(record_.reach);
    }
    for (const model::ChunkReceipt& receipt : control_->receipts()) {
        check(receipt.view.settled);
    }
}

void Task::create_capture() {
    const engine::CaptureOrigin origin = source_->create_capture(*plan_);
    runtime_.yield(flow::sync::kCaptureCreated);
    record_.origin = origin;
    record_.marker.position = origin.start;
    control_->save_marker(record_.marker);
    advance_to(TaskPhase::schema);
}

void Task::advance_to(TaskPhase phase) {
    record_.phase = phase;
    control_->save(record_);
    steward_->advanced(record_);  // before anybody is told: a finish may follow at once
    observer_.on(stage::PhaseStarted{phase});
}

void Task::run_schema() {
    if (spec_.phases.full) {
        source_->prepare_readers(spec_.limits.workers);
        sink_->prepare_writers(spec_.limits.workers);
    }
    stage::Context stage = context();
    stage::run_schema_section(stage, SchemaSection::before_rows);
    make_plan();  // the destination's own type ids are known only now
    schema_.keep(*control_);
    advance_to(TaskPhase::full);
}

void Task::run_full() {
    if (spec_.phases.full) {
        stage::Context stage = context();
        stage::FullStage full(stage);
        steward_->watch([&full] { return std::optional<stage::Event>(full.progress()); });
        full.run();
        observer_.on(full.progress());
        steward_->watch({});
        throw_if_schema_differs();
        source_->close_view();
    }
    runtime_.yield(flow::sync::kFullDone);
    advance_to(TaskPhase::keys);
}

void Task::run_keys() {
    stage::Context stage = context();
    stage::run_schema_section(stage, SchemaSection::keys);
    if (copy_is_consistent()) {
        build_unique_keys(stage);
    }
    stage::run_schema_section(stage, SchemaSection::indexes);
    if (spec_.phases.incremental) {
        advance_to(TaskPhase::incremental);
    }
}

/// True if the log does not have to catch up with any view of the copy.
bool Task::copy_is_consistent() const {
    if (!spec_.phases.incremental || flow::deliberate_bug(flow::Bug::unique_keys_too_early)) {
        return true;
    }
    stage::Admission admission(*source_, *plan_, record_, control_->receipts(),
                               sink_->traits().atomic);
    admission.advance(record_.marker.position);
    return admission.all_settled();
}

bool Task::held_to_foreign_keys() const {
    return sink_->traits().foreign_keys == engine::ForeignKeys::held &&
           !flow::deliberate_bug(flow::Bug::foreign_keys_too_early);
}

/// Foreign keys may refer to unique keys, so they come with them.
void Task::build_unique_keys(stage::Context& stage) {
    stage::run_schema_section(stage, SchemaSection::unique_keys);
    if (!held_to_foreign_keys()) {
        stage::run_schema_section(stage, SchemaSection::foreign_keys);
    }
}

Outcome Task::run_incremental() {
    for (;;) {
        if (const std::optional<Outcome> outcome = follow_and_cut_over()) {
            return *outcome;
        }
        settle_schema();
    }
}

/// Nothing, if the log has passed a change of the schema.
std::optional<Outcome> Task::follow_and_cut_over() {
    stage::Context stage = context();
    if (!schema_.unsettled()) {  // a predecessor may have died before it had built them
        stage::run_schema_section(stage, SchemaSection::keys);
        stage::run_schema_section(stage, SchemaSection::indexes);
    }
    Validation validation(stage);
    for (;;) {
        const stage::IncrementalEnd followed = follow_log(stage, validation);
        // A finish that is asked for meanwhile goes on when what was held back is there.
        if (followed == stage::IncrementalEnd::passed ||
            (followed == stage::IncrementalEnd::reached && schema_.unsettled())) {
            validation.wait();
            return std::nullopt;
        }
        if (followed != stage::IncrementalEnd::reached) {
            continue;
        }
        validation.wait();
        const CutoverEnd end = cut_over();
        if (end != CutoverEnd::refused) {
            return outcome_of(end);
        }
    }
}

/// Follows the log until a finish is asked for and reached, or something else had to be done: a
/// table copied anew, unique keys built because the copy has become consistent. Constraints that
/// are being validated, which may take long, are waited for here, where the log goes on being
/// applied.
stage::IncrementalEnd Task::follow_log(stage::Context& stage, Validation& validation) {
    const bool validates = !held_to_foreign_keys();
    if (!validates) {
        stage::withdraw_foreign_keys(stage);  // a cutover has added them, and was refused or killed
    }
    stage::IncrementalStage incremental(stage);
    if (const std::optional<model::Position> until = schema_.unsettled()) {
        incremental.pass_at(*until);
    }
    bool finishing = false;
    // A predecessor may have died between the two.
    const bool keys_wait =
        !stage::pending_steps(stage, SchemaSection::unique_keys).empty() ||
        (validates && !stage::pending_steps(stage, SchemaSection::foreign_keys).empty());
    if (keys_wait) {
        incremental.stop_when_consistent();
    }
    stage.tick = [&] {
        steward_->tick(*control_, record_);
        watch_schema();
        if (validates && !validation.started() && !keys_wait && incremental.consistent()) {
            validation.start(stage::pending_steps(stage, SchemaSection::validation));
        }
        if (!finishing && steward_->finish_command() && !validation.under_way()) {
            finishing = true;
            incremental.finish_at(flow::deliberate_bug(flow::Bug::finish_without_asking_the_source)
                                      ? record_.marker.position
                                      : source_->current_position());
            source_->heartbeat();
        }
    };
    steward_->watch([&incremental] { return std::optional<stage::Event>(incremental.progress()); });
    const stage::IncrementalEnd end = incremental.run();
    steward_->watch({});
    if (end == stage::IncrementalEnd::restart_table) {
        copy_again(incremental.table());
    } else if (end == stage::IncrementalEnd::unreadable) {
        throw_unreadable(incremental.table());
    } else if (end == stage::IncrementalEnd::consistent) {
        stage::Context plain = context();
        build_unique_keys(plain);
    }
    return end;
}

/// A table whose copy cannot go on with the log is copied in a view of its own: the one that the
/// task began with has not seen the truncate either.
void Task::copy_again(model::TableIndex table) {
    // First the phase: whoever takes over after a crash has to find the copy unfinished.
    advance_to(TaskPhase::full);
    model::Chunk anew = source_->whole(plan_->tables[table]);
    anew.generation = 1;
    control_->restart_table(plan_->tables[table], {anew});
    run_full();
    advance_to(TaskPhase::incremental);
}

CutoverTools Task::cutover_tools() {
    return {[this](model::TableIndex table) { copy_again(table); },
            [this](model::TableIndex table) { throw_unreadable(table); },
            [this] {
                throw_if_schema_differs();
                return plan_now();
            },
            [this](const std::string& answer) { answer_finish(answer); }};
}

/// `refused`: the task goes on as before, and the operator is told; or nobody waits for it any
/// more.
CutoverEnd Task::cut_over() {
    stage::Context stage = context();
    build_unique_keys(stage);
    const std::optional<FinishOptions> options = steward_->begin_finish();
    return options ? Cutover(stage, cutover_tools(), *options).run() : CutoverEnd::refused;
}

/// This process has cut over, and lost its connection before it had told what came after.
Outcome Task::look_behind() {
    const std::optional<CutoverEvidence> evidence = evidence_from(record_.cutover);
    if (!evidence || !record_.origin) {
        return Outcome::unseen;
    }
    control_->listen(spec_.name, record_.epoch, steward_->process());
    return outcome_of(Cutover(context(), cutover_tools(), {}).watch_again(*evidence));
}

void Task::answer_finish(const std::string& answer) {
    if (const auto command = steward_->finish_command()) {
        control_->answer_command(*command, answer);
        steward_->finish_answered();
    }
}

/// The end of a task without incremental.
Outcome Task::complete() {
    stage::Context stage = context();
    stage::add_foreign_keys(stage);
    sink_->set_sequences(*plan_, source_->sequences(*plan_));
    runtime_.yield(flow::sync::kSequencesSet);
    control_->fence("");
    record_.phase = TaskPhase::finished;
    observer_.on(stage::PhaseStarted{TaskPhase::finished});
    return Outcome::completed;
}

/// Leaves the reason at the destination, if it can still be reached, for `cutover status`.
void Task::note_failure(const Error& error) {
    observer_.on(stage::Failed{error, record_.marker.position.text});
    if (!control_ || record_.name.empty()) {
        return;
    }
    try {
        record_.last_error = error.what();
        control_->save(record_);
    } catch (const Error&) {
        // The error itself is what matters; it is on its way to the user.
    }
}

void Task::report_end(const std::string& outcome, int exit_code) {
    stage::Ended ended;
    ended.outcome = outcome;
    ended.exit_code = exit_code;
    ended.position = record_.marker.position.text;
    ended.transactions = record_.marker.transactions;
    ended.changes = record_.marker.changes;
    observer_.on(ended);
}

}  // namespace cutover::task
