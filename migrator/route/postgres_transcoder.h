// A table's columns on their way from one PostgreSQL to another: most pass as they are, some are
// rewritten (postgres_types.h) or written wider (postgres_widening.h).
#pragma once

#include <memory>
#include <vector>

#include "migrator/plan/plan.h"
#include "migrator/route/postgres_types.h"
#include "migrator/route/postgres_widening.h"

namespace cutover::route {

/// A transcoder for the columns of `table` that are rewritten or go into a wider type; null if
/// there are none. The table's key is set already: what is refused is named by table, row and
/// column. `widenings`: per column, null where the type is the same or its bytes are.
std::shared_ptr<const plan::Transcoder> make_transcoder(const plan::TablePlan& table,
                                                        std::shared_ptr<const TypeIds> ids,
                                                        const std::vector<Widening>& widenings);

}  // namespace cutover::route
