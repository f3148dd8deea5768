#include "scenarios/run/rehearsal.h"

#include <fmt/format.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "fixtures/link_proxy.h"
#include "fixtures/server/server_error.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "migrator/plan/output_file.h"
#include "scenarios/evidence/cutover_answer.h"
#include "scenarios/run/task_text.h"

namespace cutover::scenarios {

namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 50ms;
constexpr auto kWatchWritersEvery = 500ms;
/// Writers must have committed so much before the migrator starts: a rehearsal under load is under
/// load.
constexpr std::uint64_t kWarmedUp = 20;
constexpr auto kWarmUpLimit = 60s;
/// Nothing at all has moved for so long: the run is stuck.
constexpr auto kStandstill = 120s;
constexpr auto kDrainLimit = 300s;
constexpr auto kFinishLimit = 300s;
constexpr int kFinishAttempts = 6;
/// So much later than allowed a loud failure is still waited for, to tell how late it came.
constexpr auto kGrace = 60s;

/// A migrator that has ended has answered, and its answer is read within this.
constexpr auto kAnswerLimit = 15s;

/// Nothing is noted of a command that was not answered: it is asked again.
void note_answer(std::vector<CutoverAnswer>& answers, MigratorProcess& finish, Instant asked) {
    std::string output;
    for (const std::string& line : finish.new_lines()) {
        output += line + "\n";
    }
    const std::optional<ProcessEnd> end = finish.ended();
    CutoverAnswer answer = cutover_answer("finish", end ? end->exit_code : std::nullopt, output);
    answer.at = asked;
    if (!answer.outcome.empty()) {
        answers.push_back(std::move(answer));
    }
}

bool refused(MigratorProcess& command) {
    const std::optional<ProcessEnd> end = command.ended();
    return end && end->exit_code != 0;
}

/// Thrown inside to leave a run that need not go on; the reason is in the problems already.
struct RunOver {};

}  // namespace

Rehearsal::Rehearsal(Scenario& scenario, RehearsalOptions options, fixtures::ServerFactory& servers,
                     Narrator& narrator)
    : scenario_(scenario),
      options_(std::move(options)),
      servers_(servers),
      narrator_(narrator),
      task_(kTaskName) {}

Rehearsal::~Rehearsal() = default;

Evidence Rehearsal::run() {
    evidence_.scenario = scenario_.name;
    evidence_.promise = scenario_.promise;
    for (const Claim& claim : scenario_.claims) {
        evidence_.claims.push_back(to_text(claim));
    }
    evidence_.seed = options_.seed;
    evidence_.reproduction = options_.reproduction;
    evidence_.started = wall_now();
    try {
        execute();
    } catch (const RunOver&) {
        problems_.ended_early = true;
        narrator_.say("the run ends early");
    } catch (const fixtures::ServerError& error) {
        problems_.obstacles.push_back(error.what());
        problems_.cut_short = true;
    } catch (const model::Error& error) {
        problems_.obstacles.push_back(fmt::format("{} [{}]", error.what(), error.code()));
        problems_.cut_short = true;
    }
    blame_the_migrator();
    if (timeline_) {
        timeline_->give_up("the run was over before");
        for (const std::string& problem : timeline_->problems()) {
            problems_.obstacles.push_back(problem);
        }
    }
    keep_logs();
    migrator_.reset();
    frozen_.reset();
    workloads_.clear();
    evidence_.ended = wall_now();
    journal_.settle_rework();
    measure_rates(evidence_);
    measure_effects(evidence_);
    judge(scenario_, problems_, evidence_);
    return std::move(evidence_);
}

/// A run that was cut short may have been so because the migrator had failed already.
void Rehearsal::blame_the_migrator() {
    listen();
    notice_end();
    const bool failed = observed_.ended && !evidence_.processes.empty() &&
                        evidence_.processes.back().outcome != "finished" &&
                        evidence_.processes.back().exit_code.value_or(1) != 0;
    if (failed && scenario_.outcome.survived && problems_.failures.empty()) {
        fail("the migrator ended by itself: " + last_error());
    }
}

