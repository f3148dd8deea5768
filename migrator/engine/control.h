// A task's own memory: what it has decided and done, kept at the destination in a schema of its
// own, in the same transactions as the data. A claim is a fence: whoever claimed last writes,
// everyone before is refused inside their own transactions. Known to the task, to sinks, and to the
// commands.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/source.h"
#include "migrator/model/chunk.h"
#include "migrator/model/net_batch.h"

namespace cutover::engine {

enum class TaskPhase : std::uint8_t {
    created,  ///< claimed, nothing at the source yet
    schema,   ///< capture recorded
    full,
    keys,  ///< keys and indexes are being built
    incremental,
    finished,  ///< cut over or complete; no process may write any more
};

std::string_view to_string(TaskPhase phase);

/// Nothing has been moved yet: a corrected task file can take the place of the one the task was
/// begun with.
inline bool may_be_corrected(TaskPhase phase) {
    return phase == TaskPhase::created || phase == TaskPhase::schema;
}

struct TaskRecord {
    std::string name;
    std::string fingerprint;  ///< of the plan it was created with
    TaskPhase phase = TaskPhase::created;
    /// The fence: the number of the claim in force. Never the same again under this name, whatever
    /// is released and begun anew.
    std::uint64_t epoch = 0;
    std::uint64_t born = 0;  ///< the epoch before the first claim: tells a task from its namesakes
    std::optional<CaptureOrigin> origin;
    std::optional<model::ChunkView>
        copy_view;  ///< what Source::open_view() gave when the copy began
    model::Marker marker;
    /// Of a sink that is not atomic: up to here batches may have come to effect, wholly or in part,
    /// though the marker does not say so. Stored before they do. Empty: none beyond the marker.
    model::Position reach;
    std::uint64_t starts = 0;  ///< how many processes have run it
    std::string last_error;    ///< why the last process ended, empty if it ended well
    /// What a cutover has set at the source, or was about to; whoever ends the task undoes it.
    std::string source_fence;
    std::string cutover;  ///< how it was cut over, as the task tells it; empty: it was not
};

/// Who claims a task.
struct Claimant {
    std::string process;     ///< unique to a run of the task: what it listens by is not in its way
    std::uint64_t born = 0;  ///< of the task that it has claimed before; 0: none yet
};

/// What a task was planned from, as it remembers it: the source's catalog, and the change of it
/// that is being followed.
struct StoredPlan {
    std::string catalog;    ///< plan::catalog_text(); empty: none yet
    std::string evolution;  ///< plan::evolution_text(); empty: none is under way
    bool adopted = false;   ///< the catalog is the evolution's: what is left are its later steps
    bool operator==(const StoredPlan&) const = default;
};

/// Makes an evolution's catalog the task's own.
struct Adoption {
    std::string fingerprint;  ///< of the plan of now
    std::string catalog;
    CaptureOrigin origin;
    /// Of each table of the plan before, its place in the plan of now; nothing: it is gone.
    std::vector<std::optional<model::TableIndex>> places;
    std::vector<std::string> done;  ///< schema steps that need not be run
    /// Tables to be copied anew, of the plan of now, each with its chunks: they are emptied.
    std::vector<std::pair<const plan::TablePlan*, model::Chunk>> copied_anew;
    bool copies = false;  ///< there is something to copy: the task goes back to that phase
};

/// What an operator asks of a running task, by another process.
struct Command {
    std::uint64_t id = 0;
    std::string verb;      ///< pause, resume, throttle, stop, finish
    std::string argument;  ///< of throttle: `full.rows_per_second=1000` ...
};

/// The answer to a command whose poster did not wait for one.
inline constexpr const char* kWithdrawn =
    R"({"ok": false, "error": "withdrawn: whoever asked is gone"})";

/// One connection, one thread. Every function throws connection; those that write throw
/// stopped(`task.fenced`) if another claim is in force or the task is finished.
class Control {
public:
    virtual ~Control() = default;

