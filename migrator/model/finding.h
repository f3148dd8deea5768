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

/// Those that block, a line each, each begun with a line's end; empty if none does.
inline std::string blocks_of(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        if (finding.severity == Severity::block) {
            text += "\n  " + finding.object + ": " + finding.found + " [" + finding.code + "]; " +
                    finding.remedy;
        }
    }
    return text;
}

}  // namespace cutover::model
