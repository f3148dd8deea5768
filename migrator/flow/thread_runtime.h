// The production runtime: the machine's clocks, std::thread, std::mutex. The only file of flow that
// may name them.
#pragma once

#include <functional>
#include <string_view>

#include "migrator/flow/runtime.h"

namespace cutover::flow {

class ThreadRuntime final : public Runtime {
public:
    /// Called at every yield point, on the thread that reaches it. Rehearsals use it to stop the
    /// program there.
    using Hook = std::function<void(std::string_view point)>;
    explicit ThreadRuntime(Hook hook = {});

    TimePoint now() override;
    model::Instant wall() override;
    std::uint64_t random() override;
    std::unique_ptr<Gate> make_gate() override;
    std::unique_ptr<Worker> spawn(std::string name, std::function<void()> body) override;
    void yield(std::string_view point) override {
        if (hook_) {
            hook_(point);
        }
    }

private:
    Hook hook_;
};

}  // namespace cutover::flow
