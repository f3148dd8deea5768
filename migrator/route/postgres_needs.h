// Which of the objects that definitions are made of the schema phase will look for at the
// destination, and under which names.
#pragma once

#include <vector>

#include "migrator/model/schema.h"
#include "migrator/plan/task_spec.h"
#include "migrator/route/name_map.h"

namespace cutover::route {

/// Pure. Without what is used only by definitions that are left out (excluded columns) or that are
/// there already (columns of a table that exists).
std::vector<model::NeededObject> needed_at_destination(const plan::TaskSpec& spec,
                                                       const model::Catalog& source,
                                                       const model::Catalog& destination,
                                                       const NameMap& names);

}  // namespace cutover::route
