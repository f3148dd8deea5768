// A catalog as text and back, so that a task remembers what it was planned from. The form is its
// own: the version that wrote it can read it, and later versions can too.
#pragma once

#include <string>
#include <string_view>

#include "migrator/model/schema.h"

namespace cutover::plan {

/// The parts that a plan is made of. Estimates and sizes of tables change all the time and are left
/// out, so that equal texts mean equal schemas.
std::string catalog_text(const model::Catalog& catalog);
/// Throws: corrupt `task.catalog` (the text does not come from catalog_text()).
model::Catalog read_catalog_text(std::string_view text);

/// Whether both have the same tables, types and sequences. Where rows are stored does not matter,
/// nor do objects that are not carried.
bool same_schema(model::Catalog one, model::Catalog other);

}  // namespace cutover::plan
