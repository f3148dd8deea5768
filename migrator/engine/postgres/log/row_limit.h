// How large a row may be that is carried. A row is held a few times over on its way (as it comes
// in, as what is read of it, old and new form each), and the servers themselves end at 1 GB for
// both forms of a row together: what is larger is refused by name instead of met as somebody's
// failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "migrator/engine/postgres/log/decoder.h"
#include "migrator/model/error.h"
#include "migrator/plan/plan.h"

namespace cutover::postgres {

/// Bytes of a row's values, in one form.
inline constexpr std::uint64_t kLargestRow = 256u << 20;

/// What is known of a row, by plan column; NULL and what was not sent are nothing.
struct RowOutline {
    std::uint64_t bytes = 0;  ///< of its values; of the larger form, where there are two
    std::vector<std::optional<std::string_view>> cells;
};

/// `body`: a row message of the log after the relation's oid. Throws: corrupt.
RowOutline outline_of_message(std::string_view body, const RowShape& shape);
/// `row`: one row of a binary COPY of the plan's columns. Throws: corrupt.
RowOutline outline_of_copy(std::string_view row);

/// Refused `row.too_large`, with table, key and size.
model::Error row_too_large(const plan::TablePlan& table, const RowOutline& row,
                           std::uint64_t limit);

}  // namespace cutover::postgres
