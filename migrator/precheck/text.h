// A precheck's report as people and as machines read it. It prints what it is given, no more.
#pragma once

#include <ostream>
#include <string>

#include "migrator/precheck/precheck.h"

namespace cutover::precheck {

/// Kinds over a few indented lines each.
void print(std::ostream& out, const Findings& findings);

/// The whole report, ending with the verdict. What is counted there is kinds, as they are shown.
void print(std::ostream& out, const Facts& facts, const Report& report);

/// One JSON object: task, ends, go, questions with findings, ignored findings; each object's own.
std::string to_json(const Facts& facts, const Report& report);

}  // namespace cutover::precheck
