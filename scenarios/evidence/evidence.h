// Everything that one rehearsal has seen, as plain values: the runner fills it, the assertions
// judge it, the report renders it. Nothing here is a pointer, a handle or a secret, nothing
// computes. A field that was not seen is empty (optional or empty text), never a made-up zero.
//
// All instants are the machine's wall clock (servers, migrator and runner share one machine), so
// that they can be laid on one axis.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "migrator/model/finding.h"
#include "migrator/model/units.h"

namespace cutover::scenarios {

using model::Instant;

/// One line of the migrator's JSON output, with what every line has; `text` is the line itself.
struct MigratorEvent {
    Instant at{};
    std::uint32_t process = 0;  ///< number of the process that said it, from 1
    std::string event;          ///< `started`, `phase`, `chunk`, `retry`, ...
    std::string text;
};

/// One life of the migrator. A rehearsal that kills it has several.
struct ProcessRun {
    std::uint32_t number = 0;  ///< from 1
    Instant started{};
    std::optional<Instant> ended;
    std::optional<int> exit_code;  ///< none: killed by a signal
    std::optional<int> signal;
    bool killed_by_us = false;  ///< died of SIGKILL, and a fault or a sync point had ordered it
    bool resumed = false;       ///< found the task begun
    std::uint64_t epoch = 0;    ///< the claim it worked under
    std::string outcome;        ///< of the `ended` event: completed, finished, stopped, failed
    std::string position;       ///< last position it named
    std::string log_file;       ///< its JSON lines, relative to the report directory
    std::string sync_point;     ///< `chunk.read:3`: where it said that it was going to die
    bool frozen_by_us = false;  ///< stopped in its tracks for good, as the task saw it
};

struct PhaseChange {
    Instant at{};
    std::uint32_t process = 0;
    std::string phase;  ///< schema, full, keys, incremental, finishing, finished
};

/// A chunk whose rows and receipt are durable.
struct ChunkCopied {
    Instant at{};
    std::uint32_t process = 0;
    std::string table;
    std::uint32_t number = 0;
    std::uint64_t rows = 0;
    bool resumed = false;
};

/// One progress line; the two phases fill different halves.
struct Sample {
    Instant at{};
    std::uint32_t process = 0;
    std::string phase;               ///< `full` or `incremental`
    std::uint64_t rows = 0;          ///< full: so far (over all processes, as the migrator counts)
    std::uint64_t rows_total = 0;    ///< full: expected
    std::uint64_t bytes = 0;         ///< full
    std::uint64_t bytes_total = 0;   ///< full: expected
    double fraction = 0;             ///< full: 0..1
    std::uint64_t transactions = 0;  ///< incremental: applied, over all processes
    std::uint64_t changes = 0;       ///< incremental
    double per_second = 0;           ///< rows/s (full) or changes/s (incremental)
    std::optional<std::chrono::milliseconds> lag;  ///< incremental
};

/// The workload's pace, measured by the runner about twice a second.
struct WorkloadSample {
    Instant at{};
    std::uint64_t transactions_acknowledged = 0;  ///< so far, all workloads
    double transactions_per_second = 0;
    std::vector<std::uint64_t> by_writer;  ///< acknowledged so far, workload after workload
};

struct Retry {
    Instant at{};
    std::uint32_t process = 0;
    std::string error_class;
    std::string code;
    std::string message;
    std::uint32_t attempt = 0;
    std::optional<Instant> recovered;  ///< the `recovered` line of the same process that closed it
    std::string end;                   ///< `source`, `destination` or empty: neither
};

/// A `recovered` line: what had failed, once or many times in a row, goes on.
struct Recovery {
    Instant at{};
    std::uint32_t process = 0;
    std::chrono::milliseconds after{};  ///< since the first attempt that failed
};

struct Failover {
    Instant at{};
    std::uint32_t process = 0;
    std::string proof;  ///< why nothing is missing
};

/// An `error` line: the migrator's own account of why it stops.
struct MigratorError {
    Instant at{};
    std::uint32_t process = 0;
    std::string error_class;
    std::string code;
    std::string message;
    std::string hint;
    std::string position;
    std::string end;  ///< as in Retry
};

/// What was broken on purpose.
struct FaultRecord {
    std::uint32_t step = 0;  ///< of the timeline, from 1
    std::string name;        ///< `kill_migrator`, `promote_standby`, ...
    std::string target;      ///< `migrator`, `source.primary`, `link.source`, ...
    std::string detail;      ///< parameters, for people
    Instant injected{};
    std::optional<Instant> landed;  ///< when it was *seen* to have taken effect
    std::string landed_proof;       ///< what was seen
    std::optional<Instant> healed;  ///< none: it lasted to the end (a promotion, a kill)
    std::string healed_proof;
    /// For shading: until things ran again (healed, recovered or the next process's first
    /// progress).
    std::optional<Instant> effect_ended;
};

/// One step of the timeline as it really happened. A run is replayed from these.
struct ScheduleStep {
    std::uint32_t number = 0;  ///< from 1, in the scenario's order
    std::string trigger;       ///< as the scenario says it: `full progress 40 %`
    std::string action;        ///< as the scenario says it: `kill_migrator`
    bool fired = false;
    std::string not_fired_because;
    std::optional<Instant> at;
    std::string phase;                         ///< the logical place where it fired:
    double fraction = 0;                       ///< of the full copy
    std::uint64_t chunks = 0;                  ///< copied so far
    std::uint64_t transactions = 0;            ///< applied so far
    std::uint64_t link_bytes = 0;              ///< through the link the trigger watches, if any
    std::uint64_t acknowledged = 0;            ///< transactions the workloads had acknowledged
    std::map<std::string, std::string> drawn;  ///< values that the seed chose for this step
};

/// One statement of a workload's own check or of the ledger, at one side.
struct Check {
    std::string name;  ///< `bank.total`, `ring.intact`, `ledger.lost`, ...
    std::string side;  ///< source, destination
    bool passed = false;
    std::string detail;                ///< expected and found
    std::vector<std::string> samples;  ///< up to 20 offending keys
};

struct WorkloadRecord {
    std::string name;
    std::uint32_t connections = 0;
    std::optional<Instant> first_write;
    std::optional<Instant> last_write;
    std::uint64_t acknowledged = 0;  ///< transactions
    std::uint64_t failed = 0;
    std::uint64_t unknown = 0;              ///< the connection broke before the answer
    std::map<std::string, double> metrics;  ///< whatever else it counts
    std::vector<Check> checks;
};

/// The ledger of acknowledged writes, settled against both sides.
struct LedgerRecord {
    bool kept = false;  ///< false: the scenario keeps none
    std::uint64_t acknowledged = 0;
    std::uint64_t failed = 0;
    std::uint64_t unknown = 0;
    std::uint64_t unknown_present = 0;  ///< of the unknown: found at the destination
    /// Committed, and lost by the source itself when an asynchronous standby took over. Checks pass
    /// all the same; whoever reads them must be told.
    std::uint64_t lost_by_source = 0;
    std::vector<Check> checks;  ///< `ledger.lost`, `ledger.phantom`, `ledger.doubled`, per side
};

struct TableProof {
    std::string table;  ///< destination name
    std::uint64_t source_rows = 0;
    std::uint64_t destination_rows = 0;
    std::string verdict;  ///< equal, equal_by_rule, different, partial, ...
    std::string method;   ///< how it was compared: stream-merge, multiset, ...
    std::uint64_t differences = 0;
    std::vector<std::string> samples;  ///< up to 20: class, key, columns
};

/// One run of the judge.
struct VerifyRecord {
    bool ran = false;
    std::optional<int> exit_code;  ///< 0 consistent, 1 inconsistent, 2 could not tell, 3.. error
    std::string verdict;           ///< consistent, inconsistent, could_not_tell, error
    std::string detail;
    std::vector<TableProof> tables;
    std::map<std::string, std::uint64_t> declared_rules;  ///< rule -> cells made equal by it
    std::vector<std::string> structure;  ///< differences of schema, sequences, indexes
    std::vector<std::string> not_compared;
    std::chrono::milliseconds took{};
    std::string report_file;  ///< relative to the report directory
};

struct FindingRecord {
    model::Finding finding;
    bool ignored = false;  ///< the task file says so
};

/// What happened when a process found its task begun.
struct Resume {
    std::uint32_t process = 0;
    Instant at{};
    std::string phase;  ///< it went on in
    std::uint64_t chunks_done_before = 0;
    std::uint64_t rows_done_before = 0;
    std::uint64_t chunks_copied_again = 0;  ///< receipts of earlier processes that were not kept
    std::uint64_t rows_copied_again = 0;
    std::optional<std::chrono::milliseconds> first_progress_after;  ///< since its start
};

/// Measured, outside of faults where it says so.
struct Rates {
    std::optional<double> full_rows_per_second;  ///< over the time the copy was really running
    std::optional<double> full_bytes_per_second;
    std::optional<double>
        catch_up_changes_per_second;  ///< the best that was sustained while behind
    std::optional<double> workload_transactions_per_second;
    std::optional<std::chrono::milliseconds> full_took;
    std::optional<std::chrono::milliseconds> cutover_took;  ///< writers stopped -> finished
    std::optional<std::chrono::milliseconds> drain_took;  ///< writers stopped -> everything applied
    std::optional<std::chrono::milliseconds> lag_p50;
    std::optional<std::chrono::milliseconds> lag_p99;
    std::optional<std::chrono::milliseconds> lag_max;
};

struct SequenceState {
    std::string sequence;
    std::string column;                      ///< the column it feeds, if any
    std::int64_t next_value = 0;             ///< at the destination
    std::optional<std::int64_t> column_max;  ///< at the destination
};

/// What `finish` or `status` has answered about the cutover.
struct CutoverAnswer {
    Instant at{};                  ///< when it was asked
    std::string verb;              ///< finish, status
    std::optional<int> exit_code;  ///< none: it did not answer in time
    std::string outcome;           ///< cut_over, refused, late_write; empty: it does not say
    std::string text;              ///< as people are told
    bool beside_writers = false;
    double quiet_seconds = 0;    ///< for so long the log was read, and was silent, before the fence
    std::string source_fence;    ///< empty: none
    std::uint64_t sessions = 0;  ///< of others that could have written
    std::uint64_t late_transactions = 0;
    std::vector<std::string> late;  ///< the first changes: `update work.t (id = 5)`
};

/// Something the migrator keeps at one end: a slot, a publication, a schema.
struct AuxiliaryRecord {
    std::string side;
    std::string kind;
    std::string name;
};

/// A process of this task that must not write: one that comes (back) after the cutover, or one that
/// was started while the first one runs.
struct ZombieRecord {
    bool attempted = false;
    std::optional<int> exit_code;
    std::string error_code;  ///< of its `error` line
    std::string message;
    bool compared = false;  ///< the rows of the destination, before and after
    bool destination_changed = false;
};

struct SecretScan {
    std::uint64_t secrets = 0;          ///< passwords that were looked for
    std::vector<std::string> scanned;   ///< files that were searched
    std::vector<std::string> listings;  ///< processes whose arguments were read while they lived
    std::vector<std::string> hits;      ///< where a password was found (never the password)
};

enum class Decision : std::uint8_t { go, no_go, could_not };

struct AssertionResult {
    std::string name;  ///< with its parameters: `no_lost_ack`, `failed_loudly {within: 60 s}`
    bool passed = false;
    std::string detail;  ///< why, in one or two sentences with the numbers
};

struct Evidence {
    // Who and what.
    std::string scenario;
    std::string promise;
    std::vector<std::string> claims;  ///< `G5: equal, no_lost_ack`
    std::uint64_t seed = 0;
    std::string reproduction;                     ///< the command that runs this again
    std::string schedule_file;                    ///< relative to the report directory
    std::map<std::string, std::string> versions;  ///< `cutover`, `source`, `destination`, `machine`
    std::string topology;                         ///< one line for people
    std::string body;                             ///< containers, processes
    std::uint64_t dataset_rows = 0;               ///< loaded before the start
    std::uint64_t dataset_tables = 0;
    Instant started{};
    std::optional<Instant> ended;
    /// Named instants of the run: `servers_up`, `loaded`, `workload_started`, `writers_stopped`,
    /// `drained`, `cut_over`, `verified`, `released`.
    std::map<std::string, Instant> milestones;

