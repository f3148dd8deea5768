#include "migrator/task/validation.h"

#include <utility>

namespace cutover::task {

Validation::Validation(const stage::Context& context)
    : runtime_(context.runtime), sink_(context.sink), gate_(context.runtime.make_gate()) {}

Validation::~Validation() {
    try {
        cancel();
    } catch (...) {
        // A simulated process may die while it waits: nothing is cancelled then.
    }
    thread_.reset();  // joins
}

/// More than once: a step may be between two statements when it is asked.
void Validation::cancel() {
    constexpr int kCancels = 20;
    std::unique_lock lock(*gate_);
    giving_up_ = true;
    for (int cancels = 0; thread_ && !ended_ && cancels < kCancels; ++cancels) {
        lock.unlock();
        sink_.cancel_schema_steps();
        lock.lock();
        if (!ended_) {
            gate_->wait_until(runtime_.now() + std::chrono::milliseconds(200));
        }
    }
}

void Validation::start(std::vector<const plan::SchemaStep*> steps) {
    if (!thread_) {
        thread_ = runtime_.spawn("validation", [this, steps = std::move(steps)] {
            run(steps);
            const std::unique_lock lock(*gate_);
            ended_ = true;
            gate_->notify_all();
        });
    }
}

bool Validation::under_way() const {
    const std::unique_lock lock(*gate_);
    return thread_ != nullptr && !ended_;
}

void Validation::run(const std::vector<const plan::SchemaStep*>& steps) {
    for (const plan::SchemaStep* step : steps) {
        {
            const std::unique_lock lock(*gate_);
            if (giving_up_) {
                return;
            }
        }
        try {
            sink_.run_schema_step(*step);
        } catch (const std::exception&) {
            const std::unique_lock lock(*gate_);
            failure_ = std::current_exception();
            return;
        }
    }
}

void Validation::wait() {
    if (thread_) {
        thread_->join();
    }
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

}  // namespace cutover::task
