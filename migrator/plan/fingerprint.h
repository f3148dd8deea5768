// What differs between two fingerprints of plans, in words, and what helps. A plan's route decides
// how its fingerprint is made. What both agree on: it is a list of texts between semicolons, and a
// table's text begins with `source>destination`, followed by a comma and `source>destination:type`
// for each column.
#pragma once

#include <string>
#include <string_view>

namespace cutover::plan {

struct PlanChange {
    std::string text;        ///< names the tables and columns that differ, a few of each kind
    std::string remedy;      ///< what lets the task go on, if anything does
    bool only_more = false;  ///< everything that was there is unchanged
};

/// Requires: `before` and `after` differ.
PlanChange change_between(std::string_view before, std::string_view after);

}  // namespace cutover::plan
