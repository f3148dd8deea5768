// What is done to the migrator itself, to its writers' side and by an operator's hand.
#include <fmt/format.h>

#include <csignal>

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

/// The code of the `error` line: `"code":"task.finished"`.
std::string error_code(const std::string& output) {
    const std::string key = "\"code\":\"";
    const std::size_t at = output.find(key);
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = at + key.size();
    return output.substr(begin, output.find('"', begin) - begin);
}

/// A process of this task that comes too late (after the cutover) or second (while one runs). It
/// must be refused; whether it was is for the assertion fence_holds to say.
class ZombieMigrator : public Fault {
public:
    explicit ZombieMigrator(const Parameters&) {}

    std::string target() const override { return "destination"; }
    void inject(Scene& scene) override {
        ZombieRecord& zombie = scene.evidence().zombie;
        // While a first process runs the destination changes anyway.
        const bool alone = !scene.migrator_running();
        const std::string before = alone ? scene.ground().destination_fingerprint() : "";
        const CommandOutcome outcome =
            scene.run_cutover("migrate", {"--json"}, std::chrono::seconds(60));
        zombie.attempted = true;
        zombie.exit_code = outcome.exit_code;
        zombie.message = outcome.output;
        zombie.error_code = error_code(outcome.output);
        zombie.destination_changed = alone && scene.ground().destination_fingerprint() != before;
        proof_ = fmt::format("it ended with exit code {}", outcome.exit_code);
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
          exit_(static_cast<int>(with.number("exit", 0))) {}

    std::string target() const override { return "migrator"; }
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
    std::optional<std::string> heal(Scene&) override { return std::nullopt; }

private:
    std::string verb_;
    std::string argument_;
    int exit_;
    int exit_seen_ = -1;
};

const FaultKind kKinds[] = {
    {"kill_migrator",
     "kill -9 of the migrator; started again unless restart: false",
     make<KillMigrator>,
     {{"restart", false}}},
    {"start_migrator", "starts the migrator with the same task file", make<StartMigrator>, {}},
    {"pause_migrator", "freezes the migrator for a while", make<PauseMigrator>, {{"for_ms"}}},
    {"zombie_migrator",
     "another process of the same task, which must be refused",
     make<ZombieMigrator>,
     {}},
    {"stop_writers", "ends the workloads' writers", make<StopWriters>, {}},
    {"start_writers", "lets the workloads' writers go on", make<StartWriters>, {}},
    {"operator_command",
     "`cutover VERB` on the running task",
     make<OperatorCommand>,
     {{"verb", false, true}, {"argument", false}, {"exit"}}},
};

}  // namespace

std::span<const FaultKind> migrator_faults() {
    return kKinds;
}

}  // namespace cutover::scenarios