void Rehearsal::execute() {
    prepare();
    begin();
    migrate();
    if (scenario_.outcome.survived && scenario_.has_incremental()) {
        close();
    }
    stop_writers();
    prove();
    release();
    look_for_secrets();
}

void Rehearsal::prepare() {
    std::filesystem::create_directories(options_.folder);
    const auto drawn = draw_amounts(scenario_, options_.seed);
    timeline_ = std::make_unique<Timeline>(scenario_, evidence_, drawn);
    narrator_.say("starting servers");
    ground_ = make_ground(scenario_.topology, servers_);
    evidence_.topology = ground_->description();
    evidence_.body = ground_->body();
    evidence_.versions = ground_->versions();
    secrets_ = SecretSearch(ground_->secrets());
    secrets_.begin(evidence_.secrets);
    milestone("servers_up");
    narrator_.say(fmt::format("{}, as {}", evidence_.topology, evidence_.body));
    const LoadedData loaded = ground_->load(scenario_.dataset, options_.seed);
    evidence_.dataset_rows = loaded.rows;
    evidence_.dataset_tables = loaded.tables;
    prepare_workloads();
    ground_->settle();
    milestone("loaded");
    narrator_.say(
        fmt::format("{} rows in {} tables are at the source", loaded.rows, loaded.tables));
    write_task_files();
}

void Rehearsal::write_task_files() {
    std::map<std::string, std::uint16_t> ports;
    for (const Role role : {Role::source, Role::standby, Role::destination}) {
        if (ground_->has(role)) {
            ports[std::string(to_string(role))] = ground_->link(role).address().port;
        }
    }
    fill_in_ports(scenario_.outcome, ports);
    const plan::Endpoint source = ground_->through_links(Side::source);
    const plan::Endpoint destination = ground_->through_links(Side::destination);
    environment_ = task_environment(source, destination);
    task_file_ = options_.folder / "task.yaml";
    judge_file_ = options_.folder / "judge.yaml";
    plan::write_file("--report-dir", task_file_, task_text(scenario_, source, destination));
    // The judge looks at the servers, not through links that may be broken.
    plan::write_file("--report-dir", judge_file_,
                     task_text(scenario_, ground_->behind_links(Side::source),
                               ground_->behind_links(Side::destination)));
}

void Rehearsal::prepare_workloads() {
    std::uint64_t number = 0;
    for (const WorkloadChoice& choice : scenario_.workloads) {
        WorkloadOptions options;
        options.name = choice.name;
        options.connections = choice.connections;
        options.transactions_per_second = choice.rate.value_or(0);
        options.seed = options_.seed * 1000 + ++number;
        options.more = choice.options;
        workloads_.push_back(make_workload(options));
        WorkloadEnd end;
        end.endpoint = ground_->direct(Side::source);
        workloads_.back()->setup(end);
        samples_.emplace_back();
    }
}

void Rehearsal::begin() {
    start_writers();
    const auto deadline = Clock::now() + kWarmUpLimit;
    while (!workloads_.empty() && observed_.acknowledged < kWarmedUp) {
        if (Clock::now() > deadline) {
            throw fixtures::ServerError("the writers commit nothing at the source");
        }
        std::this_thread::sleep_for(kLookEvery);
        watch_writers();
    }
    moved_ = Clock::now();
    timeline_->poll(*this, observed_);
    if (!migrator_runs_) {
        start_migrator();
    }
    milestone("started");
}

void Rehearsal::migrate() {
    while (!migration_is_over()) {
        poll();
        check_for_silence();
    }
    timeline_->heal_now(*this, observed_);
}

/// A task that should have stopped and has not is as wrong as one that stopped and should not.
void Rehearsal::check_for_silence() {
    if (scenario_.outcome.survived || !(timeline_->done() || timeline_->busy()) ||
        evidence_.faults.empty()) {
        return;
    }
    const Instant last = evidence_.faults.back().landed.value_or(evidence_.faults.back().injected);
    if (wall_now() - last > std::chrono::seconds(scenario_.outcome.within_seconds) + kGrace) {
        fail(fmt::format(
            "{} s after the last fault the migrator still runs, and should have stopped",
            std::chrono::duration_cast<std::chrono::seconds>(wall_now() - last).count()));
        signal_migrator(SIGKILL);
        timeline_->heal_now(*this, observed_);
        throw RunOver{};
    }
}

