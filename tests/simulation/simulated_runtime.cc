#include "tests/simulation/simulated_runtime.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "migrator/model/check.h"

namespace cutover::simulation {

namespace {

/// Who runs now decides what happens, not who made the gate: the world's fibers ring the bells of
/// processes that may be dead.
class SimulatedGate final : public flow::Gate {
public:
    explicit SimulatedGate(Scheduler& scheduler) : scheduler_(scheduler) {}

    void lock() override {
        Process& process = *scheduler_.current().process;
        process.touch("gate.lock");
        acquire();
    }

    void unlock() override {
        if (owner_ != &scheduler_.current()) {
            CUTOVER_CHECK(scheduler_.current().process->dead());
            return;
        }
        release();
        scheduler_.current().process->touch("gate.unlock");
    }

    void wait() override { wait_for(std::nullopt); }
    bool wait_until(flow::TimePoint deadline) override { return wait_for(deadline); }

    void notify_all() override {
        CUTOVER_CHECK(owner_ == &scheduler_.current() || scheduler_.current().process->dead());
        for (Fiber* waiter : waiters_) {
            scheduler_.wake(*waiter);
        }
    }

private:
    void acquire() {
        Fiber& self = scheduler_.current();
        while (owner_ != nullptr && !self.process->dead()) {
            CUTOVER_CHECK(owner_ != &self);
            lockers_.push_back(&self);
            scheduler_.block("gate.lock", std::nullopt);
            std::erase(lockers_, &self);
        }
        if (owner_ == nullptr) {
            owner_ = &self;
        }
    }
    void release() {
        owner_ = nullptr;
        for (Fiber* locker : lockers_) {
            scheduler_.wake(*locker);
        }
    }
    bool wait_for(std::optional<flow::TimePoint> deadline) {
        Fiber& self = scheduler_.current();
        Process& process = *self.process;
        process.touch("gate.wait");
        Process::throw_if_dead(scheduler_);
        if (process.dead()) {
            // A destructor waits for somebody who may be dead too: let them unwind, and do not
            // hang.
            scheduler_.pass("gate.wait");
            CUTOVER_CHECK(++dead_waits_ < 100'000);
            return false;
        }
        CUTOVER_CHECK(owner_ == &self);
        release();
        bool in_time = true;
        // Waking without cause is allowed, so it happens.
        if (!scheduler_.random().chance(0.02)) {
            waiters_.push_back(&self);
            in_time = scheduler_.block("gate.wait", deadline);
            std::erase(waiters_, &self);
        }
        acquire();
        Process::throw_if_dead(scheduler_);
        return in_time;
    }

    Scheduler& scheduler_;
    Fiber* owner_ = nullptr;
    std::uint32_t dead_waits_ = 0;
    std::vector<Fiber*> lockers_;
    std::vector<Fiber*> waiters_;
};

class SimulatedWorker final : public flow::Worker {
public:
    SimulatedWorker(Scheduler& scheduler, std::shared_ptr<Fiber> fiber)
        : scheduler_(scheduler), fiber_(std::move(fiber)) {}
    ~SimulatedWorker() override { scheduler_.join(*fiber_); }
    void join() override { scheduler_.join(*fiber_); }

private:
    Scheduler& scheduler_;
    std::shared_ptr<Fiber> fiber_;
};

}  // namespace

Process::Process(Scheduler& scheduler, std::string name, std::uint64_t random_seed)
    : scheduler_(scheduler), name_(std::move(name)), random_(random_seed, name_) {
    scheduler_.enroll(*this);
}

Process::~Process() {
    scheduler_.forget(*this);
}

void Process::kill() {
    if (!dead_) {
        dead_ = true;
        scheduler_.trace("killed: " + name_);
        scheduler_.wake_all_of(*this);
    }
}

void Process::throw_if_dead(Scheduler& scheduler) {
    if (scheduler.current().process->dead() && std::uncaught_exceptions() == 0) {
        throw Killed{};
    }
}

void Process::touch(std::string_view point) {
    if (dead_) {
        return;
    }
    if (hook_) {
        hook_(point);
    }
    scheduler_.pass(point);
}

void Process::yield(std::string_view point) {
    touch(point);
    throw_if_dead(scheduler_);
}

void Process::sleep(flow::Duration duration) {
    const flow::TimePoint deadline = now() + duration;
    throw_if_dead(scheduler_);
    while (now() < deadline && !dead_) {
        scheduler_.block("sleep", deadline);
    }
    throw_if_dead(scheduler_);
}

model::Instant Process::wall() {
    // 2026-01-01T00:00:00Z plus the virtual time.
    return model::Instant(std::chrono::seconds(1767225600)) + scheduler_.now().time_since_epoch();
}

std::unique_ptr<flow::Gate> Process::make_gate() {
    return std::make_unique<SimulatedGate>(scheduler_);
}

std::unique_ptr<flow::Worker> Process::spawn(std::string name, std::function<void()> body) {
    yield("spawn");
    return std::make_unique<SimulatedWorker>(
        scheduler_, scheduler_.spawn(*this, std::move(name), std::move(body)));
}

}  // namespace cutover::simulation
