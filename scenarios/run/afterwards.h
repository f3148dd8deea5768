// What follows from the evidence once a run is over: rates, how long faults were felt, the verdict.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "scenarios/evidence/evidence.h"
#include "scenarios/scenario/scenario.h"

namespace cutover::scenarios {

/// Fills `rates` from samples and milestones.
void measure_rates(Evidence& evidence);

/// Fills `effect_ended` of every fault: healed, and progress was seen again.
void measure_effects(Evidence& evidence);

/// What went wrong while the run was driven, apart from assertions.
struct RunProblems {
    /// The product did what it must not do: no-go.
    std::vector<std::string> failures;
    /// The rehearsal itself did not work: could not tell.
    std::vector<std::string> obstacles;
    /// An obstacle ended the run early: what is missing then says nothing about the product.
    bool cut_short = false;
    /// A failure ended the run early: the assertions fail too, but they are not the reason.
    bool ended_early = false;
};

/// Judges the assertions and the expected outcome; fills assertions, verdict, reasons and
/// not_proved. A failure or a broken assertion outranks an obstacle; go needs neither.
void judge(const Scenario& scenario, const RunProblems& problems, Evidence& evidence);

std::string_view to_string(Decision verdict);
/// 0 go, 1 no-go, 2 could not tell.
int exit_code(Decision verdict);

}  // namespace cutover::scenarios
