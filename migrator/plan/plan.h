// The spec resolved against both catalogs: everything decided before the first row. Made by a route
// (engine/route.h); read by stages, sinks and sources. Immutable once made; shared by all threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/change.h"
#include "migrator/model/row_batch.h"
#include "migrator/model/schema.h"
#include "migrator/model/tuple.h"
#include "migrator/plan/task_spec.h"

namespace cutover::expression {
class Expression;
}

namespace cutover::plan {

struct ColumnPlan {
    model::ColumnSchema source;
    std::string destination_name;
    std::string destination_type;  ///< as the destination prints it
};

/// Appends bytes that are equal exactly if the cells are equal as keys at the end that has written
/// them. Throws: corrupt (no cell of its type). nullptr: the cell's own bytes are such.
using KeyFold = void (*)(std::string_view cell, std::string& out);

struct KeyColumn {
    std::size_t column = 0;  ///< index into TablePlan::columns
    KeyFold fold = nullptr;
    bool operator==(const KeyColumn&) const = default;
};

/// A primary or unique key as one of the ends writes it. `comparable` is false if some column's
/// equality cannot be told from bytes (a collation that is not deterministic): such a key is never
/// collapsed.
struct KeyPlan {
    std::vector<KeyColumn> columns;
    bool comparable = true;
    bool nulls_equal = false;  ///< NULLs are one value of a unique key, not each its own
    bool operator==(const KeyPlan&) const = default;
};

struct ForeignKeyPlan {
    std::vector<KeyColumn> columns;
    model::TableIndex parent = 0;
    std::vector<KeyColumn> parent_columns;
};

/// Rewrites rows from the source's wire form to the destination's. Stateless, shared by threads.
/// Throws: refused (a value the destination cannot hold, with table and column).
class Transcoder {
public:
    virtual ~Transcoder() = default;
    /// Rewrites whole rows of a full copy.
    virtual void batch(const model::RowBatch& in, model::RowBatch& out) const = 0;
    /// Rewrites one row's cells; absent stays absent.
    virtual model::Tuple tuple(const model::Tuple& in) const = 0;
};

/// How rows lie that were written before the table was changed, while the log may still have such:
/// exactly these columns in this order. What they have not is a column's fill.
struct FormerShape {
    struct Column {
        std::string name;  ///< empty: whatever it was called
        std::string type;
        std::optional<std::size_t> planned;  ///< the plan's column; nothing: it is gone
    };
    std::vector<Column> columns;
};

struct TablePlan {
    model::TableIndex index = 0;
    model::ObjectName source;  ///< the table the rows are read from: a leaf where it is partitioned
    model::ObjectName destination;  ///< the table the rows are written to
    std::vector<ColumnPlan> columns;
    /// What tells rows apart at the destination, in its wire form and with its equality; likewise
    /// `unique_keys` and `parents`. No columns: a keyless table, multiset semantics.
    KeyPlan key;
    /// `key` as the source writes it: the same columns in the same order. None: both ends write it
    /// alike.
    std::optional<KeyPlan> source_form;
    std::vector<KeyPlan> unique_keys;  ///< those besides `key`
    std::vector<ForeignKeyPlan> parents;
    std::shared_ptr<const Transcoder> transcoder;  ///< null: bytes pass through
    std::string filter;                            ///< empty: all rows
    /// The filter where the source does not evaluate it itself; null: all rows, or it does.
    std::shared_ptr<const expression::Expression> checked_filter;
    bool sets_replica_identity = false;  ///< the source must log whole old rows for us
    model::TableSchema schema;           ///< as seen at the source
    std::vector<FormerShape> former;     ///< none: it is what it always was

    bool keyless() const { return key.columns.empty(); }
    /// What tells rows apart at the source, for rows in its wire form.
    const KeyPlan& source_key() const { return source_form ? *source_form : key; }
};

/// Statements that make the destination's objects, in the order of their sections.
enum class SchemaSection : std::uint8_t {
    before_rows,  ///< schemas, types, sequences, tables
    keys,         ///< primary keys, after the rows, in parallel per table
    unique_keys,  ///< other unique constraints and indexes, once the copy is consistent: until then
                  ///< a row may be ahead of the one that still has its value
    indexes,      ///< after the rows, in parallel
    foreign_keys,          ///< added without validation, after the rows
    foreign_keys_at_once,  ///< added and validated in one, with both tables locked meanwhile: at
                           ///< the cutover, when no lane holds or wants either
    validation,  ///< foreign keys validated, after the consistency point, beside working lanes
};

struct SchemaStep {
    std::string id;  ///< unique and stable: `index:shop.orders_by_day`
    SchemaSection section = SchemaSection::before_rows;
    std::string object;       ///< for messages
    std::string statement;    ///< in the destination's language; one, and nothing after it
    model::Bytes weight;      ///< size of the table it works on: largest first
    model::ObjectName table;  ///< the destination's, that it makes or works on; empty: none
    std::string before = {};  ///< a statement that goes first in the same transaction; empty: none
    std::string undo = {};    ///< takes away what it has made; empty: that goes with another's
};

struct SequencePlan {
    model::ObjectName source;
    model::ObjectName destination;
    model::ObjectName owner;  ///< destination table whose column draws from it; empty: none
    std::string owner_column;
};

struct Plan {
    TaskSpec spec;
    std::vector<TablePlan> tables;
    std::vector<SchemaStep> schema_steps;  ///< empty if the schema phase is not selected
    std::vector<SequencePlan> sequences;
    /// Numbers of tables that are gone from the source, while the log may still have rows of them.
    std::set<std::uint64_t> gone_tables;
    /// Changes if anything that a resumed task relies on changes: objects, columns, names, filters.
    std::string fingerprint;
};

}  // namespace cutover::plan
