// One source: views to copy from, a log to follow, proofs that nothing is missing in between.
//
// The Source object belongs to the task's coordinating thread; every ChunkReader, RowReader and
// ChangeStream has a connection of its own and belongs to one thread at a time. Readers must not
// outlive the Source. A Source applies the plan's row filters itself, in the copy and in the log (a
// row that leaves the filter arrives as a removal, one that enters as an insert).
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/change_stream.h"
#include "migrator/engine/inspector.h"
#include "migrator/flow/runtime.h"
#include "migrator/model/chunk.h"
#include "migrator/model/row_batch.h"
#include "migrator/model/wait.h"
#include "migrator/plan/plan.h"

namespace cutover::engine {

/// What the capture started from. Stored at the destination before the first row is copied and
/// shown to verify_capture() on every resume.
struct CaptureOrigin {
    std::string identity;   ///< opaque: server identity, slot name and birth, timeline
    model::Position start;  ///< the log delivers everything after this
};

/// What verify_capture() has found out.
struct CaptureProof {
    bool failed_over =
        false;  ///< another server (or timeline) answers than the one `applied` was read from
    std::string text;  ///< what proves that there is no gap, for the report
};

/// An auxiliary object that a task leaves at one end while it lives.
struct AuxiliaryObject {
    std::string kind;  ///< `replication slot`, `publication`, `schema`
    std::string name;
};

/// Who reads a capture's log, of which there may be one reader at a time.
enum class LogReader : std::uint8_t {
    task,      ///< the process that has the task: ends a stream that an earlier one has left open
    onlooker,  ///< some command beside it, or after it: waits until another onlooker has read
};

/// How the rest of a half-copied table may be read once the view it was begun under has died.
enum class ResumeMode : std::uint8_t {
    remaining_chunks,  ///< the planned chunks that have no receipt
    whole_table,       ///< empty the destination table and read it anew, in one view
};

/// How large a batch of rows may become.
struct BatchLimit {
    model::Bytes bytes;
    model::Rows rows{std::numeric_limits<std::uint64_t>::max()};
};

/// One worker's reading session.
class ChunkReader {
public:
    virtual ~ChunkReader() = default;
    /// Stands before the first row of `chunk`. `first` is the view under which the task's copy was
    /// begun: for a chunk of generation 0, a reader that can still use that view, or can restrict
    /// itself to what that view saw, does so and returns its stamp; otherwise, and for a table that
    /// is copied anew, it returns a stamp of its own. A view of its own has seen all that `first`
    /// had seen. Throws: connection, operation, refused.
    virtual model::ChunkView open(const plan::TablePlan& table, const model::Chunk& chunk,
                                  const model::ChunkView& first) = 0;
    /// Appends rows until about as many bytes, or exactly as many rows, are in `batch`; false when
    /// the chunk is at its end (the batch may still hold the last rows). Throws as open().
    virtual bool next(model::RowBatch& batch, const BatchLimit& limit) = 0;
};

/// Rows of one table read again by key, with the one view they were all read under.
struct RowsRead {
    model::ChunkView view;
    /// One per key that was asked for, in their order: complete, in the source's wire form; none
    /// where there is no such row.
    std::vector<std::optional<model::Tuple>> rows;
};

/// Reads rows again by their keys. Own connection, one thread.
class RowReader {
public:
    virtual ~RowReader() = default;
    /// `keys`: key columns in key order, source wire form. Each call has a view of its own, and
    /// costs a few round trips however many keys there are. All rows are in memory at once: the
    /// caller asks for no more than fit. Throws: connection, operation, refused.
    virtual RowsRead read(const plan::TablePlan& table, const std::vector<model::Tuple>& keys) = 0;
};

/// What one view had seen, taken from its stamp once and asked for every change. Immutable: any
/// thread.
class SeenTransactions {
public:
    virtual ~SeenTransactions() = default;
    virtual bool contains(const model::TransactionId& id) const = 0;
};

/// Which of some ranges of a table's rows a key belongs to. Immutable: any thread.
class RangeIndex {
public:
    virtual ~RangeIndex() = default;
    /// `key`: source wire form, key order. The number of the range among those that the index was
    /// made of; nothing if it belongs to none. Costs no walk over the ranges. Throws: corrupt (an
    /// engine whose ranges say nothing of keys).
    virtual std::optional<std::size_t> find(const model::Tuple& key) const = 0;
};

/// Somebody else at the source, none of the task's own, who can write there.
struct SourceWriter {
    enum class Kind : std::uint8_t {
        session,
        prepared,  ///< a transaction that belongs to no session any more and waits for its end
    };
    Kind kind = Kind::session;
    std::string id;           ///< as the server names it: a process id, a transaction's name
    std::string application;  ///< as it calls itself; may be empty
    std::string user;
    /// By the source's clock: of its transaction if it is in one, else of its last statement.
    /// Absent: the account may not see it.
    std::optional<model::Instant> since;
    /// Tables of the plan that it has begun to write to, in a transaction that has not ended.
    std::vector<model::ObjectName> wrote;
};

/// What has become of one try to fence.
struct FenceTry {
    bool set = false;
    std::vector<model::Holder> holders;  ///< not set: who was in the way, as far as that is known
};

class Source {
public:
    virtual ~Source() = default;

    virtual std::unique_ptr<Inspector> open_inspector() = 0;

