// Code that others have put on tables which are written to: triggers, rules, and functions in
// checks, defaults, generated columns, indexes and domains. It runs with the rights of whoever
// writes, so it is somebody's whom one trusts (own_objects.h) or nothing is written.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

struct CodeOfOthers {
    std::string table;  ///< quoted where need be
    std::string what;   ///< `trigger "t"`
    std::string owner;  ///< of the code
};

/// All that acts on rows which this session writes to these tables (names as quote() gives them;
/// those that are not there are left out) and their partitions, of roles that are not trusted.
/// Throws: connection.
std::vector<CodeOfOthers> code_of_others(Connection& connection,
                                         const std::vector<std::string>& tables);

/// Those of the tables that a role which is not trusted may put code on, or on a partition of them.
std::set<std::string> open_to_others(Connection& connection,
                                     const std::vector<std::string>& tables);

/// Throws: refused `destination.code_of_others` unless there is none of it on the table. Requires:
/// a transaction is open; until its end nobody can add any.
void require_no_code_of_others(Connection& connection, const std::string& table);
/// The same for all of these, without keeping it so.
void look_for_code_of_others(Connection& connection, const std::vector<std::string>& tables);

}  // namespace cutover::postgres
