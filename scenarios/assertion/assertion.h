// What must hold when a rehearsal is over: pure functions over the evidence, each with a name that
// a scenario uses. They look at nothing but the evidence, so that a test can show each of them a
// run in which it must fail. An assertion that finds nothing to look at fails: silence is no proof.
//
// A new one: a function in one of data.cc, conduct.cc, cutover.cc, hygiene.cc, and a line in that
// file's table.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/evidence/evidence.h"
#include "scenarios/scenario/parameters.h"
#include "scenarios/scenario/scenario.h"

namespace cutover::scenarios {

/// What one assertion says: held or not, and why in a sentence with the numbers.
struct Judgement {
    bool passed = false;
    std::string detail;
};

struct AssertionKind {
    std::string_view name;
    std::string_view meaning;  ///< one line, for `--list` and the documentation
    Judgement (*judge)(const Evidence&, const Parameters&);
    std::vector<ParameterKind> parameters;
};

/// About rows: data.cc.
std::span<const AssertionKind> data_assertions();
/// About how the migrator went on or stopped: conduct.cc.
std::span<const AssertionKind> conduct_assertions();
/// About how the cutover ended: cutover.cc.
std::span<const AssertionKind> cutover_assertions();
/// About what is left behind or said: hygiene.cc.
std::span<const AssertionKind> hygiene_assertions();

/// All kinds, by name.
std::vector<const AssertionKind*> assertion_kinds();

/// Empty, or what is wrong with the choice (unknown name, parameter or number), with the near word.
std::string assertion_mistake(const AssertionChoice& choice);

/// Requires: assertion_mistake() has nothing to say.
AssertionResult judge_assertion(const AssertionChoice& choice, const Evidence& evidence);

/// The hazard's other end: the migrator has stopped by itself, soon after the last fault, and its
/// error names the cause.
AssertionResult judge_loud_failure(const ExpectedOutcome& outcome, const Evidence& evidence);

}  // namespace cutover::scenarios
