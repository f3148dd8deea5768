// Time, randomness, threads and yield points as an interface, so that flow, stage and task run
// unchanged on real threads (thread_runtime.h) and under a seeded scheduler that lets one worker
// run at a time and moves a virtual clock (tests/simulation). Nothing in flow, stage or task may
// use std::thread, std::mutex, a clock, a sleep or a random device directly.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "migrator/model/units.h"

namespace cutover::flow {

using Duration = std::chrono::microseconds;
/// A point on the runtime's own monotonic clock; it has no meaning outside the process.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// A mutex and its condition in one. Used with std::unique_lock<Gate>.
class Gate {
public:
    virtual ~Gate() = default;
    virtual void lock() = 0;
    virtual void unlock() = 0;
    /// Requires: the caller has locked it. Releases it while waiting; may wake without cause.
    virtual void wait() = 0;
    /// Like wait(), until `deadline` at the latest. False if the deadline has passed.
    virtual bool wait_until(TimePoint deadline) = 0;
    /// Wakes every waiter. Requires: the caller has locked it.
    virtual void notify_all() = 0;
};

/// A running worker. The destructor joins. Functions given to spawn() must not throw.
class Worker {
public:
    virtual ~Worker() = default;
    virtual void join() = 0;
};

class Runtime {
public:
    virtual ~Runtime() = default;
    virtual TimePoint now() = 0;
    /// The machine's wall clock (virtual in a simulation).
    virtual model::Instant wall() = 0;
    virtual std::uint64_t random() = 0;
    virtual std::unique_ptr<Gate> make_gate() = 0;
    virtual std::unique_ptr<Worker> spawn(std::string name, std::function<void()> body) = 0;
    /// A named place where a simulation may switch, kill or fail, and where a rehearsal may stop
    /// the program (sync points). Names are dotted and listed in flow/sync_points.h.
    virtual void yield(std::string_view point) = 0;
};

}  // namespace cutover::flow
