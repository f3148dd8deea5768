// The part of a rehearsal that has to do with processes of the program: the migrator's lives, the
// commands that are run beside it, the one that was frozen and put aside.
#include <fmt/format.h>

#include <csignal>
#include <thread>

#include "fixtures/server/server_error.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "scenarios/run/rehearsal.h"

namespace cutover::scenarios {

using namespace std::chrono_literals;

void Rehearsal::start_migrator() {
    CUTOVER_CHECK(!migrator_runs_);
    std::vector<std::string> more = {"--json"};
    if (const auto at = timeline_->kill_at()) {
        more.insert(more.end(), {"--kill-at", *at});
    }
    const std::string log = fmt::format("migrator_{}.log", evidence_.processes.size() + 1);
    kill_ordered_ = false;
    journal_.process_started(log);
    migrator_ = std::make_unique<MigratorProcess>(
        launch("migrate", task_file_, more, (options_.folder / log).string()));
    migrator_runs_ = true;
    secrets_.listing(migrator_->name(), migrator_->arguments(), evidence_.secrets);
    narrator_.say(fmt::format("migrator started (process {}){}", evidence_.processes.size(),
                              more.size() > 1 ? ", to die at " + more.back() : ""));
}

void Rehearsal::signal_migrator(int number) {
    if (migrator_ == nullptr || !migrator_runs_) {
        return;
    }
    kill_ordered_ = kill_ordered_ || number == SIGKILL;
    migrator_->signal(number);
    if (number == SIGKILL) {
        migrator_->wait_ended(10s);
        listen();
        notice_end();
    }
}

void Rehearsal::freeze_migrator() {
    CUTOVER_CHECK(migrator_runs_);
    migrator_->signal(SIGSTOP);
    for (const auto deadline = Clock::now() + 5s; migrator_->state() != 'T';) {
        if (Clock::now() > deadline) {
            throw fixtures::ServerError("the migrator does not stop for SIGSTOP");
        }
        std::this_thread::sleep_for(10ms);
    }
    listen();
    frozen_ = std::move(migrator_);
    migrator_runs_ = false;
    journal_.process_frozen();
    narrator_.say(fmt::format("migrator process {} frozen", evidence_.processes.size()));
}

CommandOutcome Rehearsal::thaw_migrator(std::chrono::seconds limit) {
    if (!frozen_) {
        throw model::Error(model::ErrorClass::refused, "rehearsal.not_frozen",
                           "no migrator is frozen that could be thawed",
                           "put a freeze_migrator before it");
    }
    frozen_->signal(SIGCONT);
    CommandOutcome outcome = finish_command(*frozen_, limit);
    frozen_.reset();
    return outcome;
}

Launch Rehearsal::launch(const std::string& verb, const std::filesystem::path& task_file,
                         const std::vector<std::string>& more, const std::string& log) const {
    Launch made;
    made.argv = {options_.program.string(), verb, task_file.string()};
    made.argv.insert(made.argv.end(), more.begin(), more.end());
    made.environment = environment_;
    made.log_file = log;
    return made;
}

CommandOutcome Rehearsal::run_cutover(const std::string& verb, const std::vector<std::string>& more,
                                      std::chrono::seconds limit) {
    const std::filesystem::path& file = verb == "verify" ? judge_file_ : task_file_;
    MigratorProcess command(
        launch(verb, file, more,
               (options_.folder / fmt::format("{}_{}.log", verb, ++commands_)).string()));
    secrets_.listing(command.name(), command.arguments(), evidence_.secrets);
    return finish_command(command, limit);
}

CommandOutcome Rehearsal::finish_command(MigratorProcess& command, std::chrono::seconds limit) {
    const auto deadline = Clock::now() + limit;
    CommandOutcome outcome;
    std::optional<ProcessEnd> end;
    while (!(end = command.ended()) && Clock::now() < deadline) {
        // The timeline stands still: this may be one of its own steps.
        poll(false);
    }
    for (const std::string& line : command.new_lines()) {
        outcome.output += line + "\n";
    }
    outcome.exit_code = end && end->exit_code ? *end->exit_code : -1;
    return outcome;
}

void Rehearsal::listen() {
    if (migrator_ == nullptr || !migrator_runs_) {
        return;
    }
    for (const std::string& line : migrator_->new_lines()) {
        if (!line.empty()) {
            journal_.line(line);
        }
    }
}

void Rehearsal::notice_end() {
    if (!migrator_runs_) {
        return;
    }
    const std::optional<ProcessEnd> end = migrator_->ended();
    if (!end) {
        return;
    }
    listen();
    migrator_runs_ = false;
    const ProcessRun& run = evidence_.processes.back();
    const bool at_sync_point = !kill_ordered_ && end->signal == SIGKILL &&
                               timeline_->died_at_sync_point(run.sync_point, observed_);
    journal_.process_ended(end->exit_code, end->signal, kill_ordered_ || at_sync_point);
    narrator_.say(fmt::format("migrator process {} ended {}", run.number,
                              at_sync_point      ? "at its sync point"
                              : run.killed_by_us ? "by kill -9"
                              : end->exit_code   ? fmt::format("with exit code {}", *end->exit_code)
                                                 : fmt::format("by signal {}", *end->signal)));
}

}  // namespace cutover::scenarios
