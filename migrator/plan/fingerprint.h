// What differs between two fingerprints of plans, in words, and what helps. How a plan's
// fingerprint is made is its route's affair; what is agreed on here is that it is a list of texts
// between semicolons, and that a table's begins `source>destination`, followed by a comma and
// `source>destination:type` for each column.
#pragma once

#include <string>
#include <string_view>

namespace cutover::plan {

struct PlanChange {
    std::string text;        ///< names the tables and columns that differ, a few of each kind
    std::string remedy;      ///< what lets the task go on, if anything does
    bool only_more = false;  ///< all that was there is there as it was
};

/// Requires: the two differ.
PlanChange change_between(std::string_view before, std::string_view after);

}  // namespace cutover::plan
