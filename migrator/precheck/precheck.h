// The precheck: asks every question of questions.h and says whether the task may start. What an
// operator has put under `ignore:` is kept apart and stays in every report. It changes nothing
// anywhere.
#pragma once

#include <string>
#include <vector>

#include "migrator/precheck/facts.h"
#include "migrator/precheck/questions.h"

namespace cutover::precheck {

/// One question and its findings, without those that are ignored.
struct Answer {
    std::string question;  ///< `capture_settings`
    std::string asks;      ///< the question in words
    bool asked = true;     ///< false: it could not be asked, because an end does not answer
    Findings findings;
};

struct Report {
    std::vector<Answer> answers;
    /// Findings that the task file says to ignore; every report of a run names them (G191).
    Findings ignored;

    std::size_t count(model::Severity severity) const;
    /// A task with a blocking report does not start (G187).
    bool blocks() const { return count(model::Severity::block) > 0; }
};

/// Asks all questions that the facts allow. A question that cannot be answered (a server that goes
/// away, a right that is missing) becomes a finding that blocks.
Report ask(const Facts& facts);

/// Gathers the facts and asks. Throws: refused (no such engine or route).
Report check(const engine::Registry& registry, const plan::TaskSpec& spec);

/// `block`, `alert`, `alert_ignorable`, `note`.
std::string_view to_string(model::Severity severity);

}  // namespace cutover::precheck
