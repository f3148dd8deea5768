// The selection of plan/task_spec.h: which tables a task is about.
#include <algorithm>

#include "migrator/plan/object_pattern.h"
#include "migrator/plan/task_spec.h"

namespace cutover::plan {

namespace {

bool any_matches(const std::vector<std::string>& patterns, const model::ObjectName& table) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        const std::optional<WrittenName> written = parse_written_name(pattern);
        return written && matches(*written, table);
    });
}

}  // namespace

bool ObjectSelection::selects(const model::ObjectName& table) const {
    return (include.empty() || any_matches(include, table)) && !any_matches(exclude, table);
}

}  // namespace cutover::plan
