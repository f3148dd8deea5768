// The destination: where rows and net batches last, together with what was said about them. It does
// not decide what to write (plan, stage), how fast (flow) or whether it was right (verify).
//
// The Sink object belongs to the coordinating thread; each writer, applier and control has a
// connection of its own and belongs to one thread at a time, and must not outlive the Sink.
//
// A sink that is not atomic (SinkTraits) has no transaction in which rows, marker and claim could
// meet. What holds there instead:
//   - every single write asks for the claim at the server, in the write itself; once
//     Control::claim() has returned, nothing that was sent under an earlier claim takes effect any
//     more, however late it arrives (MongoDB: a session is entered in the claim's document before
//     its first write, by an update that asks for the epoch; who claims next raises the epoch, then
//     spends the highest transaction number of every session entered before: the server waits for
//     what such a session has under way and refuses whatever comes on it later);
//   - rows come first, then the receipt or the marker that speaks of them;
//   - how far rows may be ahead of the marker is known before they are (TaskRecord::reach). So
//     whoever goes on from the marker knows how long what it finds may be later than the log.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/engine/inspector.h"
#include "migrator/model/chunk.h"
#include "migrator/model/net_batch.h"
#include "migrator/model/row_batch.h"
#include "migrator/plan/plan.h"

namespace cutover::engine {

enum class ForeignKeys : std::uint8_t {
    none,     ///< the destination knows none
    ignored,  ///< writers and appliers are not held to them: they may exist while rows come in any
              ///< order
    held,     ///< writers and appliers are held to them: they are added at the cutover
};

/// What a destination can and cannot do, as far as stages have to know it.
struct SinkTraits {
    /// Rows of any number of tables take effect in one transaction, with what is said of them
    /// (receipt, marker) and the question for the claim. Otherwise each row takes effect as soon as
    /// it is written, and tables need keys: a row that comes again has to be known.
    bool atomic = true;
    /// The most rows that one write() or stage() may carry; at least three. By bytes a sink cuts
    /// them itself: it alone knows its wire form.
    model::Rows largest_batch{std::numeric_limits<std::uint64_t>::max()};
    ForeignKeys foreign_keys = ForeignKeys::ignored;
    bool sequences = true;
};

enum class ApplyMode : std::uint8_t {
    strict,    ///< every removal and update must meet its row, every insert must find none: else
               ///< corrupt
    tolerant,  ///< insert overwrites, removal may find nothing, an update without base inserts if
               ///< complete
    replayed,  ///< as tolerant, and a row that has a unique value which another row needs is
               ///< removed: it is later than the log, which brings it again
};

/// How a sink has to take the changes of a table whose rows may be later than the log.
inline ApplyMode bearing(const SinkTraits& traits, const plan::Plan& plan) {
    // Among rows of others nobody knows which one is to make way: then that is a conflict.
    const bool ours = plan.spec.conflict != plan::ConflictRule::ignore;
    return !traits.atomic && ours ? ApplyMode::replayed : ApplyMode::tolerant;
}

/// One worker's session for the full copy.
class ChunkWriter {
public:
    virtual ~ChunkWriter() = default;
    /// Starts a transaction. Requires: no chunk is open. Throws: connection, operation.
    virtual void begin(const plan::TablePlan& table, const model::Chunk& chunk) = 0;
    /// Rows in the destination's wire form, no more than SinkTraits::largest_batch. Throws:
    /// connection, operation, conflict, refused; stopped (fenced, of a sink that is not atomic).
    virtual void write(const model::RowBatch& batch) = 0;
    /// Makes rows and receipt durable in one transaction, if the claim is still in force. A chunk
    /// that has a receipt already is left as it is (its rows are rolled back). A sink that is not
    /// atomic has written the rows over whatever was there, and stores the receipt now. Throws:
    /// stopped (fenced), connection, operation; corrupt (the receipt counts other rows than were
    /// written; it is not stored).
    virtual void commit(const model::ChunkReceipt& receipt) = 0;
    /// Forgets the open chunk, if any. Of a sink that is not atomic rows may stay.
    virtual void abort() noexcept = 0;
};

/// A row whose base was not there when an incomplete update arrived.
struct MissingBase {
    model::TableIndex table = 0;
    model::Tuple
        key;  ///< destination wire form, key order: the key the row must have after the batch
};

/// One lane's session for the incremental phase. The calls of a batch come in the order
/// begin, (stage, apply | note_view)+, commit; abort at any time. Of a sink that is not atomic rows
/// are there from apply() on, and abort() leaves them: the batch is applied again in mode
/// `replayed` (or `tolerant`).
class ChangeApplier {
public:
    virtual ~ChangeApplier() = default;
    /// Starts a transaction.
    virtual void begin() = 0;
    /// Takes a part, and may send its rows to where no reader sees them. Touches no row of the
    /// tables, so that it may run while an earlier batch is still being applied. `part` must live
    /// until apply() or abort() has returned: an engine need not copy it. No more rows than
    /// SinkTraits::largest_batch.
    virtual void stage(const model::NetBatch& part) = 0;
    /// Brings the staged part to effect. `mode` by table index. Returns the rows that could not be
    /// completed (tolerant tables only). Throws: corrupt (strict: a row is missing or doubled, with
    /// table and key), connection, operation, conflict.
    virtual std::vector<MissingBase> apply(const std::vector<ApplyMode>& mode) = 0;
    /// Notes that rows were read again under the receipt's view, before they are staged: they go
    /// the way of every other row. Durable with the commit, or at once where there are no
    /// transactions; comes back with Control::receipts(). Such a receipt is known by its range
    /// alone: its number means nothing, and two of one table with one range say the same.
    virtual void note_view(const model::ChunkReceipt& receipt) = 0;
    /// Rows and marker become durable together, if the claim is still in force. Throws: stopped
    /// (fenced).
    virtual void commit(const model::Marker& marker) = 0;
    /// After it, the same batch may be begun, staged and applied again.
    virtual void abort() noexcept = 0;
    /// How the waits of others name what this holds in an open transaction (model::Holder::id), be
    /// it in their way itself or in that of whoever is. Empty if it holds nothing that could be.
    virtual std::string holder() const = 0;
};

class Sink {
public:
    virtual ~Sink() = default;

