// What is done to the migrator itself, to its writers' side and by an operator's hand.
#include <fmt/format.h>

#include <csignal>

#include "fixtures/link_proxy.h"
#include "migrator/model/error.h"
#include "scenarios/fault/fault.h"

namespace cutover::scenarios {

namespace {

/// A task has one process. A step that would start a second one as the first is a mistake of the
/// scenario's, or of what came before.
void start_alone(Scene& scene) {
    if (scene.migrator_running()) {
        throw model::Error(model::ErrorClass::refused, "rehearsal.running",
                           "a migrator was to be started while one runs",
                           "kill it first, or use second_migrator to see it refused");
    }
    scene.start_migrator();
}

/// kill -9. Landed: the process is gone, and of that (a crash at the same moment is not ours).
/// Healed: another one is started with the same task file.
class KillMigrator : public Fault {
public:
    explicit KillMigrator(const Parameters& with) : restart_(with.flag("restart", true)) {}

    std::string target() const override { return "migrator"; }
    void inject(Scene& scene) override {
        found_running_ = scene.migrator_running();
        scene.signal_migrator(SIGKILL);
    }
    std::optional<std::string> landed(Scene& scene) override {
        const std::vector<ProcessRun>& runs = scene.evidence().processes;
        const bool hit = found_running_ && !scene.migrator_running() && !runs.empty() &&
                         runs.back().killed_by_us;
        return hit ? std::optional<std::string>("the process died of SIGKILL") : std::nullopt;
    }
    std::optional<std::string> heal(Scene& scene) override {
        if (!restart_) {
            return std::nullopt;
        }
        start_alone(scene);
        return "started again with the same task file";
    }

private:
    bool restart_;
    bool found_running_ = true;  ///< at a sync point nobody injects: it died while it ran
};

class StartMigrator : public Fault {
public:
    explicit StartMigrator(const Parameters&) {}

    std::string target() const override { return "migrator"; }
    void inject(Scene& scene) override { start_alone(scene); }
    std::optional<std::string> landed(Scene& scene) override {
        return scene.migrator_running() ? std::optional<std::string>("a process was started")
                                        : std::nullopt;
    }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }
};

/// Freezes the migrator: its connections stay open and silent.
class PauseMigrator : public Fault {
public:
    explicit PauseMigrator(const Parameters& with)
        : hold_(static_cast<std::int64_t>(with.number("for_ms", 3000))) {}

    std::string target() const override { return "migrator"; }
    void inject(Scene& scene) override { scene.signal_migrator(SIGSTOP); }
    std::optional<std::string> landed(Scene& scene) override {
        return scene.migrator_state() == 'T'
                   ? std::optional<std::string>("the process is in state T (stopped)")
                   : std::nullopt;
    }
    std::chrono::milliseconds hold() const override { return hold_; }
    std::optional<std::string> heal(Scene& scene) override {
        scene.signal_migrator(SIGCONT);
        return "continued by SIGCONT";
    }

private:
    std::chrono::milliseconds hold_;
};

/// The code of the `error` line; findings and retries have codes, too.
std::string error_code(const std::string& output) {
    const std::size_t line = output.rfind(R"("event":"error")");
    const std::string key = R"("code":")";
    const std::size_t at = line == std::string::npos ? line : output.find(key, line);
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = at + key.size();
    return output.substr(begin, output.find('"', begin) - begin);
}

void fill(ZombieRecord& record, const CommandOutcome& outcome) {
    record.attempted = true;
    record.exit_code = outcome.exit_code;
    record.message = outcome.output;
    record.error_code = error_code(outcome.output);
}

constexpr std::chrono::seconds kRefusedWithin{60};

/// Lets a process of the task do what it can after the cutover; whether it could do anything is for
/// the assertion fence_holds to say.
class LateProcess : public Fault {
public:
    std::string target() const override { return "destination"; }
    void inject(Scene& scene) override {
        if (scene.migrator_running()) {
            return;  // the destination changes anyway: nothing could be told
        }
        ZombieRecord& zombie = scene.evidence().zombie;
        const std::string before = scene.ground().destination_fingerprint();
        fill(zombie, let_loose(scene));
        zombie.compared = !before.empty();
        zombie.destination_changed = scene.ground().destination_fingerprint() != before;
        proof_ = fmt::format("it ended with exit code {}", *zombie.exit_code);
    }
    std::optional<std::string> landed(Scene&) override { return proof_; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

private:
    virtual CommandOutcome let_loose(Scene& scene) = 0;

    std::optional<std::string> proof_;
};

/// A new process with the same task file.
class ZombieMigrator : public LateProcess {
public:
    explicit ZombieMigrator(const Parameters&) {}

private:
    CommandOutcome let_loose(Scene& scene) override {
        return scene.run_cutover("migrate", {"--json"}, kRefusedWithin);
    }
};

/// The one that was frozen in the middle of its work and does not know that time has passed.
class ThawMigrator : public LateProcess {
public:
    explicit ThawMigrator(const Parameters&) {}

private:
    CommandOutcome let_loose(Scene& scene) override { return scene.thaw_migrator(kRefusedWithin); }
};

/// Freezes the migrator for good, as a machine that hangs: its network is cut, so that the servers
/// let go of it, and another process takes the task over.
class FreezeMigrator : public Fault {
public:
    explicit FreezeMigrator(const Parameters&) {}

