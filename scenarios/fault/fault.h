// One thing done on purpose while a migration runs. The rehearsal brings each through the same
// phases:
//   inject -> landed? (asked until it says how it was seen) -> [hold] -> heal
// A fault that does not land makes the run worthless, never green. Faults act on the Scene and know
// neither triggers nor the verdict. Steps that break nothing (stopping the writers, a statement, a
// second process) have the same phases and the same place.
//
// A new one: a class in one of the *_faults.cc files and a line in that file's table.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/ground/ground.h"
#include "scenarios/scenario/parameters.h"

namespace cutover::scenarios {

struct CommandOutcome {
    int exit_code = 0;
    std::string output;
};

/// What a fault may reach; the rehearsal is it. One thread.
class Scene {
public:
    virtual ~Scene() = default;
    virtual Ground& ground() = 0;
    virtual const std::string& task() const = 0;
    virtual Evidence& evidence() = 0;

    /// Requires: none runs.
    virtual void start_migrator() = 0;
    /// SIGKILL (then its death is ours) or another signal.
    virtual void signal_migrator(int number) = 0;
    /// Stops the running migrator in its tracks and puts it aside, so that another one can be
    /// started. Requires: one runs.
    virtual void freeze_migrator() = 0;
    /// Lets the one that was put aside go on and waits for its end; what it has said since.
    virtual CommandOutcome thaw_migrator(std::chrono::seconds limit) = 0;
    virtual bool migrator_running() = 0;
    /// As /proc says it: R, S, D, T (stopped), ...; '\0' if there is no process.
    virtual char migrator_state() = 0;
    /// `cutover VERB task-file ...`, waited for.
    virtual CommandOutcome run_cutover(const std::string& verb,
                                       const std::vector<std::string>& more,
                                       std::chrono::seconds limit) = 0;

    virtual void start_writers() = 0;
    virtual void stop_writers() = 0;
};

class Fault {
public:
    virtual ~Fault() = default;

    /// `migrator`, `source`, `link destination`, ...
    virtual std::string target() const = 0;
    /// False while the place for it is not fair yet; asked again and again once the trigger is
    /// reached.
    virtual bool ready(Scene&) { return true; }
    virtual void inject(Scene& scene) = 0;
    /// What was seen of it, once something was. Asked again and again, must not wait long.
    virtual std::optional<std::string> landed(Scene& scene) = 0;
    /// How long it stays in force once it has landed.
    virtual std::chrono::milliseconds hold() const { return std::chrono::milliseconds(0); }
    /// Undoes it and says what was seen; nothing for a fault that stays.
    virtual std::optional<std::string> heal(Scene& scene) = 0;
};

struct FaultKind {
    std::string_view name;
    std::string_view meaning;  ///< one line
    std::unique_ptr<Fault> (*make)(const Parameters&);
    std::vector<ParameterKind> parameters;
};

/// For the tables of kinds.
template <typename Made>
std::unique_ptr<Fault> make(const Parameters& with) {
    return std::make_unique<Made>(with);
}

/// On the migrator's processes and on what stands around a run: migrator_faults.cc.
std::span<const FaultKind> migrator_faults();
/// Around a cutover that is asked for beside writers: cutover_steps.cc.
std::span<const FaultKind> cutover_steps();
/// On servers: server_faults.cc.
std::span<const FaultKind> server_faults();
/// On the links: link_faults.cc.
std::span<const FaultKind> link_faults();

std::vector<const FaultKind*> fault_kinds();
/// Empty, or what is wrong with the step's action and parameters, with the near word.
std::string fault_mistake(const Step& step);
/// Requires: fault_mistake() has nothing to say. Throws: refused (a server or link that does not
/// exist).
std::unique_ptr<Fault> make_fault(const Step& step);

}  // namespace cutover::scenarios
