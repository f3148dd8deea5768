// A database in memory: row versions, transactions, a log, slots, a standby that lags. It plays the
// source (interleaved transactions, snapshots, log order unlike begin order and unlike visibility
// order) and the destination (row locks, unique keys, atomic commits). It knows no plan and no
// connection (session.h).
//
// Foreign keys are those of the tables' schemas, of one column, checked by each statement: a row
// that a running transaction refers to cannot go.
//
// A transaction's commit record may be in the log before the transaction is visible to new
// snapshots; until then it counts as running and holds its locks.
//
// Not synchronised: whoever calls holds mutex(), and never while somebody else may be let to run.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrator/engine/memory/database/snapshot.h"
#include "migrator/engine/memory/database/table.h"
#include "migrator/model/change.h"
#include "migrator/model/units.h"

namespace cutover::memory {

/// One change as the log keeps it: whole rows in the columns that the table had then.
struct LogChange {
    model::ChangeKind kind = model::ChangeKind::insert;
    Table* table = nullptr;
    model::Tuple before;
    model::Tuple after;
    std::vector<Table*> truncated;
    std::shared_ptr<const std::vector<model::ColumnSchema>> columns;
};

struct LogRecord {
    LogPlace place;                     ///< right after it
    TransactionNumber transaction = 0;  ///< 0: a heartbeat
    model::Instant time;
    std::vector<LogChange> changes;
};

/// Keeps the log from being forgotten.
struct Slot {
    std::uint64_t birth = 0;  ///< tells it from one of the same name made later
    LogPlace start;
    std::uint64_t confirmed = 0;                     ///< everything up to here may be forgotten
    bool failover = true;                            ///< copied to the standby
    std::optional<std::uint64_t> standby_confirmed;  ///< as the standby knows it, once it does
    bool lost = false;                               ///< the log it needs is gone
    std::vector<model::ObjectName> made_full;  ///< tables whose replica identity was set for it
};

struct Sequence {
    std::int64_t last_value = 0;
};

/// What became of a statement.
struct Outcome {
    enum class Kind : std::uint8_t {
        done,
        blocked,    ///< another running transaction holds the row or key: wait for `by`, look again
        duplicate,  ///< a key that is taken
        refused,    ///< the table is closed
        violated,   ///< a foreign key does not allow it
    };
    Kind kind = Kind::done;
    TransactionNumber by = 0;
    std::string key;  ///< name of the key that is taken or violated
};

class Database {
public:
    /// `seed` varies the distances in the log.
    explicit Database(std::string identity, std::uint64_t seed = 1);

    std::mutex& mutex() { return mutex_; }
    const std::string& identity() const { return identity_; }

    // Tables.
    /// Its identity is one that no table has had.
    Table& create_table(const model::TableSchema& schema);
    /// Requires: nothing holds it, and no transaction has written to it.
    void drop_table(const model::ObjectName& name);
    Table* find_table(const model::ObjectName& name);
    /// Throws: operation (no such table).
    Table& table(const model::ObjectName& name);
    const std::vector<std::unique_ptr<Table>>& tables() const { return tables_; }
    /// Throws: operation (rows share a key).
    void add_key(Table& table, const model::KeySchema& key);
    /// Of a child that is there. Without `check`, rows that break it already may stay. Throws:
    /// operation (they may not).
    void add_foreign_key(Table& child, const model::ForeignKeySchema& key, bool check);
    /// Throws: operation (no such key, or rows break it).
    void validate_foreign_key(const Table& child, const std::string& name) const;
    std::map<model::ObjectName, Sequence>& sequences() { return sequences_; }

    // Columns. Each change is a transaction of its own that waits for all others which have touched
    // the table, and that the standby has at once: no failover takes it back.
    Outcome add_column(Table& table, const model::ColumnSchema& column);
    /// Requires: as Table::drop_column().
    Outcome drop_column(Table& table, const std::string& name);
    Outcome rename_column(Table& table, const std::string& from, const std::string& to);

