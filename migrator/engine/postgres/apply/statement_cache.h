// Prepared statements with binary parameters, for what is executed row by row.
#pragma once

#include <string>
#include <unordered_map>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/tuple.h"

namespace cutover::postgres {

/// Appends the cells of `tuple` that are not absent.
/// Throws: refused (a cell in text form).
void append_cells(BinaryParameters& parameters, const model::Tuple& tuple);

/// Belongs to one connection and must be discarded with it.
class StatementCache {
public:
    /// Prepares `sql` when it is first seen. Results are in text form.
    Result run(Connection& connection, const std::string& sql, const BinaryParameters& parameters);
    void forget() { names_.clear(); }

private:
    std::unordered_map<std::string, std::string> names_;
};

}  // namespace cutover::postgres
