// Brings the steps of a scenario to pass, one after another: waits for a step's trigger, injects
// its fault, waits until it has landed, holds it, heals it, writes down where all that happened. It
// is polled; it starts no thread and decides nothing about the run's outcome.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/fault/fault.h"
#include "scenarios/scenario/scenario.h"

namespace cutover::scenarios {

class Timeline {
public:
    /// All must outlive it. `drawn`: what the seed chose, by step number.
    Timeline(const Scenario& scenario, Evidence& evidence,
             const std::map<std::uint32_t, std::map<std::string, std::string>>& drawn);

    /// Goes on as far as it can now.
    void poll(Scene& scene, const Observed& observed);
    /// Every step has been executed or given up.
    bool done() const { return current_ == steps_.size(); }
    /// The next thing to happen belongs to the closing (or nothing is left).
    bool waits_for_closing() const;
    /// A fault is in force.
    bool busy() const { return state_ != State::waiting; }
    /// `batch.committed:2` if the next step is a death at a sync point: for the migrator's next
    /// start.
    std::optional<std::string> kill_at() const;
    /// The migrator died of SIGKILL and nobody sent it. True if it had said (`chunk.read:3`) that
    /// it was about to, at the step at hand: then that has landed.
    bool died_at_sync_point(const std::string& said, const Observed& observed);
    /// Undoes the fault in force, if there is one, before its time.
    void heal_now(Scene& scene, const Observed& observed);
    /// Marks what is left as not executed.
    void give_up(const std::string& because);
    /// What makes the run worthless: steps that were missed, faults that did not land.
    const std::vector<std::string>& problems() const { return problems_; }

private:
    enum class State : std::uint8_t { waiting, landing, holding };

    const Step& step() const { return scenario_.timeline[current_]; }
    ScheduleStep& record() { return evidence_.schedule[current_]; }
    FaultRecord& fault_record() { return evidence_.faults.back(); }
    bool advance(Scene& scene, const Observed& observed);
    bool try_to_inject(Scene& scene, const Observed& observed);
    bool became_ready(Scene& scene);
    bool try_to_land(Scene& scene);
    bool try_to_heal(Scene& scene, const Observed& observed);
    void note_fired(const Observed& observed, const std::string& target);
    void skip(const std::string& because);
    void next(const Observed& observed);

    const Scenario& scenario_;
    Evidence& evidence_;
    std::vector<std::unique_ptr<Fault>> steps_;
    std::size_t current_ = 0;
    State state_ = State::waiting;
    std::chrono::steady_clock::time_point deadline_{};
    std::chrono::steady_clock::time_point ask_at_{};
    Observed base_;
    std::vector<std::string> problems_;
};

}  // namespace cutover::scenarios