    // What the migrator said.
    std::vector<MigratorEvent> events;  ///< all but `progress` and `chunk`
    std::vector<ProcessRun> processes;
    std::vector<PhaseChange> phases;
    std::vector<ChunkCopied> chunks;
    std::vector<Sample> samples;
    std::vector<Retry> retries;
    std::vector<Recovery> recoveries;
    std::vector<Failover> failovers;
    std::vector<MigratorError> errors;
    std::vector<FindingRecord> findings;
    std::vector<Resume> resumes;

    // What was done to it.
    std::vector<ScheduleStep> schedule;
    std::vector<FaultRecord> faults;
    std::vector<WorkloadSample> workload_samples;

    // What was proved.
    std::vector<WorkloadRecord> workloads;
    LedgerRecord ledger;
    VerifyRecord verify;
    std::vector<CutoverAnswer> finishes;         ///< in the order asked
    std::optional<CutoverAnswer> after_cutover;  ///< what `status` says at the end
    std::vector<SequenceState> sequences;
    std::vector<AuxiliaryRecord> auxiliary_while_running;  ///< in the incremental phase
    std::vector<AuxiliaryRecord> auxiliary_after_release;
    bool released = false;
    ZombieRecord zombie;  ///< after the cutover
    ZombieRecord second;  ///< beside a running process
    SecretScan secrets;
    Rates rates;

    // Judgement.
    std::string expected_outcome;  ///< survived, failed_loudly
    std::vector<AssertionResult> assertions;
    Decision verdict = Decision::could_not;
    std::vector<std::string> reasons;     ///< of the verdict; the first is the headline
    std::vector<std::string> not_proved;  ///< plain sentences
};

}  // namespace cutover::scenarios
