// Present values of sequences, read in few round trips.
#pragma once

#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/schema.h"

namespace cutover::postgres {

/// Fills `last_value` and `is_called` of those that exist and may be read; the others keep what
/// they have. Returns the names of those that were not read. Requires: a transaction is open.
/// Throws: connection, operation, refused (`sequence.exchanged`).
std::vector<model::ObjectName> read_sequence_values(Connection& connection,
                                                    std::vector<model::SequenceSchema>& sequences);

}  // namespace cutover::postgres