    /// Creates what the log needs (a slot, a publication) and, where the copy can begin there,
    /// holds the view that belongs to its start. What is left of an earlier attempt of the same
    /// task that was never recorded is replaced. Throws: refused (no right, no free slot),
    /// connection.
    virtual CaptureOrigin create_capture(const plan::Plan& plan) = 0;
    /// Proves that the log still reaches back to `applied` on the server that answers now, which
    /// may be a promoted standby. Throws: corrupt or refused with the reason and `applied` in the
    /// text; connection.
    virtual CaptureProof verify_capture(const CaptureOrigin& origin,
                                        const model::Position& applied) = 0;
    /// Makes the capture one of `plan`, which is what has become of the plan it was made for:
    /// tables that are new are followed from here on, so that a view opened afterwards misses
    /// nothing. May be called again for the same plan. Throws: refused (its tables were tampered
    /// with besides: the log may have a gap), connection, operation.
    virtual CaptureOrigin extend_capture(const plan::Plan& plan, const CaptureOrigin& origin) = 0;
    /// Removes what create_capture() has made and undoes what it has set. Nothing there: fine.
    virtual void drop_capture(const plan::Plan& plan) = 0;
    virtual std::vector<AuxiliaryObject> auxiliary_objects(const plan::Plan& plan) = 0;

    /// The view for the full copy: the capture's own if it is still held, else a new one.
    /// Stays open until close_view(). Called once in a task's life (its result is stored); a
    /// resumed copy hands the stored view to its readers instead.
    virtual model::ChunkView open_view(const plan::Plan& plan) = 0;
    virtual void close_view() noexcept = 0;
    /// Cuts a table into chunks of about `target` bytes.
    virtual std::vector<model::Chunk> split(const plan::TablePlan& table, model::Bytes target) = 0;
    /// The whole table as one chunk, to be read in one view.
    virtual model::Chunk whole(const plan::TablePlan& table) = 0;
    /// How `remaining` may be read, which an earlier run of the task has planned under the view
    /// `original`. `with_log`: changes since then will be applied.
    virtual ResumeMode resume_mode(const plan::TablePlan& table,
                                   const std::vector<model::Chunk>& remaining,
                                   const model::ChunkView& original, bool with_log) = 0;
    /// Says that so many readers will be asked for soon, for an engine whose sessions can be opened
    /// meanwhile. What fails shows when they are asked for. At most once.
    virtual void prepare_readers(std::uint32_t count) = 0;
    virtual std::unique_ptr<ChunkReader> open_reader() = 0;
    virtual std::unique_ptr<RowReader> open_row_reader() = 0;

    /// The log after `from`. `plan` must outlive the stream. Throws: operation, if another reader
    /// does not end.
    virtual std::unique_ptr<ChangeStream> open_changes(const plan::Plan& plan,
                                                       const CaptureOrigin& origin,
                                                       const model::Position& from,
                                                       LogReader reader) = 0;
    /// The end of the log now: everything committed before the call lies at or before it.
    virtual model::Position current_position() = 0;
    /// Writes something small into the log, so that an idle source's position moves and lag is
    /// honest.
    virtual void heartbeat() = 0;
    virtual model::Instant clock() = 0;
    /// Who could write to the plan's database now, this task's own sessions left out; those that
    /// have written and not ended first, then the most recently active. Whoever has written to a
    /// table of the plan and is not named with it has ended: its commit, if it was one, lies before
    /// any current_position() asked for afterwards. Throws: connection, operation.
    virtual std::vector<SourceWriter> writers(const plan::Plan& plan) = 0;
    /// Keeps everybody from writing to the plan's tables, by something that outlives this process
    /// and the server's restart, until lift_fence(). One try, which holds writers up for about a
    /// second and a half at most, however many tables there are. Not set: something that has not
    /// ended was in the way, and everything is as it was. Set: nobody who has written to these
    /// tables is unfinished; what stands already is made whole again under that very proof.
    /// Throws: refused (the account may not), connection, operation.
    virtual FenceTry fence(const plan::Plan& plan) = 0;
    /// Undoes fence(): once this returns, writes are let through, beside whatever others read or
    /// hold, and no fence() of this task that was under way before comes into force behind it. What
    /// of it is still in use may be left there, without effect, for the next call. Nothing there:
    /// fine. Throws: as fence().
    virtual void lift_fence() = 0;
    /// What fence() does here, in words for people.
    virtual std::string fence_text() const = 0;
    /// The row's key as people write it, or what there is of the row where the table has none.
    /// `row`: the plan's columns in source wire form. Throws: connection, operation.
    virtual std::string key_text(const plan::TablePlan& table, const model::Tuple& row) = 0;
    /// Present values of the plan's sequences.
    virtual std::vector<model::SequenceSchema> sequences(const plan::Plan& plan) = 0;

    // Pure, any thread:
    /// True if everything up to `position` is also covered by `by` (position <= by).
    virtual bool covers(const model::Position& by, const model::Position& position) const = 0;
    /// The transactions that the view of this stamp had seen. Throws: corrupt.
    virtual std::unique_ptr<SeenTransactions> visible(const model::Stamp& stamp) const = 0;
    /// Of one table's chunks. Asked for only where these carry different stamps. `table` outlives
    /// the index.
    virtual std::unique_ptr<RangeIndex> index(
        const plan::TablePlan& table, const std::vector<model::ChunkRange>& ranges) const = 0;
};

}  // namespace cutover::engine
