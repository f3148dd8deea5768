// flow::Runtime on fibers and a virtual clock: one process of the simulated machine. A process can
// be killed at any yield point, which has the effect of kill -9 on the outside: what its code still
// does while it unwinds cannot reach any database (engine calls of a dead process throw).
//
// After a kill: yield(), waits, spawn() and explicit joins throw Killed, unless the fiber is
// unwinding already; lock(), unlock(), notify_all() and destructors never throw, and the dead do
// not wait for locks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "migrator/flow/runtime.h"
#include "tests/simulation/scheduler.h"

namespace cutover::simulation {

class Process final : public flow::Runtime {
public:
    /// Called at each yield point of a living process; may call kill().
    using Hook = std::function<void(std::string_view point)>;

    Process(Scheduler& scheduler, std::string name, std::uint64_t random_seed);
    /// Requires: all its fibers have ended.
    ~Process() override;

    const std::string& name() const { return name_; }
    void set_hook(Hook hook) { hook_ = std::move(hook); }
    /// From here on nothing it does has an effect. Returns even if the caller belongs to it.
    void kill();
    bool dead() const { return dead_; }
    /// Waits without a gate.
    void sleep(flow::Duration duration);
    Scheduler& scheduler() { return scheduler_; }

    flow::TimePoint now() override { return scheduler_.now(); }
    model::Instant wall() override;
    std::uint64_t random() override { return random_.next(); }
    std::unique_ptr<flow::Gate> make_gate() override;
    std::unique_ptr<flow::Worker> spawn(std::string name, std::function<void()> body) override;
    void yield(std::string_view point) override;

    /// A yield point that does not throw.
    void touch(std::string_view point);
    static void throw_if_dead(Scheduler& scheduler);

private:
    Scheduler& scheduler_;
    std::string name_;
    Random random_;
    Hook hook_;
    bool dead_ = false;
};

}  // namespace cutover::simulation
