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

/// What the task's own record and the source's log say of the time after the cutover.
struct AfterCutover {
    LateWrites late;         ///< changes made after it
    std::string not_looked;  ///< why the log could not be read
};

struct Request {
    JudgedEngines engines;  ///< the engines that the ends may have
    plan::Endpoint source;
    plan::Endpoint destination;
    plan::ObjectSelection objects;
    plan::NameMapping mapping;
    std::map<model::ObjectName, std::string>
        filters;  ///< conditions on the source's rows, in its language
    std::vector<std::string>
        tables;             ///< patterns that narrow `objects` further; empty: all of them
    unsigned jobs = 1;      ///< tables or key ranges compared at once; each reads both ends
    bool structure = true;  ///< compare columns, keys, indexes, constraints, types
    bool sequences = true;
    std::chrono::seconds lock_wait{
        60};        ///< waiting time for locks of others; after it, the object is not judged
    RuleSet rules;  ///< in force whatever has filled the destination
    RuleSet declared_rules;  ///< declared by the route: in force if a task of ours filled it
    std::uint64_t rows_per_second = 0;   ///< per end, all jobs together; 0: unlimited
    std::uint64_t bytes_per_second = 0;  ///< likewise
    std::size_t samples = 20;            ///< kept per table and verdict
    std::string repair_file;             ///< empty: no repair statements
    std::uint64_t repair_limit = 100000;
    LiveOptions live;
    /// If the run is not live and there is no task of ours, differing rows count as different only
    /// if nobody has written to the compared tables at either end for this long since the
    /// snapshots.
    std::chrono::milliseconds settle{5000};
    /// Open transactions that have written to compared tables do not withhold the verdict.
    bool ignore_open_writers = false;
    std::uint64_t seed = 0;  ///< seed of the digests; 0: drawn at random
    /// Empty if nobody can be asked. If it throws an Error, only its own answer is lost.
    std::function<AfterCutover()> after_cutover;
};

/// Everything that a task file says about what is compared.
Request request_from(const plan::TaskSpec& spec);

}  // namespace cutover::verify
