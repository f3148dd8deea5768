// One end as the judge sees it: a session that reads under one snapshot and changes nothing. The
// seam of this folder: a new engine is a new implementation (postgres_end.h is the first). It does
// not compare, does not know the other end and does not use the migrator's readers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/plan/task_spec.h"
#include "verify/row_block.h"
#include "verify/schema_facts.h"
#include "verify/shape.h"

namespace cutover::verify {

/// Half-open range of the first key column, as literals in the end's own language. Both ends cut
/// the same ranges; the first has no `from`, the last no `to`, so no row can fall between.
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
    KeyRange range;            ///< on the first item
};

/// Rows as they come. One thread.
class RowStream {
public:
    virtual ~RowStream() = default;
    /// Appends rows (data and ends) until about `bytes` are there. False at the end of the rows.
    /// Throws: connection, operation.
    virtual bool fill(RowBlock& block, std::size_t bytes) = 0;
};

/// Where an end stands: asked before and after the reading, it tells whether anybody wrote
/// meanwhile.
struct Standing {
    std::string position;  ///< of the log, for people
    std::string writers;   ///< changes whenever a transaction that has written ends
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

    /// All tables that `selection` takes (all user tables if null), partitions among them.
    virtual std::vector<TableShape> tables(const plan::ObjectSelection* selection) = 0;
    /// Objects around these tables in one language; names of a source end are mapped to the
    /// destination's by `mapping` (null: names stay).
    virtual SchemaFacts facts(const std::vector<model::ObjectName>& tables,
                              const plan::NameMapping* mapping) = 0;
    virtual std::unique_ptr<RowStream> read(const TableShape& table, const ReadSpec& spec) = 0;
    /// Literals that cut the table into about `parts` parts of equal size by the spec's first item.
    virtual std::vector<std::string> cuts(const TableShape& table, const ReadSpec& spec,
                                          std::size_t parts) = 0;
};

using OpenEnd = std::function<std::unique_ptr<End>()>;

}  // namespace cutover::verify