    // Transactions. Statements see what is committed and what their own transaction did.
    /// `held`: to foreign keys.
    TransactionNumber begin(bool held = true);
    bool running(TransactionNumber transaction) const {
        return transactions_.contains(transaction);
    }
    Outcome insert(TransactionNumber transaction, Table& table, model::Tuple row);
    Outcome replace(TransactionNumber transaction, Table& table, std::size_t place,
                    model::Tuple row);
    Outcome remove(TransactionNumber transaction, Table& table, std::size_t place);
    Outcome truncate(TransactionNumber transaction, const std::vector<Table*>& tables);
    /// Places of rows with these key bytes, as a statement of `transaction` sees them.
    std::vector<std::size_t> find(TransactionNumber transaction, const Table& table,
                                  const std::vector<std::size_t>& columns,
                                  const std::string& key) const;
    /// All rows, as a statement of `transaction` (0: nobody's) sees them.
    std::vector<std::size_t> scan(TransactionNumber transaction, const Table& table) const;
    /// How much a transaction has done: a savepoint.
    std::size_t savepoint(TransactionNumber transaction) const;
    void rollback_to(TransactionNumber transaction, std::size_t savepoint);
    void abort(TransactionNumber transaction);
    /// Writes the commit record; the transaction is durable but not yet visible.
    LogPlace log_commit(TransactionNumber transaction, model::Instant now);
    /// Makes it visible and lets go of its locks.
    void publish(TransactionNumber transaction);
    LogPlace commit(TransactionNumber transaction, model::Instant now);

    /// Tables touched by each transaction whose commit is not in the log.
    std::map<TransactionNumber, std::set<Table*>> unfinished() const;
    /// Nobody changes these tables until they are opened again. Gives the unfinished transactions
    /// that have touched one; then nothing is closed. As durable as a commit: a failover may forget
    /// it.
    std::vector<TransactionNumber> close_tables(const std::string& name,
                                                const std::set<Table*>& tables);
    void open_tables(const std::string& name) { closed_.erase(name); }
    bool tables_closed() const { return !closed_.empty(); }

    // Reading.
    Snapshot snapshot() const;
    /// What exactly the log up to its end contains, visible or not: the view of a new slot.
    Snapshot log_snapshot() const;
    /// True if new snapshots see every transaction that the log has up to `offset`.
    bool visible_up_to(std::uint64_t offset) const;
    bool sees(const Snapshot& snapshot, const Table& table, const Version& version) const;
    /// Versions seen by an open view are kept. Returns its number.
    std::uint64_t open_view(const Snapshot& snapshot);
    void close_view(std::uint64_t view);
    bool view_open(std::uint64_t view) const { return views_.contains(view); }
    /// Frees the places of versions that nobody can see any more.
    void vacuum();

    // Log, slots, standby.
    LogPlace end_of_log() const { return {end_, timeline_}; }
    LogPlace heartbeat(model::Instant now);
    const std::deque<LogRecord>& log() const { return log_; }
    std::uint64_t log_begins_after() const { return log_begins_after_; }
    std::map<std::string, Slot>& slots() { return slots_; }
    Slot& create_slot(const std::string& name, bool failover);
    /// Forgets what no slot needs; with `by_force` everything but the newest records: slots are
    /// lost.
    void trim_log(bool by_force = false);
    /// The standby receives the log up to `offset`, and the state of the slots.
    void standby_receives(std::uint64_t offset);
    std::uint64_t standby_received() const { return standby_received_; }
    /// No slot is told of anything that the standby has not received.
    bool synchronized = false;
    /// From here on a standby exists; it has everything up to now.
    void add_standby();
    bool has_standby() const { return has_standby_; }
    /// The standby takes over: what it had not received has never happened.
    void fail_over();
    /// Crash recovery: running transactions are gone, views too.
    void restart();
    std::uint32_t timeline() const { return timeline_; }
    /// Where timelines 1, 2, ... ended; the present one has no entry.
    const std::vector<std::uint64_t>& timeline_ends() const { return timeline_ends_; }

