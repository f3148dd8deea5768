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
/// its own language. Both ends cut the same ranges; the first range has no `from`, the last one no
/// `to`, so no row can fall between.
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
    std::size_t order_by = 0;  ///< this many first items are the order; 0: any order
    std::string filter;        ///< in the end's own language; empty: all rows
    /// For a partitioned table: rows of these partitions, and of their own partitions, are held to
    /// these conditions and not to `filter`. The first condition whose partition holds the row
    /// counts.
    std::vector<std::pair<model::ObjectName, std::string>> partition_filters;
    KeyRange range;  ///< of the first item
    /// If not empty, only rows with these keys are read. A key is the canonical cells of the first
    /// `order_by` items (the text itself for an item that is read as its text). Other rows may come
    /// too.
    std::vector<std::vector<std::string>> keys;
    /// Adds two cells to the end of each row. The first is one byte: 1 if the row is free, 0 if
    /// somebody changes, locks or has locked it. The second tells this version of the row from
    /// every other version, as evidence. Only an end that has a Witness can do this.
    bool with_version = false;
};

/// A stream of rows. For one thread.
class RowStream {
public:
    virtual ~RowStream() = default;
    /// Appends rows (data and ends) until there are about `bytes`. False at the end of the rows.
    /// Throws: connection, operation.
    virtual bool fill(RowBlock& block, std::size_t bytes) = 0;
};

/// A transaction that has written and is still open or prepared: no snapshot sees its rows.
struct OpenWriter {
    std::string who;                        ///< for people: pid or gid, application, account, age
    std::vector<model::ObjectName> tables;  ///< tables that it has locked for writing
};

/// Where an end stands. Asked before and after the reading, it tells whether anybody wrote in
/// between.
struct Standing {
    Evidence position;  ///< in the log
    Evidence writers;   ///< changes whenever a transaction that has written ends
    std::vector<OpenWriter> open_writers = {};
};

/// What an open snapshot sees.
struct Moment {
    Evidence position;  ///< in the log: all that the snapshot sees lies before it
    Evidence view;      ///< which transactions it sees
};

/// What an end can show besides rows: where they stand in the log, and whether a row is still the
/// same version, which its content cannot tell. With a witness, a difference that is found while
/// others write can be proved. An engine that cannot do this has no witness, and what is found
/// there is settled at best.
class Witness {
public:
    virtual ~Witness() = default;

    /// For the end's open snapshot. Throws: refused `verify.live_standby`: only a primary can tell.
    virtual Moment moment() = 0;
    /// True if the snapshot of `later` sees every transaction that had begun when the snapshot of
    /// `earlier` was taken.
    virtual bool sees_all(const Moment& later, const Moment& earlier) const = 0;
    /// True if `position` lies at or after `wanted` in this end's own log.
    virtual bool reaches(const Evidence& position, const Evidence& wanted) const = 0;
};

/// What a destination tells about our own migrator, in the open snapshot.
struct Applied {
    bool known = false;  ///< there is such a task
    std::string hidden;  ///< there may be one that cannot be read, and why; empty: no
    std::string phase;   ///< of the task
    Evidence position;   ///< in the source's log: all up to here is applied; empty: unknown yet
};

/// Which tables an end is asked for, and what the other end calls them: an end without a catalog
/// recognises its own tables by that.
struct TableQuery {
    const plan::ObjectSelection* selection = nullptr;  ///< by the source's names; null: all tables
    const plan::NameMapping* mapping = nullptr;  ///< from the source's names to the destination's
    /// For a destination: the source's tables that are compared with it.
    const std::vector<TableShape>* at_source = nullptr;
};

/// A table that tables() never returns.
struct LeftOut {
    model::ObjectName name;
    std::string why;  ///< `tables of the extension postgis`
};

/// The objects whose facts are asked for, by the end's own names.
struct FactScope {
    std::vector<model::ObjectName> tables;
    /// Sequences that stand by themselves; those that the tables own or draw from are included
    /// anyway.
    std::vector<model::ObjectName> sequences;
    /// For a source: everything that the selection takes, however the request narrows it. A
    /// reference to any other table cannot be carried.
    std::vector<model::ObjectName> selected = {};
};

/// One session of one end, for one thread. All functions throw connection and operation.
class End {
public:
    virtual ~End() = default;

    virtual std::string description() = 0;
    virtual Standing standing() = 0;
    /// Begins the snapshot that everything after it sees. Returns an id by which other sessions may
    /// join; empty if this server cannot share a snapshot.
    virtual std::string begin_snapshot() = 0;
    /// Sees what the session that returned `id` sees; with an empty id, takes a snapshot of its
    /// own.
    virtual void join_snapshot(const std::string& id) = 0;
    /// What the open snapshot sees, in the form of Standing::writers.
    virtual Evidence view() = 0;
    /// Whether a transaction that `later` sees and `earlier` does not has added, changed or removed
    /// rows, as far as this session's snapshot shows them: additions show in a later snapshot,
    /// removals in an earlier one. A table that was emptied as a whole since the snapshot counts
    /// too. May also return true for rows that were only locked or moved.
    virtual bool written_between(const TableShape& table, const Evidence& earlier,
                                 const Evidence& later) = 0;

    /// All user tables that the query takes, including partitions.
    virtual std::vector<TableShape> tables(const TableQuery& query) = 0;
    /// Tables that are not compared, whatever a selection says; without the server's own and ours.
    virtual std::vector<LeftOut> left_out() = 0;
    /// What else this end holds that no comparison covers, in plain words: `3 large objects`.
    virtual std::vector<std::string> beside_tables() { return {}; }
    /// All user sequences that no table owns.
    virtual std::vector<model::ObjectName> sequences() = 0;
    /// Objects around these tables as facts in one language. `mapping` maps the names of a source
    /// end to the destination's (null: names stay).
    virtual SchemaFacts facts(const FactScope& scope, const plan::NameMapping* mapping) = 0;
    virtual std::unique_ptr<RowStream> read(const TableShape& table, const ReadSpec& spec) = 0;
    /// Canonical cells of the spec's first item, in its order, that cut the table into about
    /// `parts` parts of equal size.
    virtual std::vector<std::string> cuts(const TableShape& table, const ReadSpec& spec,
                                          std::size_t parts) = 0;

    virtual Applied applied(const std::string& task) = 0;
    /// The witness of this session; null if the engine has none.
    virtual Witness* witness() { return nullptr; }
};

using OpenEnd = std::function<std::unique_ptr<End>()>;

}  // namespace cutover::verify
