// Executes one scenario from nothing to a verdict: servers up, rows loaded, writers writing, the
// migrator migrating, the timeline breaking things, then the cutover and the proof. It fills the
// Evidence and has it judged; it renders nothing (report/) and asks nobody (command.h).
//
// One thread drives everything by polling; the writers and the links have threads of their own, the
// migrator is a child process.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/evidence/journal.h"
#include "scenarios/evidence/secret_search.h"
#include "scenarios/fault/fault.h"
#include "scenarios/run/afterwards.h"
#include "scenarios/run/migrator_process.h"
#include "scenarios/run/timeline.h"
#include "scenarios/workload/workload.h"

namespace cutover::scenarios {

/// Hears how a rehearsal goes on, for a terminal. Called from the rehearsal's thread.
class Narrator {
public:
    virtual ~Narrator() = default;
    /// Something happened: `the source fails over`.
    virtual void say(const std::string& line) = 0;
    /// Where the run stands, several times a second.
    virtual void progress(const Observed& observed, const Evidence& evidence) = 0;
};

struct RehearsalOptions {
    std::uint64_t seed = 0;
    std::filesystem::path program;  ///< the `cutover` that migrates and verifies
    std::filesystem::path folder;   ///< logs, task files and the schedule go here; made if need be
    std::string reproduction;       ///< for the report
};

class Rehearsal : private Scene {
public:
    /// `scenario` is changed: its amounts are drawn from the seed. All must outlive the rehearsal.
    Rehearsal(Scenario& scenario, RehearsalOptions options, fixtures::ServerFactory& servers,
              Narrator& narrator);
    ~Rehearsal() override;

    /// Never throws for what goes wrong in the run: that is the verdict.
    Evidence run();
    /// Knows the passwords of the servers that it started.
    const SecretSearch& secrets() const { return secrets_; }

private:
    Ground& ground() override { return *ground_; }
    const std::string& task() const override { return task_; }
    Evidence& evidence() override { return evidence_; }
    void start_migrator() override;
    void signal_migrator(int number) override;
    void freeze_migrator() override;
    CommandOutcome thaw_migrator(std::chrono::seconds limit) override;
    bool migrator_running() override { return migrator_runs_; }
    char migrator_state() override { return migrator_runs_ ? migrator_->state() : '\0'; }
    CommandOutcome run_cutover(const std::string& verb, const std::vector<std::string>& more,
                               std::chrono::seconds limit) override;
    CommandOutcome finish_command(MigratorProcess& command, std::chrono::seconds limit);
    void start_writers() override;
    void stop_writers() override;

    void execute();
    void blame_the_migrator();
    void prepare();
    void write_task_files();
    void prepare_workloads();
    void begin();
    void migrate();
    bool migration_is_over();
    void close();
    void drain();
    void cut_over();
    bool cut_over_already();
    void ask_what_came_after();
    void prove();
    void check_workloads();
    void verify();
    void release();
    void look_for_secrets();
    void keep_logs();

    void poll(bool with_timeline = true);
    void tell_landed();
    void listen();
    void notice_end();
    void watch_writers();
    void sample_destination();
    void sample_auxiliary();
    void check_for_standstill();
    void check_for_silence();
    void check_for_limit() const;
    void milestone(const std::string& name);
    Launch launch(const std::string& verb, const std::filesystem::path& task_file,
                  const std::vector<std::string>& more, const std::string& log) const;
    std::string last_error() const;
    void fail(const std::string& why) { problems_.failures.push_back(why); }

    Scenario& scenario_;
    RehearsalOptions options_;
    fixtures::ServerFactory& servers_;
    Narrator& narrator_;
    std::string task_;
    Evidence evidence_;
    Observed observed_;
    Journal journal_{evidence_, observed_};
    RunProblems problems_;

    SecretSearch secrets_;
    std::unique_ptr<Ground> ground_;
    std::unique_ptr<Timeline> timeline_;
    std::vector<std::unique_ptr<Workload>> workloads_;
    std::vector<std::vector<Check>>
        samples_;  ///< by workload: the destination while it was running
    bool writing_ = false;
    bool logs_wanted_ = true;
    std::unique_ptr<MigratorProcess> migrator_;
    std::unique_ptr<MigratorProcess> frozen_;
    bool kill_ordered_ = false;
    bool migrator_runs_ = false;
    std::size_t told_faults_ = 0;
    std::uint32_t commands_ = 0;
    std::filesystem::path task_file_;
    std::filesystem::path judge_file_;
    std::map<std::string, std::string> environment_;

    using Clock = std::chrono::steady_clock;
    Clock::time_point writers_watched_{};
    Clock::time_point sampled_{};
    Clock::time_point auxiliary_asked_{};
    Clock::time_point moved_{};
    Clock::time_point began_ = Clock::now();
    std::string last_place_;
    std::string cutover_position_;
};

}  // namespace cutover::scenarios