    virtual std::unique_ptr<Inspector> open_inspector() = 0;
    /// Makes nothing at the destination: Control::claim() does.
    virtual std::unique_ptr<Control> open_control() = 0;
    /// As Source::prepare_readers().
    virtual void prepare_writers(std::uint32_t count) = 0;
    /// Requires: the task is claimed by a control of this sink.
    virtual std::unique_ptr<ChunkWriter> open_writer(const plan::Plan& plan) = 0;
    virtual std::unique_ptr<ChangeApplier> open_applier(const plan::Plan& plan) = 0;

    /// Asks the server: what an account may do there can change. Throws: connection.
    virtual SinkTraits traits() = 0;
    /// Executes a step and records it as done, in one transaction if the sink is atomic, else one
    /// after the other: there a step takes what it was to make for its own if that is there
    /// already. A step that is recorded is not executed. Own connection per call: any thread.
    /// Throws: operation, refused, connection.
    virtual void run_schema_step(const plan::SchemaStep& step) = 0;
    /// Takes away what a recorded step has made, as if it had not been executed (and then the
    /// record of it); one that is not recorded is left alone. Throws: as run_schema_step().
    virtual void undo_schema_step(const plan::SchemaStep& step) = 0;
    /// Has steps that other threads are executing end soon, with an error; nothing of them stays.
    /// Any thread. An engine whose steps are short need do nothing.
    virtual void cancel_schema_steps() noexcept = 0;
    /// Sets destination sequences so that the next value collides with no migrated row. A sink
    /// without sequences is given a plan that has none.
    virtual void set_sequences(const plan::Plan& plan,
                               const std::vector<model::SequenceSchema>& values) = 0;
};

}  // namespace cutover::engine
