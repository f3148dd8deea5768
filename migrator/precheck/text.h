// A precheck's report in forms for people and for machines. It prints what it is given and nothing
// more.
#pragma once

#include <ostream>
#include <string>

#include "migrator/precheck/precheck.h"

namespace cutover::precheck {

/// Each kind of finding, in a few indented lines.
void print(std::ostream& out, const Findings& findings);

/// The whole report, ending with the verdict. Its counts are of kinds, as they are shown.
void print(std::ostream& out, const Facts& facts, const Report& report);

/// One JSON object: task, ends, go, questions with findings, ignored findings; each object has its
/// own finding.
std::string to_json(const Facts& facts, const Report& report);

}  // namespace cutover::precheck
