// The task file (YAML): from a person's text to a TaskSpec that is complete and within the
// documented ranges. All mistakes of a file are told together, each with line, object, value and
// remedy. It looks at no server: what only the catalogs can tell is a route's or the precheck's.
//
// One file per section: endpoint_section, objects_section, limits_section.
#pragma once

#include <string>

#include "migrator/plan/document.h"
#include "migrator/plan/endpoint_rules.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// Reads the file, the environment variables and the password files that it names. `engines`: those
/// that an end may be of, and what they want of it.
/// Throws: FileError (a model::Error of class refused; the program's exit code is kBadUsage).
TaskSpec read_task_file(const std::string& path, const EngineRules& engines);

/// `file_name` is shown in messages, gives the task its name if it has none (G199), and its folder
/// is where relative names of password and certificate files start. Throws: FileError.
TaskSpec parse_task_file(const std::string& text, const std::string& file_name,
                         const EngineRules& engines);

}  // namespace cutover::plan
