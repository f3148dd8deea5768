// What a run of the judge is asked to compare, and how.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "migrator/plan/task_spec.h"
#include "verify/canonical/rule.h"
#include "verify/live/options.h"
#include "verify/result/result.h"
#include "verify/run/engines.h"

namespace cutover::verify {

/// What the task's own record and the source's log say of the time after its cutover.
struct AfterCutover {
    LateWrites late;         ///< changes that came behind it
    std::string not_looked;  ///< why that could not be looked at
};

struct Request {
    JudgedEngines engines;  ///< that the ends may be of
    plan::Endpoint source;
    plan::Endpoint destination;
    plan::ObjectSelection objects;
    plan::NameMapping mapping;
    std::map<model::ObjectName, std::string> filters;  ///< narrow the source, in its language
    std::vector<std::string>
        tables;             ///< patterns that narrow `objects` further; empty: all of them
    unsigned jobs = 1;      ///< tables or key ranges compared at once; each reads both ends
    bool structure = true;  ///< compare columns, keys, indexes, constraints, types
    bool sequences = true;
    std::chrono::seconds lock_wait{60};  ///< for what others have locked; then it is not judged
    RuleSet rules;                       ///< in force whatever has filled the destination
    RuleSet declared_rules;              ///< by the route: in force if a task of ours has
    std::uint64_t rows_per_second = 0;   ///< per end, all jobs together; 0: unlimited
    std::uint64_t bytes_per_second = 0;  ///< likewise
    std::size_t samples = 20;            ///< kept per table and verdict
    std::string repair_file;             ///< empty: no repair statements
    std::uint64_t repair_limit = 100000;
    LiveOptions live;
    /// Not live, no task of ours: rows that differ are different only if nobody has written to the
    /// compared tables at either end for so long since the snapshots.
    std::chrono::milliseconds settle{5000};
    /// What open transactions have written to compared tables is no doubt.
    bool ignore_open_writers = false;
    std::uint64_t seed = 0;  ///< of the digests; 0: drawn
    /// Empty: nobody can say. An Error of it costs no more than what it would have said.
    std::function<AfterCutover()> after_cutover;
};

/// Everything that a task file says about what is compared.
Request request_from(const plan::TaskSpec& spec);

}  // namespace cutover::verify
