// One end as the judge sees it: a session that reads under one snapshot and changes nothing. The
// seam of this folder: a new engine is a new implementation (postgres/end.h is the first). It does
// not compare, does not know the other end and does not use the migrator's readers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/plan/task_spec.h"
#include "verify/canonical/row_block.h"
#include "verify/end/evidence.h"
#include "verify/end/schema_facts.h"
#include "verify/end/shape.h"

namespace cutover::verify {

/// Half-open range of the first key column, its edges as canonical cells: each end quotes them in
/// its own language. Both ends cut the same ranges; the first has no `from`, the last no `to`, so
/// no row can fall between.
struct KeyRange {
    std::optional<std::string> from;
    std::optional<std::string> to;
};

/// What to read, cell by cell.
struct ReadSpec {
    struct Item {
        std::size_t column = 0;
        bool as_order_text = false;  ///< the column's text in UTF-8, ordered by its bytes
    };
    std::vector<Item> items;
    std::size_t order_by = 0;  ///< the first so many items are the order; 0: any order
    std::string filter;        ///< in the end's own language; empty: all rows
    /// Of a partitioned table: rows of these partitions, and of theirs, are held to these
    /// conditions and not to `filter`. The first that takes a row counts.
    std::vector<std::pair<model::ObjectName, std::string>> partition_filters;
    KeyRange range;  ///< on the first item
    /// Not empty: only rows with these keys, as canonical cells of the order_by first items (of
    /// one that is read as its text: the text); rows beyond them may come too.
    std::vector<std::vector<std::string>> keys;
    /// Two cells more at the end of each row: one byte, 1 if the row is free, 0 if somebody
    /// changes, locks or has locked it; and what tells this version of the row from every other
    /// one, as evidence. Only of an end that has a Witness.
    bool with_version = false;
};

/// Rows as they come. One thread.
class RowStream {
public:
    virtual ~RowStream() = default;
    /// Appends rows (data and ends) until about `bytes` are there. False at the end of the rows.
    /// Throws: connection, operation.
    virtual bool fill(RowBlock& block, std::size_t bytes) = 0;
};

/// A transaction that has written and has not ended, or is prepared: no snapshot sees its rows.
struct OpenWriter {
    std::string who;                        ///< for people: pid or gid, application, account, age
    std::vector<model::ObjectName> tables;  ///< that it holds a lock for writing on
};

/// Where an end stands: asked before and after the reading, it tells whether anybody wrote
/// meanwhile.
struct Standing {
    Evidence position;  ///< of the log
    Evidence writers;   ///< changes whenever a transaction that has written ends
    std::vector<OpenWriter> open_writers = {};
};

/// Of an open snapshot.
struct Moment {
    Evidence position;  ///< of the log: all that the snapshot sees lies before
    Evidence view;      ///< which transactions it sees
};

/// What an end can show besides rows: where in the log they stand, and whether a row is still the
/// same version of itself, which its content cannot tell. With it a difference that is found while
/// others write can be proved; an engine without it has none, and what is found there is settled at
/// best.
class Witness {
public:
    virtual ~Witness() = default;

    /// Of the end's open snapshot. Throws: refused `verify.live_standby`: only a primary can tell.
    virtual Moment moment() = 0;
    /// The snapshot of `later` sees every transaction that had begun when that of `earlier` was
    /// taken.
    virtual bool sees_all(const Moment& later, const Moment& earlier) const = 0;
    /// Of this end's own log: nothing before `wanted` lies behind `position`.
    virtual bool reaches(const Evidence& position, const Evidence& wanted) const = 0;
};

/// What a destination tells about our own migrator, in the open snapshot.
struct Applied {
    bool known = false;  ///< there is such a task
    std::string hidden;  ///< there may be one that cannot be read, and why; empty: no
    std::string phase;   ///< of the task
    Evidence position;   ///< the source's: everything up to here is in; empty: nothing told yet
};

/// Which tables an end is asked for, and what they are called at the other one: an end without a
/// catalog knows its own by that.
struct TableQuery {
    const plan::ObjectSelection* selection = nullptr;  ///< by names of the source; null: all
    const plan::NameMapping* mapping = nullptr;  ///< from the source's names to the destination's
    /// Of a destination: the source's tables that are compared with it.
    const std::vector<TableShape>* at_source = nullptr;
};

/// A table that tables() never gives.
struct LeftOut {
    model::ObjectName name;
    std::string why;  ///< `tables of the extension postgis`
};

/// Whose facts are asked for, by the end's own names.
struct FactScope {
    std::vector<model::ObjectName> tables;
    /// That stand by themselves; those that the tables own or draw from come with these.
    std::vector<model::ObjectName> sequences;
    /// Of a source: all that the selection takes, however the request narrows it. What refers to
    /// another table cannot be carried.
    std::vector<model::ObjectName> selected = {};
};

/// One session of one end; one thread. All functions throw connection and operation.
class End {
public:
    virtual ~End() = default;

    virtual std::string description() = 0;
    virtual Standing standing() = 0;
    /// Begins the snapshot that everything after it sees; gives an id that others may join.
    /// Empty if this server cannot share one.
    virtual std::string begin_snapshot() = 0;
    /// Sees what the session that gave `id` sees; with an empty id, a snapshot of its own.
    virtual void join_snapshot(const std::string& id) = 0;
    /// What the open snapshot sees, as Standing::writers has it.
    virtual Evidence view() = 0;
    /// Whether a transaction that `later` sees and `earlier` does not has brought, changed or
    /// removed rows, as far as they are seen in this session's snapshot: what came shows in a later
    /// one, what went in an earlier one; a table that was emptied as a whole since the snapshot
    /// shows in it, too. May say so of rows that were only locked or moved.
    virtual bool written_between(const TableShape& table, const Evidence& earlier,
                                 const Evidence& later) = 0;

    /// All user tables that the query takes, partitions among them.
    virtual std::vector<TableShape> tables(const TableQuery& query) = 0;
    /// Tables that are not compared whatever a selection says, but for the server's own and ours.
    virtual std::vector<LeftOut> left_out() = 0;
    /// What else this end holds that no comparison covers, in plain words: `3 large objects`.
    virtual std::vector<std::string> beside_tables() { return {}; }
    /// All sequences of users that no table owns.
    virtual std::vector<model::ObjectName> sequences() = 0;
    /// Objects around these tables in one language; names of a source end are mapped to the
    /// destination's by `mapping` (null: names stay).
    virtual SchemaFacts facts(const FactScope& scope, const plan::NameMapping* mapping) = 0;
    virtual std::unique_ptr<RowStream> read(const TableShape& table, const ReadSpec& spec) = 0;
    /// Canonical cells of the spec's first item, in its order, that cut the table into about
    /// `parts` parts of equal size.
    virtual std::vector<std::string> cuts(const TableShape& table, const ReadSpec& spec,
                                          std::size_t parts) = 0;

    virtual Applied applied(const std::string& task) = 0;
    /// Of this session; null: the engine has none.
    virtual Witness* witness() { return nullptr; }
};

using OpenEnd = std::function<std::unique_ptr<End>()>;

}  // namespace cutover::verify
