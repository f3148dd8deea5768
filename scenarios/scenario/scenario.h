// One promise and how it is put to the test, as read from a YAML file of scenarios/. Strict: what
// is not known is a mistake, told with its line and the near word. Nothing is started here, and
// names of faults, workloads, datasets and assertions are checked where they are made.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/scenario/claims.h"
#include "scenarios/scenario/trigger.h"

namespace cutover::scenarios {

enum class Needs : std::uint8_t { either, containers, processes };

struct ServerShape {
    std::string engine = "postgres";
    int version = 17;
    bool standby = false;        ///< a physical standby that follows
    bool failover_slot = false;  ///< the standby keeps logical slots in step (17 and later)
    std::map<std::string, std::string> settings;  ///< server parameters, checked by the server
};

struct Topology {
    ServerShape source;
    ServerShape destination;
    std::string tls = "verify-full";  ///< how the migrator connects: `disable` or `verify-full`
};

struct DatasetChoice {
    std::string name;
    double scale = 1.0;
};

struct WorkloadChoice {
    std::string name;
    std::uint32_t connections = 1;
    std::optional<double>
        rate;  ///< transactions per second over all its connections; none: as fast as it can
    std::map<std::string, std::string> options;
};

/// A part of the task file, as its lines in block style, indented by nothing.
struct TaskFragment {
    std::string key;   ///< `limits`
    std::string text;  ///< its value, as YAML in flow style
};

struct Step {
    Trigger at;
    std::string action;  ///< `kill_migrator`, `cut_link`, ...
    std::map<std::string, std::string> with;
    int line = 0;
};

struct ExpectedOutcome {
    bool survived = true;
    /// Otherwise: the migrator ends by itself within this long after the last fault has landed ...
    std::uint32_t within_seconds = 60;
    /// ... and its error names all of these.
    std::vector<std::string> names;
    /// ... and the ports of these links: both ends have the same address here, so that only the
    /// port tells them apart. fill_in_ports() makes names of them.
    std::vector<std::string> ports_of;
    /// ... and the last position that the destination had applied.
    bool names_position = false;
    /// Survived: a cutover that tells a late write, and ends with 1 for it, is as right.
    bool or_late_write = false;
};

struct AssertionChoice {
    std::string name;
    std::map<std::string, std::string> with;
    int line = 0;
};

struct Scenario {
    std::string name;  ///< `postgres_to_postgres/main`: folder and file
    std::string file;
    std::string promise;
    std::vector<Claim> claims;
    std::optional<std::uint64_t> seed;
    Needs needs = Needs::either;
    /// For the whole run, servers and proof included: one that is not over by then never will be.
    std::chrono::minutes limit{30};
    Topology topology;
    DatasetChoice dataset;
    std::vector<WorkloadChoice> workloads;
    std::vector<std::string> phases = {"schema", "full", "incremental"};
    std::vector<TaskFragment> task;  ///< the rest of `migration`, merged into the task file
    std::vector<Step> timeline;
    ExpectedOutcome outcome;
    std::vector<AssertionChoice> assertions;

    bool has_incremental() const;
};

/// Throws plan::FileError with every problem found. `guarantees` are the ids that exist; empty: not
/// checked.
Scenario parse_scenario(const std::string& name, const std::string& file, const std::string& text,
                        const std::vector<std::string>& guarantees);

/// Requires: a port for every link that the outcome names.
void fill_in_ports(ExpectedOutcome& outcome, const std::map<std::string, std::uint16_t>& ports);

/// Replaces every range by one number out of it, the same for the same seed. Returns what was drawn
/// per step (`[step][name] = value`), steps counting from 1.
std::map<std::uint32_t, std::map<std::string, std::string>> draw_amounts(Scenario& scenario,
                                                                         std::uint64_t seed);

}  // namespace cutover::scenarios
