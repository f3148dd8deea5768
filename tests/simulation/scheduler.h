// Decides from a seed which fiber runs next, moves a virtual clock, and finds out when nobody can
// move any more. Exactly one fiber runs at a time, so that one seed gives one execution. Fibers
// belong to processes (simulated_runtime.h); a process can be killed, which unwinds its fibers. It
// knows no database.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/flow/runtime.h"
#include "tests/simulation/fiber.h"
#include "tests/simulation/random.h"

namespace cutover::simulation {

class Process;

/// Thrown through every fiber of a killed process. Not a std::exception on purpose: code that
/// handles errors must not take it for one.
struct Killed {};

struct Fiber {
    std::uint32_t id = 0;
    std::string name;
    Process* process = nullptr;
    std::unique_ptr<FiberContext> context;
    bool runnable = true;
    bool done = false;
    std::optional<flow::TimePoint> deadline;  ///< of a blocked fiber
    bool timed_out = false;
    std::uint64_t priority = 0;
    std::string last_point = "start";
    std::vector<Fiber*> joiners;
};

struct SchedulerOptions {
    std::uint64_t seed = 1;
    std::uint64_t step_limit = 400'000;
    bool trace = false;  ///< print every switch to stdout
};

/// One thread. Every function but run() and the constructor is called by a fiber.
class Scheduler {
public:
    explicit Scheduler(SchedulerOptions options);
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Runs `body` as the first fiber of `world`, until every fiber has ended.
    void run(Process& world, std::function<void()> body);

    /// The seed has failed: remembers the first reason and kills every process. Returns.
    void fail(const std::string& reason);
    const std::optional<std::string>& failure() const { return failure_; }
    bool failing() const { return failure_.has_value(); }

    flow::TimePoint now() const { return now_; }
    std::uint64_t steps() const { return steps_; }
    /// Of everything that was decided: equal for equal executions.
    std::uint64_t trace_hash() const { return trace_hash_; }
    bool tracing() const { return options_.trace; }
    void trace(std::string_view text);

    Fiber& current() { return *current_; }
    std::shared_ptr<Fiber> spawn(Process& process, std::string name, std::function<void()> body);
    /// A place where somebody else may go on. The seed decides.
    void pass(std::string_view point);
    /// Stops the current fiber until wake() or the deadline; false if the deadline has passed.
    bool block(std::string_view point, std::optional<flow::TimePoint> deadline);
    void wake(Fiber& fiber);
    /// Waits until `fiber` has ended. Never throws: destructors join.
    void join(Fiber& fiber) noexcept;
    void forget(Process& process);
    void enroll(Process& process);
    void wake_all_of(const Process& process);
    /// A decision that belongs to the schedule.
    Random& random() { return random_; }

private:
    void note(std::string_view point);
    void go_on_with(Fiber& next, bool last);
    Fiber& choose();
    void wake_expired();
    void stuck();
    void end_of_fiber();
    [[noreturn]] void abandon();

    SchedulerOptions options_;
    Random random_;
    double switch_chance_ = 1;
    bool by_priority_ = false;
    double stall_chance_ = 0;
    flow::TimePoint now_;
    std::uint64_t steps_ = 0;
    std::uint64_t trace_hash_ = 0xcbf29ce484222325ull;
    std::optional<std::string> failure_;
    std::uint32_t next_id_ = 0;
    FiberContext thread_context_;
    Fiber* current_ = nullptr;
    std::vector<std::shared_ptr<Fiber>> fibers_;  ///< alive
    std::vector<std::shared_ptr<Fiber>> ended_;   ///< stacks to give back
    std::vector<Process*> processes_;
    std::uint32_t stuck_count_ = 0;
};

}  // namespace cutover::simulation
