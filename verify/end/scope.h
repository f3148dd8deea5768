// What a run compares, chosen once: tables with their counterparts, sequences that no table owns,
// and what of the request came to nothing. Pure: catalogs in, choice out; it reads no row and gives
// no verdict.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "migrator/model/name.h"
#include "migrator/plan/task_spec.h"
#include "verify/end/end.h"
#include "verify/end/shape.h"

namespace cutover::verify {

/// What the ends have.
struct Catalogs {
    std::vector<TableShape> source_tables;            ///< those that `objects` takes
    std::vector<TableShape> destination_tables;       ///< all
    std::vector<model::ObjectName> source_sequences;  ///< all that no table owns
    std::vector<LeftOut> source_left_out;             ///< all
};

/// What was asked for. References are used during the call only.
struct ScopeRequest {
    const plan::ObjectSelection& objects;
    const plan::NameMapping& mapping;
    const std::vector<std::string>& patterns;  ///< narrow `objects`, by either end's names
    const std::map<model::ObjectName, std::string>& filters;  ///< by source table
};

struct TableChoice {
    const TableShape* source = nullptr;       ///< points into the catalogs
    const TableShape* destination = nullptr;  ///< likewise; null: it has no such table
    model::ObjectName destination_name;
    std::string note;  ///< told with the result; may be empty
};

struct Scope {
    std::vector<TableChoice> tables;
    FactScope source;  ///< names at the same place in both scopes belong together
    FactScope destination;
    /// Patterns, of `objects` or of the request, that selected nothing to compare: a misspelt name,
    /// or a table that is gone.
    std::vector<std::string> idle_patterns;
    /// Filters, renames and exclusions of tables or columns that the selection does not have: a
    /// misspelt name, so that what was meant would be compared differently.
    std::vector<std::string> idle_settings;
    std::vector<std::string> not_compared;  ///< plain sentences
};

Scope choose_scope(const Catalogs& catalogs, const ScopeRequest& request);

}  // namespace cutover::verify
