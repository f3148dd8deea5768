// A catalog as text and back, so that a task remembers what it was planned from. Its own form: read
// by the version that has written it, and by later ones.
#pragma once

#include <string>
#include <string_view>

#include "migrator/model/schema.h"

namespace cutover::plan {

/// What a plan is made of: estimates and sizes of tables, which change all the time, are left out,
/// so that equal texts mean equal schemas.
std::string catalog_text(const model::Catalog& catalog);
/// Throws: corrupt `task.catalog` (no text of catalog_text()'s).
model::Catalog read_catalog_text(std::string_view text);

/// Whether they have the same tables, types and sequences. Where rows lie does not matter, nor what
/// is not carried.
bool same_schema(model::Catalog one, model::Catalog other);

}  // namespace cutover::plan
