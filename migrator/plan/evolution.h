// What a change of the source's schema comes to: statements for the destination, and how rows of
// before lie in tables of now. Made by a route from the catalog of before and that of now; kept by
// the task with its control rows until the log has passed the place where the schema was read.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/position.h"
#include "migrator/model/schema.h"
#include "migrator/plan/plan.h"

namespace cutover::plan {

/// A table that is not what it was.
struct TableEvolution {
    model::ObjectName before;     ///< at the source; empty: it is new
    model::ObjectName after;      ///< at the source; empty: it is gone
    bool columns_differ = false;  ///< their names, types or order
    std::set<std::string> added;  ///< columns that rows of before have not
    bool copied_anew = false;     ///< its rows cannot be brought along one by one
    std::string why_anew;
};

/// Columns that a table had, in order.
struct PastColumns {
    struct Column {
        std::uint32_t number = 0;
        std::string name;
        std::string type;
    };
    std::vector<Column> columns;
    std::uint32_t columns_made = 0;  ///< TableSchema::columns_made of then
    std::string rows_file;           ///< TableSchema::rows_file of then
};

struct Evolution {
    std::uint64_t revision = 0;          ///< counts them, from 1
    model::Catalog catalog;              ///< of now
    model::Position settles_at;          ///< where in the log all of it lies before
    std::vector<SchemaStep> steps;       ///< before the log goes on
    std::vector<SchemaStep> later;       ///< what rows of before may not meet: behind `settles_at`
    std::set<std::string> forgotten;     ///< schema steps whose objects are gone
    std::set<std::string> pending;       ///< schema steps of the plan of now that are new
    std::set<std::string> waiting;       ///< steps that had yet to be run when it began, by kind
                                         ///< and name: whatever their tables are called now
    std::set<model::ObjectName> fresh;   ///< tables that it makes at the destination
    std::set<std::uint64_t> gone;        ///< numbers of tables that were dropped
    std::vector<TableEvolution> tables;  ///< what differs from the catalog before
    /// By a table's number: in which columns rows of it may lie that are still to come, oldest
    /// first. Several, where one change comes before another one is over.
    std::map<std::uint64_t, std::vector<PastColumns>> former;
    /// `catalog` without what comes later.
    model::Catalog in_force;
    std::vector<std::string> text;  ///< each change, for people
};

/// A row in the log says its columns by name and type, not by number. False if rows in the columns
/// of `past`, rows in those of `now` and rows of any time between can be told apart by the whole
/// list; only then is such a list read. It is true if a column has come that may be taken for one
/// that is gone: one of its type, or one that came and went while nobody looked.
///
/// Why this is enough: a list that equals that of `now` (or of `past`) belongs to it, or else it
/// has another number in the place of one; numbers of columns that stay are in every list, in
/// order, so it is a gone one or an unseen one in the place of one that was added.
bool ambiguous(const PastColumns& past, const model::TableSchema& now);

/// True if columns have come and been renamed since, and no other has been there. Rows of any time
/// between have the first ones of `now`, in order, and at least as many as `past`.
bool only_grew(const PastColumns& past, const model::TableSchema& now);

/// Fills `next.former`, from what `unsettled` (null: no change is under way) knows and from
/// `before`, the catalog that `next` begins with. Tables whose lists are ambiguous are copied anew
/// by `next`; no row of before is needed of those. Requires `next.catalog`.
void keep_former(const Evolution* unsettled, const model::Catalog& before, Evolution& next);

std::string evolution_text(const Evolution& evolution);
/// Throws: corrupt `task.catalog` (no text of evolution_text()'s).
Evolution read_evolution_text(std::string_view text);

}  // namespace cutover::plan