    /// Called inside log_commit(): this is the order that counts.
    std::function<void(const LogRecord&)> on_log;
    /// Called inside publish() of each transaction, with its record.
    std::function<void(const LogRecord&)> on_publish;
    /// Called after a change of a table's columns, with its place in the log.
    std::function<void(const Table&, std::uint64_t)> on_columns_changed;
    /// Called after a failover, with what is left.
    std::function<void()> on_failover;

private:
    struct Undo {
        Table* table = nullptr;
        std::size_t place = 0;
        bool made = false;  ///< put (else: marked as removed)
    };
    struct Transaction {
        std::vector<Undo> undo;
        std::vector<LogChange> changes;
        std::vector<std::size_t> undo_at_change;  ///< undo.size() before each change
        std::set<Table*> touched;
        std::set<Table*> emptied;
        bool held = true;
        std::set<std::pair<const Table*, std::string>> leans_on;  ///< parents, by their keys
        bool logged = false;
        std::uint64_t offset = 0;  ///< of its commit record
    };

    struct Closed {
        std::set<Table*> tables;
        std::uint64_t offset = 0;  ///< in the log, where that was said
    };

    Transaction& running_transaction(TransactionNumber transaction);
    bool alive_for(TransactionNumber transaction, const Version& version) const;
    Outcome check_keys(TransactionNumber transaction, const Table& table, const model::Tuple& row,
                       std::optional<std::size_t> own_place) const;
    Outcome check_table(TransactionNumber transaction, const Table& table) const;
    Outcome alter(Table& table, const std::function<void()>& change);
    Outcome check_row(TransactionNumber transaction, const Version& version) const;
    struct Reference {
        const Table* child = nullptr;
        std::vector<std::size_t> columns;
        const Table* parent = nullptr;
        std::vector<std::size_t> parent_columns;
        std::string name;
    };
    std::vector<Reference> references() const;
    Outcome meet_parent(TransactionNumber transaction, const Reference& reference,
                        const std::string& key) const;
    Outcome check_parents(TransactionNumber transaction, const Table& table,
                          const model::Tuple& row);
    /// `after`: what takes the row's place; null: nothing.
    Outcome check_children(TransactionNumber transaction, const Table& table,
                           const model::Tuple& before, const model::Tuple* after) const;
    bool children_left(const std::vector<Table*>& tables) const;
    void undo(Transaction& transaction, std::size_t down_to);
    std::uint64_t next_offset();
    void forget_transactions_after(std::uint64_t offset);

    std::mutex mutex_;
    std::string identity_;
    std::uint64_t random_state_;
    std::vector<std::unique_ptr<Table>> tables_;
    std::uint64_t tables_made_ = 0;
    std::map<model::ObjectName, Sequence> sequences_;
    std::map<TransactionNumber, Transaction> transactions_;  ///< running or not yet visible
    TransactionNumber next_transaction_ = 1;
    std::map<std::uint64_t, Snapshot> views_;
    std::uint64_t next_view_ = 1;
    std::deque<LogRecord> log_;
    std::uint64_t log_begins_after_ = 0;
    std::uint64_t end_ = 0;
    std::uint32_t timeline_ = 1;
    std::vector<std::uint64_t> timeline_ends_;
    std::map<std::string, Slot> slots_;
    std::map<std::string, Closed> closed_;
    std::uint64_t next_birth_ = 1;
    bool has_standby_ = false;
    std::uint64_t standby_received_ = 0;
    TransactionNumber standby_floor_ = 0;  ///< numbers below were given before the standby was made
    /// Where the log says that a transaction committed or aborted: a failover before that place
    /// forgets the transaction and may give its number again. A view that took the number for ended
    /// lies beyond that place, which is how the failover is found out.
    std::map<TransactionNumber, std::uint64_t> end_offsets_;
};

}  // namespace cutover::memory