    virtual std::optional<TaskRecord> load(const std::string& task) = 0;
    /// Makes this process the one that may write: creates the record if there is none and `who` has
    /// claimed none before, takes the task's lock for as long as this object lives, raises the
    /// epoch. Throws: refused `task.running` (another process holds the task or listens for it),
    /// `task.finished`, `task.released` (it is not the one that `who` has claimed before),
    /// `task.changed` (the fingerprint differs, and the task can not be corrected any more). Until
    /// then the record keeps the fingerprint it was begun with: correct() replaces it.
    /// Once it has returned, nothing that was sent under an earlier claim takes effect any more,
    /// also where no transaction asks for the claim at its end (sink.h).
    virtual TaskRecord claim(const std::string& task, const std::string& fingerprint,
                             const Claimant& who = {}) = 0;
    /// True if a process holds the task or listens for it, this one aside.
    virtual bool is_held(const std::string& task) = 0;
    /// Puts `plan` in the place of the one that the claimed task was begun with, in one
    /// transaction: stores its fingerprint, goes back to phase `created`, forgets the capture, and
    /// every schema step that `plan` has not in the same words. Returns the forgotten steps' ids:
    /// what they have made stays at the destination. Throws: refused `task.changed` if
    /// may_be_corrected() does not hold.
    virtual std::vector<std::string> correct(const plan::Plan& plan) = 0;
    /// Hears and answers commands, publishes the status and notes the cutover under a claim that
    /// another control of this process has taken, until that claim is no longer in force. While
    /// this object lives, the task is held for `process`, whatever has become of the claim's own
    /// session.
    virtual void listen(const std::string& task, std::uint64_t epoch,
                        const std::string& process) = 0;
    /// Stores phase, origin, copy_view, starts, last_error and source_fence of the claimed task,
    /// and reach if the sink is not atomic.
    virtual void save(const TaskRecord& record) = 0;

    virtual std::vector<model::Chunk> chunks() = 0;
    virtual std::vector<model::ChunkReceipt> receipts() = 0;
    /// Stores tables' chunks before the first is copied: of each table all or none.
    virtual void add_chunks(const std::vector<model::Chunk>& chunks) = 0;
    /// Empties the destination table, forgets its chunks and receipts, stores new chunks: one
    /// transaction. A sink that is not atomic forgets first and empties last: whatever it dies in
    /// between, chunks without receipts are left.
    virtual void restart_table(const plan::TablePlan& table,
                               const std::vector<model::Chunk>& chunks) = 0;
    virtual std::vector<std::string> done_schema_steps() = 0;

    /// Of any task: nobody needs to have claimed it.
    virtual StoredPlan stored_plan(const std::string& task) = 0;
    virtual void store_catalog(const std::string& catalog) = 0;
    /// From here on the evolution will be followed, by whichever process. `forgotten`: schema steps
    /// that are not done any more.
    virtual void begin_evolution(const std::string& evolution,
                                 const std::set<std::string>& forgotten) = 0;
    /// In one transaction, when all of its steps that come first are done.
    virtual void adopt(const Adoption& adoption) = 0;
    /// Nothing of it is left to be done.
    virtual void end_evolution() = 0;

    /// The marker alone, for a source that is idle.
    virtual void save_marker(const model::Marker& marker) = 0;

    /// None once another claim is in force: they are for whoever holds that. A command whose poster
    /// is gone is withdrawn: nobody waits for what it would do.
    virtual std::vector<Command> pending_commands() = 0;
    virtual void answer_command(std::uint64_t id, const std::string& answer) = 0;
    /// Used by another process: leaves a command, which lives as long as this object, or asks for
    /// its answer.
    virtual std::uint64_t post_command(const std::string& task, const Command& command) = 0;
    virtual std::optional<std::string> command_answer(std::uint64_t id) = 0;

    /// A JSON text for `cutover status`.
    virtual void publish_status(const std::string& json) = 0;
    virtual std::string status(const std::string& task) = 0;

    /// From here on no process of this task can write. Keeps the record, as `finished`, with how it
    /// was cut over.
    virtual void fence(const std::string& cutover) = 0;
    /// Replaces what fence() has stored. By the process that fenced: it alone may write then.
    virtual void note_cutover(const std::string& cutover) = 0;
    /// Removes every trace of the task at the destination; the last task takes the schema along.
    virtual void release(const std::string& task) = 0;
};

}  // namespace cutover::engine
