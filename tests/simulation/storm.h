// The simulation's weather: which engine call goes wrong, which server goes down when, what happens
// late. All of it is written in the shape, so that a part of it can be left out while the rest
// stays.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "migrator/engine/memory/database/server.h"
#include "tests/simulation/shape.h"
#include "tests/simulation/simulated_runtime.h"

namespace cutover::simulation {

class Storm final : public memory::Weather {
public:
    Storm(const Shape& shape, memory::Server& source, memory::Server& destination, Process& world);

    memory::Fate fate(std::string_view call, memory::CallKind kind) override;
    flow::Duration delay(std::string_view call) override;
    bool commit_survives_client() override { return random_.chance(0.5); }
    void later(const std::function<void()>& action) override;
    std::uint64_t choose(std::string_view what, std::uint64_t end) override;

    /// Executes what is late; runs in a fiber of the world until calm().
    void run();
    /// The test is over: what is late happens now.
    void calm();

    std::uint64_t calls() const { return calls_; }
    std::uint64_t troubles_met() const { return troubles_met_; }
    std::uint64_t outages_met() const { return outages_met_; }
    /// Something happened after which no proof is possible: the task may stop with an error.
    bool excused() const { return excused_; }

private:
    void begin_outage(const Outage& outage);
    void fail_over();
    bool copy_is_ahead() const;
    void after(flow::Duration delay, std::function<void()> action);

    const Shape& shape_;
    memory::Server& source_;
    memory::Server& destination_;
    Process& world_;
    Random random_;
    std::vector<std::size_t> open_troubles_, open_outages_;
    std::uint64_t calls_ = 0, commits_ = 0;
    std::uint64_t troubles_met_ = 0, outages_met_ = 0;
    bool excused_ = false;
    bool over_ = false;
    std::multimap<flow::TimePoint, std::function<void()>> late_;
    std::unique_ptr<flow::Gate> gate_;
};

}  // namespace cutover::simulation
