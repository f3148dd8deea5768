// A workload: what writes to the source while it is migrated, and how one sees at both ends that
// its promise was kept. The runner brings several of them through the same phases:
//   setup -> start -> (sample)* -> stop -> check
// A workload owns its connections, finds the primary again after a failover by itself, and keeps a
// ledger of what it was told about every transaction. It injects no fault and knows no migrator.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "migrator/model/name.h"
#include "migrator/plan/endpoint.h"
#include "scenarios/evidence/evidence.h"
#include "scenarios/ledger/judge.h"

namespace cutover::scenarios {

/// From a scenario's file. `seed` decides the statements of every writer: writer w's transaction n
/// is a function of (seed, workload, w, n) and of what it reads, whatever happened to those before.
struct WorkloadOptions {
    std::string name;  ///< bank, ring, random_dml, random_ddl, append
    std::uint32_t connections = 1;
    double transactions_per_second = 0;  ///< over all connections; 0: as fast as it goes
    std::uint64_t pause_ms = 0;  ///< each writer pauses between two commits, from 20 ms to this
    std::uint64_t seed = 0;
    std::map<std::string, std::string>
        more;  ///< a workload's own options; unknown keys are refused
};

/// One end, and where the workload's tables are there.
struct WorkloadEnd {
    plan::Endpoint endpoint;      ///< all hosts that may be primary
    std::string schema = "work";  ///< at the destination: the renamed one, if the task renames it
};

struct WorkloadMetrics {
    LedgerCounts transactions;
    std::uint64_t reconnects = 0;
    double latency_p50_ms = 0;  ///< of acknowledged transactions
    double latency_p99_ms = 0;
    double longest_silence_ms = 0;       ///< longest time in which no writer got an acknowledgement
    std::map<std::string, double> more;  ///< whatever else it counts
};

/// What check() found.
struct WorkloadVerdict {
    std::vector<Check> checks;  ///< the workload's own invariants, per side
    LedgerRecord ledger;        ///< its acknowledged writes, settled; add_to() joins several
};

/// Not for two threads at once, except metrics(), acknowledged_by_writer(), sample() and stop().
class Workload {
public:
    virtual ~Workload() = default;

    virtual const std::string& name() const = 0;
    /// The tables it makes in WorkloadEnd::schema; they must be part of the migration.
    virtual std::vector<model::ObjectName> tables() const = 0;

    /// Creates and fills the tables at the source. Throws: model::Error.
    virtual void setup(const WorkloadEnd& source) = 0;
    /// Starts the writers and returns. Requires: setup() was done. Errors of writers are outcomes,
    /// never exceptions: a writer goes on trying until it is stopped.
    virtual void start() = 0;
    /// Lets every writer end its transaction (or give it up as unknown after a few seconds) and
    /// waits for them. May be called twice. Afterwards start() goes on where the numbers stopped.
    virtual void stop() = 0;

    /// Reads one end once, in one snapshot, and says what must hold in every state that the source
    /// ever had. Only for ends that promise such states: the source, and the destination during the
    /// incremental phase. Empty: this workload has nothing to say. Throws: model::Error
    /// (connection).
    virtual std::vector<Check> sample(const WorkloadEnd& end, const std::string& side) = 0;

    /// Reads both ends and judges them; tables that cannot be read are a failed check of that side
    /// (`<name>.readable`). Requires: stopped, and the destination has everything. Throws:
    /// model::Error (connection) when an end cannot be reached.
    virtual WorkloadVerdict check(const WorkloadEnd& source, const WorkloadEnd& destination,
                                  SourceDurability durability) = 0;

    /// So far; while it runs, too.
    virtual WorkloadMetrics metrics() const = 0;
    /// So far, by writer.
    virtual std::vector<std::uint64_t> acknowledged_by_writer() const = 0;
    /// Everything about it as a part of the evidence, without checks.
    virtual WorkloadRecord record() const = 0;
};

/// The names make_workload() knows.
std::vector<std::string> workload_names();
/// Throws: refused (unknown name or option, with the near one).
std::unique_ptr<Workload> make_workload(const WorkloadOptions& options);

}  // namespace cutover::scenarios
