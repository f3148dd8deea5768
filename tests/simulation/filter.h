// A row filter twice: as the task file says it, and as the oracle reads it. The second knows
// nothing of migrator/expression.
#pragma once

#include <functional>
#include <string>

#include "migrator/model/schema.h"
#include "migrator/model/tuple.h"
#include "tests/simulation/random.h"

namespace cutover::simulation {

struct Filter {
    std::string text;                                ///< empty: every row is kept
    std::function<bool(const model::Tuple&)> keeps;  ///< a whole row of the source; null: all
};

/// Of a table that has a number `v`.
Filter draw_filter(Random& random, const model::TableSchema& table);

}  // namespace cutover::simulation
