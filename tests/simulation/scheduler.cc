#include "tests/simulation/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "migrator/model/check.h"
#include "tests/simulation/simulated_runtime.h"

namespace cutover::simulation {

namespace {

constexpr flow::Duration kStep{2};

}  // namespace

Scheduler::Scheduler(SchedulerOptions options)
    : options_(options), random_(options.seed, "schedule"), now_(std::chrono::seconds(1000)) {
    const double chances[] = {1.0, 0.5, 0.15, 0.03};
    switch_chance_ = chances[random_.below(4)];
    by_priority_ = random_.chance(0.25);
    stall_chance_ = random_.chance(0.3) ? 0.0005 : 0;
}

Scheduler::~Scheduler() = default;

void Scheduler::enroll(Process& process) {
    processes_.push_back(&process);
}

void Scheduler::forget(Process& process) {
    for (const auto& fiber : fibers_) {
        CUTOVER_CHECK(fiber->process != &process || stuck_count_ > 1);
    }
    std::erase(processes_, &process);
}

void Scheduler::trace(std::string_view text) {
    if (options_.trace) {
        std::printf("%12lld us  %-14s %.*s\n",
                    static_cast<long long>(now_.time_since_epoch().count() - 1'000'000'000),
                    current_ != nullptr ? current_->name.c_str() : "-",
                    static_cast<int>(text.size()), text.data());
    }
}

void Scheduler::note(std::string_view point) {
    current_->last_point.assign(point);
    if (options_.trace && !point.starts_with("gate.") && point != "sleep" && point != "writer") {
        trace(point);
    }
    ++steps_;
    now_ += kStep;
    trace_hash_ = (trace_hash_ ^ current_->id) * 0x100000001b3ull;
    for (const char letter : point) {
        trace_hash_ = (trace_hash_ ^ static_cast<unsigned char>(letter)) * 0x100000001b3ull;
    }
    if (steps_ == options_.step_limit) {
        fail("step limit reached: the task does not come to an end");
    }
}

std::shared_ptr<Fiber> Scheduler::spawn(Process& process, std::string name,
                                        std::function<void()> body) {
    auto fiber = std::make_shared<Fiber>();
    fiber->id = next_id_++;
    fiber->name = std::move(name);
    fiber->process = &process;
    fiber->priority = random_.next();
    fiber->context = std::make_unique<FiberContext>([this, body = std::move(body)]() mutable {
        try {
            body();
        } catch (const Killed&) {
        }
        body = nullptr;
        end_of_fiber();
    });
    fibers_.push_back(fiber);
    return fiber;
}

void Scheduler::run(Process& world, std::function<void()> body) {
    thread_local Scheduler* running = nullptr;
    running = this;
    model::on_check_failed([](const char* condition) {
        running->fail(std::string("broken assumption: ") + condition);
        throw Killed{};
    });
    const std::shared_ptr<Fiber> first = spawn(world, "driver", std::move(body));
    current_ = first.get();
    thread_context_.switch_to(*first->context);
    current_ = nullptr;
    ended_.clear();
}

void Scheduler::fail(const std::string& reason) {
    if (failure_) {
        return;
    }
    failure_ = reason;
    trace("FAILED: " + reason);
    for (Process* process : processes_) {
        process->kill();
    }
}

void Scheduler::pass(std::string_view point) {
    note(point);
    if (stall_chance_ > 0 && random_.chance(stall_chance_)) {
        // As if the machine had not given this thread any time for a while.
        block(point, now_ + flow::Duration(random_.between(1'000, 20'000'000)));
        return;
    }
    if (!random_.chance(switch_chance_)) {
        return;
    }
    if (by_priority_ && random_.chance(0.02)) {
        current_->priority = random_.next();
    }
    go_on_with(choose(), false);
}

bool Scheduler::block(std::string_view point, std::optional<flow::TimePoint> deadline) {
    note(point);
    Fiber& self = *current_;
    self.runnable = false;
    self.deadline = deadline;
    self.timed_out = false;
    go_on_with(choose(), false);
    self.deadline.reset();
    return !self.timed_out;
}

void Scheduler::wake(Fiber& fiber) {
    fiber.runnable = !fiber.done;
}

void Scheduler::wake_all_of(const Process& process) {
    for (const auto& fiber : fibers_) {
        if (fiber->process == &process) {
            wake(*fiber);
        }
    }
}

void Scheduler::join(Fiber& fiber) noexcept {
    while (!fiber.done) {
        fiber.joiners.push_back(current_);
        block("join", std::nullopt);
        std::erase(fiber.joiners, current_);
    }
}

void Scheduler::go_on_with(Fiber& next, bool last) {
    Fiber& from = *current_;
    if (&next != &from) {
        current_ = &next;
        from.context->switch_to(*next.context, last);
    }
    ended_.clear();
}

void Scheduler::wake_expired() {
    for (const auto& fiber : fibers_) {
        if (!fiber->runnable && fiber->deadline && *fiber->deadline <= now_) {
            fiber->runnable = true;
            fiber->timed_out = true;
        }
    }
}

Fiber& Scheduler::choose() {
    for (;;) {
        wake_expired();
        std::size_t runnable = 0;
        Fiber* best = nullptr;
        for (const auto& fiber : fibers_) {
            if (!fiber->runnable) {
                continue;
            }
            ++runnable;
            // Each of the n-th found replaces the choice with chance 1/n: uniform over all.
            if (best == nullptr ||
                (by_priority_ ? fiber->priority > best->priority : random_.below(runnable) == 0)) {
                best = fiber.get();
            }
        }
        if (best != nullptr) {
            return *best;
        }
        std::optional<flow::TimePoint> earliest;
        for (const auto& fiber : fibers_) {
            if (fiber->deadline && (!earliest || *fiber->deadline < *earliest)) {
                earliest = fiber->deadline;
            }
        }
        if (earliest) {
            now_ = std::max(now_, *earliest);
        } else {
            stuck();
        }
    }
}

/// Nobody can run and nobody waits for a time: the seed has failed.
void Scheduler::stuck() {
    std::string text = "deadlock:";
    for (const auto& fiber : fibers_) {
        text +=
            " [" + fiber->process->name() + "/" + fiber->name + " at " + fiber->last_point + "]";
    }
    if (++stuck_count_ > 1) {
        // Even dead fibers wait for each other. Their stacks are lost.
        if (failure_) {
            *failure_ += "; " + text;
        }
        abandon();
    }
    fail(text);
    for (const Process* process : processes_) {
        wake_all_of(*process);
    }
}

void Scheduler::abandon() {
    for (const auto& fiber : fibers_) {
        [[maybe_unused]] auto* lost = new std::shared_ptr<Fiber>(fiber);
    }
    fibers_.clear();
    Fiber& from = *current_;
    from.context->switch_to(thread_context_, true);
    std::abort();
}

void Scheduler::end_of_fiber() {
    Fiber& self = *current_;
    note("end");
    self.done = true;
    self.runnable = false;
    for (Fiber* joiner : self.joiners) {
        wake(*joiner);
    }
    const auto place = std::find_if(fibers_.begin(), fibers_.end(),
                                    [&](const auto& fiber) { return fiber.get() == &self; });
    ended_.push_back(std::move(*place));
    fibers_.erase(place);
    if (fibers_.empty()) {
        self.context->switch_to(thread_context_, true);
    }
    go_on_with(choose(), true);
}

}  // namespace cutover::simulation