/// The timeline up to the closing is done, and the migrator is where the closing may begin.
bool Rehearsal::migration_is_over() {
    const bool ended = observed_.ended && !migrator_runs_;
    if (!scenario_.outcome.survived) {
        return ended;
    }
    if (!scenario_.has_incremental()) {
        if (ended && last_error().empty()) {
            return true;
        }
    } else if (timeline_->waits_for_closing() && !timeline_->busy() &&
               phase_rank(observed_.phase) >= phase_rank("incremental")) {
        return true;
    }
    if (ended) {
        const std::string error = last_error();
        fail("the migrator ended by itself" + (error.empty() ? std::string() : ": " + error));
        throw RunOver{};
    }
    return false;
}

void Rehearsal::close() {
    narrator_.say("the timeline is done; the writers stop");
    stop_writers();
    if (!cut_over_already()) {
        cutover_position_ = ground_->end_of_source_log();
        drain();
        cut_over();
    } else {
        milestone("cut_over");
    }
    poll();
}

/// By a step that has asked for it beside the writers. Behind the fence the migrator lives a moment
/// longer.
bool Rehearsal::cut_over_already() {
    const auto deadline = Clock::now() + kFinishLimit;
    while (observed_.phase == "finished" && migrator_runs_ && Clock::now() < deadline) {
        poll();
    }
    return !migrator_runs_ && !evidence_.processes.empty() &&
           evidence_.processes.back().outcome == "finished";
}

void Rehearsal::drain() {
    const auto deadline = Clock::now() + kDrainLimit;
    while (!ground_->applied(task_, cutover_position_)) {
        poll();
        if (observed_.ended || Clock::now() > deadline) {
            fail(fmt::format("the destination has not applied {} ({})", cutover_position_,
                             observed_.ended ? last_error() : "time ran out"));
            throw RunOver{};
        }
    }
    milestone("drained");
    narrator_.say("everything is applied up to " + cutover_position_);
}

void Rehearsal::cut_over() {
    for (int attempt = 1; attempt <= kFinishAttempts; ++attempt) {
        const Instant asked = wall_now();
        MigratorProcess finish(
            launch("finish", task_file_, {"--json"},
                   (options_.folder / fmt::format("finish_{}.log", attempt)).string()));
        secrets_.listing(finish.name(), finish.arguments(), evidence_.secrets);
        const auto deadline = Clock::now() + kFinishLimit;
        // A migrator that is killed while it cuts over is started again, and asked again.
        const std::size_t lives = evidence_.processes.size();
        while (Clock::now() < deadline && !observed_.ended && lives == evidence_.processes.size() &&
               (migrator_runs_ || timeline_->busy()) && !refused(finish)) {
            poll();
        }
        finish.wait_ended(kAnswerLimit);
        note_answer(evidence_.finishes, finish, asked);
        listen();
        notice_end();
        if (evidence_.processes.back().outcome == "finished") {
            milestone("cut_over");
            narrator_.say("cut over");
            return;
        }
        const auto fenced = run_cutover("status", {}, 30s);
        if (!migrator_runs_ && fenced.output.find("finished") != std::string::npos) {
            milestone("cut_over");
            narrator_.say("cut over; the migrator died behind the fence");
            return;
        }
        if (observed_.ended || Clock::now() >= deadline) {
            break;
        }
    }
    fail("the cutover did not end: " + last_error());
    throw RunOver{};
}

void Rehearsal::start_writers() {
    for (const auto& workload : workloads_) {
        workload->start();
    }
    writing_ = !workloads_.empty();
    if (!evidence_.milestones.contains("workload_started")) {
        milestone("workload_started");
    }
}

void Rehearsal::stop_writers() {
    if (!writing_) {
        return;
    }
    watch_writers();
    for (const auto& workload : workloads_) {
        workload->stop();
    }
    writing_ = false;
    writers_watched_ = {};
    watch_writers();
    milestone("writers_stopped");
}

