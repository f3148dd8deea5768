// The task file (YAML): from a person's text to a TaskSpec that is complete and within the
// documented ranges. All mistakes of a file are reported together, each with line, object, value
// and remedy. It asks no server: what only the catalogs can tell is up to a route or the precheck.
//
// One file per section: endpoint_section, objects_section, limits_section.
#pragma once

#include <string>

#include "migrator/plan/document.h"
#include "migrator/plan/endpoint_rules.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

/// Reads the file, the environment variables and the password files that it names. `engines`: the
/// engines that an end may have, with their rules.
/// Throws: FileError (a model::Error of class refused; the program's exit code is kBadUsage).
TaskSpec read_task_file(const std::string& path, const EngineRules& engines);

/// `file_name` is shown in messages. It gives the task its name if the file has none (G199), and
/// its folder is where relative names of password and certificate files start. Throws: FileError.
TaskSpec parse_task_file(const std::string& text, const std::string& file_name,
                         const EngineRules& engines);

}  // namespace cutover::plan
