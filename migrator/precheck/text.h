// A precheck's report as people and as machines read it. It prints what it is given, no more.
#pragma once

#include <ostream>
#include <string>

#include "migrator/precheck/precheck.h"

namespace cutover::precheck {

/// One finding over a few indented lines.
void print(std::ostream& out, const model::Finding& finding);

/// The whole report, ending with the verdict.
void print(std::ostream& out, const Facts& facts, const Report& report);

/// One JSON object: task, ends, go, questions with findings, ignored findings.
std::string to_json(const Facts& facts, const Report& report);

}  // namespace cutover::precheck
