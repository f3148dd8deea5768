// Renames inside the text of an SQL expression, as the server prints a check or a default:
// identifiers of columns, and schemas in front of a dot, also inside '...'::regclass. Other
// literals stay as they are.
#pragma once

#include <map>
#include <string>

namespace cutover::verify {

using Renames = std::map<std::string, std::string>;

std::string rename_in_sql(const std::string& text, const Renames& schemas, const Renames& columns);

}  // namespace cutover::verify
