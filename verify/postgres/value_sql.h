// Canonical cells as PostgreSQL literals for comparisons with columns: edges of ranges, keys of
// rows.
#pragma once

#include <string>
#include <string_view>

#include "migrator/engine/postgres/session/connection.h"
#include "verify/end/end.h"

namespace cutover::verify {

/// `cell` as a literal for comparison with the column. An integer stands bare, so that a value
/// which the column could not hold is no error; everything else takes the column's own type.
std::string value_sql(const postgres::Connection& connection, const ColumnShape& column,
                      std::string_view cell);

/// The condition that ReadSpec::keys asks for.
std::string keys_sql(const postgres::Connection& connection, const TableShape& table,
                     const ReadSpec& spec);

}  // namespace cutover::verify
