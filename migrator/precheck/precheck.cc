#include "migrator/precheck/precheck.h"

#include <algorithm>
#include <utility>

namespace cutover::precheck {

using model::Finding;
using model::Severity;

namespace {

struct Question {
    const char* name;
    const char* asks;
    Findings (*ask)(const Facts&);
};

// In the order in which an operator would ask. The first question is asked even if an end does not
// answer.
constexpr Question kQuestions[] = {
    {"connectivity", "do both ends answer", connectivity},
    {"versions", "are both servers known", versions},
    {"task_record", "may the task go on", task_record},
    {"privileges", "may the accounts do what the phases need", privileges},
    {"selection", "does every name in the task file mean something", selection},
    {"capture_settings", "does the source write the log that is needed", capture_settings},
    {"capture_capacity", "is there room for one more reader of the log", capture_capacity},
    {"log_retention", "is the log kept long enough", log_retention},
    {"same_names", "what is there already at the destination", same_names},
    {"types", "can every column be carried", types},
    {"names", "does every object find its place", names},
    {"filters", "is each row filter a condition", filters},
    {"keys", "can every row be told from its neighbours", keys},
    {"replica_identity", "does the log name the rows that change", replica_identity},
    {"object_kinds", "what is there that is not carried", object_kinds},
    {"needed_objects", "is there what the definitions are made of", needed_objects},
    {"schema_trial", "does the destination take the schema", schema_trial},
    {"documented_limits", "what would the real service say to this task", documented_limits},
    {"destination_space", "how much room does it take", destination_space},
};

Finding unanswered(const Question& question, const model::Error& error) {
    return {std::string(question.name) + ".unanswered",
            Severity::block,
            question.name,
            error.message() + " [" + error.code() + "]",
            "a question that cannot be answered cannot be passed",
            error.hint(),
            {"G187", "G188"}};
}

Findings answer_of(const Question& question, const Facts& facts) {
    try {
        return question.ask(facts);
    } catch (const model::Error& error) {
        return {unanswered(question, error)};
    }
}

/// Moves ignored findings out of the answers; if a finding must not be ignored, it says so (G190).
void apply_ignore(const std::set<std::string>& codes, Report& report) {
    for (Answer& answer : report.answers) {
        Findings kept;
        for (Finding& finding : answer.findings) {
            if (codes.contains(finding.code) && finding.severity == Severity::alert_ignorable) {
                report.ignored.push_back(std::move(finding));
                continue;
            }
            const bool asked_in_vain =
                codes.contains(finding.code) && finding.severity > Severity::alert_ignorable;
            if (asked_in_vain) {
                finding.why += "; it cannot be ignored, although the task file asks for it";
            }
            kept.push_back(std::move(finding));
        }
        answer.findings = std::move(kept);
    }
}

}  // namespace

std::size_t Report::count(Severity severity) const {
    std::size_t found = 0;
    for (const Answer& answer : answers) {
        found += static_cast<std::size_t>(
            std::count_if(answer.findings.begin(), answer.findings.end(),
                          [&](const Finding& finding) { return finding.severity == severity; }));
    }
    return found;
}

Report ask(const Facts& facts) {
    Report report;
    for (const Question& question : kQuestions) {
        Answer answer{question.name, question.asks, true, {}};
        answer.asked = &question == &kQuestions[0] || facts.planned.has_value();
        if (answer.asked) {
            answer.findings = answer_of(question, facts);
        }
        report.answers.push_back(std::move(answer));
    }
    apply_ignore(facts.spec.ignored_findings, report);
    return report;
}

Report check(const engine::Registry& registry, const plan::TaskSpec& spec) {
    return ask(gather(registry, spec));
}

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::note:
            return "note";
        case Severity::alert_ignorable:
            return "alert_ignorable";
        case Severity::alert:
            return "alert";
        case Severity::block:
            return "block";
    }
    return "unknown";
}

}  // namespace cutover::precheck
