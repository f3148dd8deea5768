// What a precheck, a comparison or a stage has to say. A finding is a value: it is never thrown.
#pragma once

#include <string>
#include <vector>

namespace cutover::model {

enum class Severity {
    note,             ///< worth knowing
    alert_ignorable,  ///< the user may say "ignore" in the task file, by the finding's code
    alert,            ///< must be looked at; cannot be ignored by code, does not stop the start
    block,            ///< the task does not start
};

/// One answer to one question.
struct Finding {
    std::string code;  ///< stable, dotted: `source.wal_level`
    Severity severity = Severity::note;
    std::string object;                   ///< what it is about: a table, a column, a setting
    std::string found;                    ///< what was found, with the value
    std::string why;                      ///< why it matters
    std::string remedy;                   ///< what to do
    std::vector<std::string> guarantees;  ///< the G-numbers it answers
};

/// At most a few of many names, for a text: `a, b, c and 12 more`.
std::string some_of(const std::vector<std::string>& names);

/// Findings that say the same of many objects: a thousand tables with one fault are one thing to
/// read.
struct FindingKind {
    std::vector<const Finding*> findings;  ///< at least one, in their order

    const Finding& first() const { return *findings.front(); }
    /// The first objects, and how many more there are.
    std::string objects() const;
};

/// By code, severity, reason and remedy; in the order of each kind's first. The findings must
/// outlive the result.
std::vector<FindingKind> kinds_of(const std::vector<Finding>& findings);

/// The kinds that block, a line each, each begun with a line's end; empty if none does.
std::string blocks_of(const std::vector<Finding>& findings);

}  // namespace cutover::model