    std::string target() const override { return "migrator"; }
    void inject(Scene& scene) override {
        if (!scene.migrator_running()) {
            return;
        }
        scene.freeze_migrator();
        cut_ = scene.ground().link(Role::destination).reset_all();
        scene.ground().link(Role::source).reset_all();
    }
    std::optional<std::string> landed(Scene&) override {
        return cut_ > 0 ? std::optional(fmt::format("the process is in state T, {} connections of "
                                                    "it to the destination were reset",
                                                    cut_))
                        : std::nullopt;
    }
    std::optional<std::string> heal(Scene& scene) override {
        start_alone(scene);
        return "another process was started with the same task file";
    }

private:
    std::size_t cut_ = 0;
};

/// A second process of the task while the first one runs: it must be refused, which is for the
/// assertion second_refused to say.
class SecondMigrator : public Fault {
public:
    explicit SecondMigrator(const Parameters&) {}

    std::string target() const override { return "migrator"; }
    void inject(Scene& scene) override {
        if (!scene.migrator_running()) {
            return;
        }
        const CommandOutcome outcome = scene.run_cutover("migrate", {"--json"}, kRefusedWithin);
        if (scene.migrator_running()) {
            fill(scene.evidence().second, outcome);
            proof_ = fmt::format("it ended with exit code {}, and the first one runs",
                                 outcome.exit_code);
        }
    }
    std::optional<std::string> landed(Scene&) override { return proof_; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

private:
    std::optional<std::string> proof_;
};

class StopWriters : public Fault {
public:
    explicit StopWriters(const Parameters&) {}

    std::string target() const override { return "workloads"; }
    void inject(Scene& scene) override { scene.stop_writers(); }
    std::optional<std::string> landed(Scene&) override { return "every writer has ended"; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }
};

class StartWriters : public Fault {
public:
    explicit StartWriters(const Parameters&) {}

    std::string target() const override { return "workloads"; }
    void inject(Scene& scene) override { scene.start_writers(); }
    std::optional<std::string> landed(Scene&) override { return "the writers go on"; }
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }
};

/// A command of an operator: pause, resume, throttle, status, ...
class OperatorCommand : public Fault {
public:
    explicit OperatorCommand(const Parameters& with)
        : verb_(with.text("verb")),
          argument_(with.text("argument")),
          exit_(static_cast<int>(with.number("exit", 0))),
          hold_(static_cast<std::int64_t>(with.number("for_ms", 0))) {}

    std::string target() const override { return "migrator"; }
    std::chrono::milliseconds hold() const override { return hold_; }
    void inject(Scene& scene) override {
        std::vector<std::string> more;
        if (!argument_.empty()) {
            more.push_back(argument_);
        }
        exit_seen_ = scene.run_cutover(verb_, more, std::chrono::seconds(60)).exit_code;
    }
    std::optional<std::string> landed(Scene&) override {
        return exit_seen_ == exit_ ? std::optional(fmt::format("`{}` was answered", verb_))
                                   : std::nullopt;
    }
    std::optional<std::string> heal(Scene&) override {
        return hold_.count() > 0
                   ? std::optional(fmt::format("{} ms were given to it", hold_.count()))
                   : std::nullopt;
    }

private:
    std::string verb_;
    std::string argument_;
    int exit_;
    std::chrono::milliseconds hold_;
    int exit_seen_ = -1;
};

const FaultKind kMigratorFaults[] = {
    {"kill_migrator",
     "kill -9 of the migrator; started again unless restart: false",
     make<KillMigrator>,
     {{"restart", false}}},
    {"start_migrator", "starts the migrator with the same task file", make<StartMigrator>, {}},
    {"pause_migrator", "freezes the migrator for a while", make<PauseMigrator>, {{"for_ms"}}},
    {"freeze_migrator",
     "freezes the migrator and cuts it off; another process takes over",
     make<FreezeMigrator>,
     {}},
    {"thaw_migrator",
     "lets the frozen migrator go on after the cutover: it must not write",
     make<ThawMigrator>,
     {}},
    {"zombie_migrator",
     "a new process of the task after the cutover: it must not write",
     make<ZombieMigrator>,
     {}},
    {"second_migrator",
     "a process of the task beside the running one, which must be refused",
     make<SecondMigrator>,
     {}},
    {"stop_writers", "ends the workloads' writers", make<StopWriters>, {}},
    {"start_writers", "lets the workloads' writers go on", make<StartWriters>, {}},
    {"operator_command",
     "`cutover VERB` on the running task",
     make<OperatorCommand>,
     {{"verb", false, true}, {"argument", false}, {"exit"}, {"for_ms"}}},
};

}  // namespace

std::span<const FaultKind> migrator_faults() {
    return kMigratorFaults;
}

}  // namespace cutover::scenarios