void Rehearsal::poll(bool with_timeline) {
    listen();
    notice_end();
    watch_writers();
    if (ground_) {
        for (const Role role : {Role::source, Role::standby, Role::destination}) {
            if (ground_->has(role)) {
                const fixtures::LinkCounters now = ground_->link(role).counters();
                observed_.link_bytes[std::string(to_string(role))] =
                    now.bytes_to_client + now.bytes_to_target;
            }
        }
    }
    sample_destination();
    sample_auxiliary();
    check_for_standstill();
    check_for_limit();
    if (with_timeline) {
        timeline_->poll(*this, observed_);
        tell_landed();
    }
    narrator_.progress(observed_, evidence_);
    std::this_thread::sleep_for(kLookEvery);
}

void Rehearsal::tell_landed() {
    for (; told_faults_ < evidence_.faults.size(); ++told_faults_) {
        const FaultRecord& fault = evidence_.faults[told_faults_];
        if (!fault.landed) {
            return;
        }
        narrator_.say(fmt::format("{} ({}): {}", fault.name, fault.target, fault.landed_proof));
    }
}

void Rehearsal::watch_writers() {
    if (workloads_.empty() || Clock::now() - writers_watched_ < kWatchWritersEvery) {
        return;
    }
    writers_watched_ = Clock::now();
    WorkloadSample sample;
    sample.at = wall_now();
    for (const auto& workload : workloads_) {
        for (const std::uint64_t one : workload->acknowledged_by_writer()) {
            sample.by_writer.push_back(one);
            sample.transactions_acknowledged += one;
        }
    }
    if (!evidence_.workload_samples.empty()) {
        const WorkloadSample& last = evidence_.workload_samples.back();
        const double seconds = std::chrono::duration<double>(sample.at - last.at).count();
        const auto more = sample.transactions_acknowledged - last.transactions_acknowledged;
        sample.transactions_per_second = seconds > 0 ? static_cast<double>(more) / seconds : 0;
    }
    observed_.acknowledged = sample.transactions_acknowledged;
    evidence_.workload_samples.push_back(sample);
}

/// A run in which nothing moves any more is over; whoever is stuck is told by what is missing.
void Rehearsal::check_for_standstill() {
    const std::string place =
        fmt::format("{} {} {} {} {} {}", observed_.phase, observed_.fraction, observed_.chunks,
                    observed_.transactions, migrator_runs_, evidence_.milestones.size());
    if (place != last_place_) {
        last_place_ = place;
        moved_ = Clock::now();
    }
    if (Clock::now() - moved_ > kStandstill) {
        fail(fmt::format("nothing has moved for {} s in phase {}: {}", kStandstill.count(),
                         observed_.phase, last_error()));
        throw RunOver{};
    }
}

/// Writers keep a run moving that gets nowhere: a step waits for what does not come.
void Rehearsal::check_for_limit() const {
    if (Clock::now() - began_ > scenario_.limit) {
        throw model::Error(model::ErrorClass::refused, "rehearsal.limit",
                           fmt::format("the run was not over after {} minutes, in phase {}",
                                       scenario_.limit.count(), observed_.phase),
                           "raise limit_minutes if the scenario needs longer");
    }
}

void Rehearsal::milestone(const std::string& name) {
    observed_.milestones.insert(name);
    evidence_.milestones[name] = wall_now();
}

std::string Rehearsal::last_error() const {
    if (!evidence_.processes.empty() && !evidence_.processes.back().killed_by_us &&
        evidence_.processes.back().signal) {
        return fmt::format("it died of signal {}", *evidence_.processes.back().signal);
    }
    if (!evidence_.errors.empty() &&
        evidence_.errors.back().process == evidence_.processes.size()) {
        const MigratorError& error = evidence_.errors.back();
        return fmt::format("{} [{}]", error.message, error.code);
    }
    if (!evidence_.events.empty() && evidence_.events.back().event == "text" &&
        evidence_.events.back().process == evidence_.processes.size()) {
        return evidence_.events.back().text;
    }
    if (!evidence_.retries.empty() && !evidence_.retries.back().recovered) {
        const Retry& retry = evidence_.retries.back();
        return fmt::format("it keeps trying: {} [{}]", retry.message, retry.code);
    }
    return {};
}

}  // namespace cutover::scenarios
