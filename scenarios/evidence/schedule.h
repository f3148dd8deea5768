// The executed schedule of a rehearsal as a file: what happened where, so that a run can be
// repeated.
#pragma once

#include <cstdint>
#include <string>

#include "scenarios/evidence/evidence.h"
#include "scenarios/scenario/scenario.h"

namespace cutover::scenarios {

/// JSON.
std::string schedule_text(const Evidence& evidence);

/// What a schedule asks for.
struct Replay {
    std::string scenario;
    std::uint64_t seed = 0;
};

/// Scenario and seed of a schedule. Throws: refused (not a schedule).
Replay read_schedule(const std::string& text);

/// Puts the places where the steps really fired in the place of the scenario's triggers: counts
/// become absolute. Phases, sync points, milestones and lag stay as they are. Throws: refused (a
/// schedule of other steps).
void apply_schedule(const std::string& text, Scenario& scenario);

}  // namespace cutover::scenarios
