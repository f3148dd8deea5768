// The destination: where rows and net batches last, together with what was said about them. It does
// not decide what to write (plan, stage), how fast (flow) or whether it was right (verify).
//
// The Sink object belongs to the coordinating thread; each writer, applier and control has a
// connection of its own and belongs to one thread at a time, and must not outlive the Sink.
#pragma once

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

/// One worker's session for the full copy.
class ChunkWriter {
public:
    virtual ~ChunkWriter() = default;
    /// Starts a transaction. Requires: no chunk is open. Throws: connection, operation.
    virtual void begin(const plan::TablePlan& table, const model::Chunk& chunk) = 0;
    /// Rows in the destination's wire form. Throws: connection, operation, conflict, refused.
    virtual void write(const model::RowBatch& batch) = 0;
    /// Makes rows and receipt durable in one transaction, if the claim is still in force. A chunk
    /// that has a receipt already is left as it is (its rows are rolled back). A sink without
    /// transactions writes rows idempotently first, the receipt last. Throws: stopped (fenced),
    /// connection, operation; corrupt (the receipt counts other rows than were written; it is not
    /// stored).
    virtual void commit(const model::ChunkReceipt& receipt) = 0;
    /// Forgets the open chunk, if any.
    virtual void abort() noexcept = 0;
};

/// A row whose base was not there when an incomplete update arrived.
struct MissingBase {
    model::TableIndex table = 0;
    model::Tuple
        key;  ///< destination wire form, key order: the key the row must have after the batch
};

enum class ApplyMode : std::uint8_t {
    strict,    ///< every removal and update must meet its row, every insert must find none: else
               ///< corrupt
    tolerant,  ///< insert overwrites, removal may find nothing, an update without base inserts if
               ///< complete
};

/// One lane's session for the incremental phase. The calls of a batch come in the order
/// begin, (stage, apply | note_view)+, commit; abort at any time.
class ChangeApplier {
public:
    virtual ~ChangeApplier() = default;
    /// Starts a transaction.
    virtual void begin() = 0;
    /// Takes a part, and may send its rows to where no reader sees them. Touches no row of the
    /// tables, so that it may run while an earlier batch is still being applied. `part` must live
    /// until apply() or abort() has returned: an engine need not copy it.
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

    /// True if writers and appliers are not held to foreign keys, so that these may exist while
    /// rows come in any order. Otherwise they are added at the cutover. Throws: connection.
    virtual bool ignores_foreign_keys() = 0;
    /// Executes a step and records it as done, in one transaction where the engine can; a step that
    /// is recorded is not executed. Own connection per call: any thread. Throws: operation,
    /// refused, connection.
    virtual void run_schema_step(const plan::SchemaStep& step) = 0;
    /// Takes away what a recorded step has made, as if it had not been executed; one that is not
    /// recorded is left alone. Throws: as run_schema_step().
    virtual void undo_schema_step(const plan::SchemaStep& step) = 0;
    /// Has steps that other threads are executing end soon, with an error; nothing of them stays.
    /// Any thread. An engine whose steps are short need do nothing.
    virtual void cancel_schema_steps() noexcept = 0;
    /// Sets destination sequences so that the next value collides with no migrated row.
    virtual void set_sequences(const plan::Plan& plan,
                               const std::vector<model::SequenceSchema>& values) = 0;
};

}  // namespace cutover::engine
