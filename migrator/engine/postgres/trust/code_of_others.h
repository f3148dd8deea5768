// Code that others have put on tables which are written to: triggers, rules, and functions in
// checks, defaults, generated columns, indexes and domains. It runs with the rights of the role
// that writes. So it must belong to a trusted role (own_objects.h), or nothing is written.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

struct CodeOfOthers {
    std::string table;  ///< quoted if necessary
    std::string what;   ///< `trigger "t"`
    std::string owner;  ///< owner of the code
};

/// Everything that acts on rows which this session writes to these tables and their partitions, and
/// that belongs to roles that are not trusted. Names are in the form of quote(); tables that do not
/// exist are left out. Throws: connection.
std::vector<CodeOfOthers> code_of_others(Connection& connection,
                                         const std::vector<std::string>& tables);

/// The tables on which, or on a partition of which, a role that is not trusted may put code.
std::set<std::string> open_to_others(Connection& connection,
                                     const std::vector<std::string>& tables);

/// Throws: refused `destination.code_of_others` if the table has such code. Requires: a transaction
/// is open; until it ends, nobody can add any.
void require_no_code_of_others(Connection& connection, const std::string& table);
/// Checks all of these tables, but does not keep others from adding code later.
void look_for_code_of_others(Connection& connection, const std::vector<std::string>& tables);

}  // namespace cutover::postgres
