// The log, applied: whole transactions in commit order, net effect per key, one destination
// transaction per batch with the marker.
//
//   stream -> admission -> transcode -> collapse -> lanes -> commit -> checkpointed -> acknowledge
//
// After a resumed copy rows may have to be read again at the source; the lanes do that, and nobody
// waits for it here until a table is about to settle (row_repair.h has the argument).
//
// Where the sink is not atomic, how far a batch reaches is stored before it is handed to a lane:
// after a crash whatever lies between the marker and there may be applied already, wholly or in
// part, and comes again in mode `replayed`.
//
// It neither retries (the task does, by running it again from the durable marker) nor sets
// sequences.
#pragma once

#include <memory>
#include <optional>

#include "migrator/stage/admission.h"
#include "migrator/stage/collapse.h"
#include "migrator/stage/context.h"
#include "migrator/stage/lanes.h"

namespace cutover::stage {

/// Why run() has returned.
enum class IncrementalEnd : std::uint8_t {
    reached,        ///< everything up to the asked position is applied, durable and consistent
    consistent,     ///< as asked by stop_when_consistent()
    restart_table,  ///< `table()` must be copied anew before the log can go on
    unreadable,     ///< likewise, unless the schema has changed: rows of it have an unknown shape
    passed,         ///< everything up to pass_at() is applied and durable
    more,           ///< there is something to apply, though stop_at_more() was asked for
};

/// A transaction that was met, and not applied, where there was to be none.
struct More {
    model::TransactionId id;
    model::Position commit;
    model::Instant commit_time;
    std::vector<model::TableIndex> tables;  ///< of its first changes, each once, in the order met
};

/// The tables that the first changes name, each once, in the order met: enough to say where
/// somebody writes. No more is read, however many there are.
std::vector<model::TableIndex> first_tables(model::ChangeCursor& changes);

/// Used once, by the task's coordinating thread.
class IncrementalStage {
public:
    explicit IncrementalStage(Context& context);
    ~IncrementalStage();

    /// Follows the log until finish_at() is covered. Updates context.record.marker as batches
    /// become durable. Throws: what the stream and the appliers throw; stopped (what was begun is
    /// drained first).
    IncrementalEnd run();
    /// run() returns once everything up to here is applied and consistent(). Called from
    /// context.tick.
    void finish_at(const model::Position& position) { finish_at_ = position; }
    /// run() returns as soon as consistent(): somebody waits for it.
    void stop_when_consistent() { stop_when_consistent_ = true; }
    /// run() returns once everything up to here is applied, and nothing else: rows behind it may
    /// look like rows of before the change, and only the plan of after it can tell.
    void pass_at(const model::Position& position) { pass_at_ = position; }
    /// run() applies nothing and returns at the first transaction that it would apply.
    void stop_at_more() { stop_at_more_ = true; }
    /// Of a run() that has returned `more`.
    const More& more() const { return more_; }
    model::TableIndex table() const { return table_; }
    /// True once everything that the copy's views had seen is applied and durable.
    bool consistent() const {
        return admission_.all_settled() &&
               context_.source.covers(context_.record.marker.position, settled_at_);
    }
    IncrementalProgress progress() const;
    /// Transactions that this run has met.
    std::uint64_t transactions_seen() const { return transactions_; }

private:
    struct Unreadable {};
    struct Mixed {};  ///< a truncate that some chunks of its table had seen and some had not

    /// Nothing, if the log is to be followed further.
    std::optional<IncrementalEnd> step();
    void take(model::SourceTransaction& transaction);
    bool changes_something(model::SourceTransaction& transaction);
    void take_change(model::Change& change, const model::TransactionId& id);
    void take_row(model::Change& change, const model::TransactionId& id);
    void take_keyless(const plan::TablePlan& table, model::Change& change,
                      const model::TransactionId& id);
    void take_update(const plan::TablePlan& table, model::Change& change,
                     const model::TransactionId& id);
    void take_truncate(const model::Change& change, const model::TransactionId& id);
    void flush(bool last);
    void store_reach();
    void flush_if_due();
    void pass_limits(model::Rows rows, model::Bytes bytes);
    void flush_and_wait();
    void close_lanes();
    bool tolerant(model::TableIndex table) const;
    bool full() const;
    bool may_read_again() const;
    void set_modes();
    void settle(const model::Position& position);
    void take_repairs();
    void collect();
    void be_idle(const engine::StreamEvent& event);
    void checkpoint_idle();
    void heartbeat();
    bool reached() const;
    void update_lag(model::Instant applied_at);

    Context& context_;
    const engine::SinkTraits traits_;
    Admission admission_;
    Collapser collapser_;
    std::uint64_t batch_bytes_;  ///< what a batch or a part of one may take in memory
    std::unique_ptr<engine::ChangeStream> stream_;
    std::unique_ptr<Lanes> lanes_;

    model::Position taken_;      ///< end of the last transaction that was begun to be taken
    model::Position processed_;  ///< end of the last transaction taken into a batch
    model::Marker next_marker_;  ///< what the batch in the making will say
    std::uint64_t batch_ = 1;    ///< number of the batch in the making
    bool batch_open_ = false;    ///< a part of it has been submitted
    std::uint64_t batch_transactions_ = 0;
    flow::TimePoint batch_since_{};
    /// How the changes collected so far were taken. A table that settles meanwhile is strict from
    /// the next batch on, not in this one.
    std::vector<engine::ApplyMode> modes_;
    RowKeys row_keys_;
    std::vector<model::TransactionId> batch_ids_;  ///< Part::transactions
    bool incomplete_ = false;  ///< the batch has a row that may have to be read again
    bool reading_ = false;     ///< one that was submitted since all were waited for has
    std::optional<model::Position> quiet_until_;
    std::optional<model::Position> finish_at_;
    bool stop_when_consistent_ = false;
    bool stop_at_more_ = false;
    std::optional<model::Position> pass_at_;
    More more_;
    model::Position settled_at_;   ///< where in the log the last table has settled
    model::TableIndex table_ = 0;  ///< of `restart_table` and `unreadable`

    flow::TimePoint started_, heartbeat_at_{}, idle_saved_at_{};
    std::uint64_t transactions_ = 0;
    std::uint64_t changes_at_start_ = 0;
    model::Instant quiet_time_{};  ///< source clock up to which it has said that nothing is missing
    model::Instant applied_time_{};  ///< source clock up to which everything is applied
    flow::Duration clock_offset_{};  ///< source clock - our wall clock
};

}  // namespace cutover::stage
