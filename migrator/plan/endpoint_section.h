// One end of a task file: `source:` or `destination:`. Takes the password from the environment or
// from a file that only its owner can read; a password written into the task file is refused and
// never shown. It does not connect, and knows nothing of engines but the rules that they declare.
#pragma once

#include <filesystem>
#include <string>

#include "migrator/plan/document.h"
#include "migrator/plan/endpoint.h"
#include "migrator/plan/endpoint_rules.h"

namespace cutover::plan {

/// `folder`: where relative file names start. Reports every mistake to `problems`.
Endpoint read_endpoint(const Node* node, const std::string& path,
                       const std::filesystem::path& folder, const EngineRules& engines,
                       Problems& problems);

}  // namespace cutover::plan
