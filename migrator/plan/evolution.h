// What a change of the source's schema comes to: statements for the destination, and how rows of
// before lie in tables of now. Made by a route from the catalog of before and that of now; kept by
// the task with its control rows until the log has passed the place where the schema was read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
    model::ObjectName before;  ///< at the source; empty: it is new
    model::ObjectName after;   ///< at the source; empty: it is gone
    /// Columns that rows of before have under another name, or which are gone (nothing). All others
    /// are what they were.
    std::map<std::string, std::optional<std::string>> columns;
    std::set<std::string> added;    ///< columns that rows of before have not
    std::set<std::string> retyped;  ///< columns whose rows of before are written as those of now
    bool copied_anew = false;       ///< its rows cannot be brought along one by one
    std::string why_anew;
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
    /// The same from the catalog that the oldest row may be of which is still to come: where one
    /// change comes before another one is over.
    std::vector<TableEvolution> former;
    /// `catalog` without what comes later.
    model::Catalog in_force;
    std::vector<std::string> text;  ///< each change, for people
};

/// A row in the log says its columns by name. Where a name means one column in rows of before and
/// another one in `now`, nobody can tell which is meant: then the table is copied anew.
void tell_ambiguous_name(TableEvolution& change, const model::Catalog& now);

/// Fills `next.former`: what `next.tables` says, begun where `earlier` does, which ends where
/// `next` begins. Tables whose names are ambiguous over all changes are copied anew by `next`.
/// Requires `next.catalog`.
void compose(const std::vector<TableEvolution>& earlier, Evolution& next);

std::string evolution_text(const Evolution& evolution);
/// Throws: corrupt `task.catalog` (no text of evolution_text()'s).
Evolution read_evolution_text(std::string_view text);

}  // namespace cutover::plan
