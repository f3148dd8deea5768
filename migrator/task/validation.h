// Validates constraints beside the running incremental phase, once the destination is consistent,
// so that the cutover need not wait for it.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "migrator/stage/context.h"

namespace cutover::task {

/// Started and joined by the coordinating thread. What `context` refers to outlives it.
class Validation {
public:
    explicit Validation(const stage::Context& context);
    /// Has the step at work cancelled, so that an attempt ends, or a process, without waiting for a
    /// large table; the cutover makes up for it. The steps after it are not begun.
    ~Validation();

    /// Starts on these steps; their plan outlives this. Only the first call counts.
    void start(std::vector<const plan::SchemaStep*> steps);
    bool started() const { return thread_ != nullptr; }
    bool under_way() const;
    /// Waits for the end. Throws what a step has thrown.
    void wait();

private:
    void cancel();
    void run(const std::vector<const plan::SchemaStep*>& steps);

    flow::Runtime& runtime_;
    engine::Sink& sink_;
    std::unique_ptr<flow::Gate> gate_;
    bool giving_up_ = false;
    bool ended_ = false;
    std::exception_ptr failure_;
    std::unique_ptr<flow::Worker> thread_;
};

}  // namespace cutover::task
