#include "migrator/engine/postgres/log/relation_map.h"

#include <algorithm>
#include <set>
#include <utility>

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// What the log calls the key is what the plan knows as such.
bool same_identity(const message::Relation& relation, const plan::TablePlan& table) {
    if (relation.identity != 'd' || table.schema.primary_key() == nullptr ||
        table.schema.old_rows != model::OldRows::primary_key) {
        return true;
    }
    std::set<std::string> sent, known;
    for (const message::RelationColumn& column : relation.columns) {
        if (column.key) {
            sent.insert(column.name);
        }
    }
    for (const std::size_t column : table.schema.logged_columns()) {
        known.insert(table.schema.columns[column].name);
    }
    return sent == known;
}

std::optional<std::size_t> planned_column(const plan::TablePlan& table, const std::string& name) {
    const auto found =
        std::find_if(table.columns.begin(), table.columns.end(),
                     [&](const plan::ColumnPlan& known) { return known.source.name == name; });
    return found == table.columns.end()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found - table.columns.begin()));
}

}  // namespace

RelationMap::RelationMap(const plan::Plan& plan, TypeNames type_names,
                         const std::vector<model::ObjectName>& ancestors)
    : plan_(plan),
      type_names_(std::move(type_names)),
      ancestors_(ancestors.begin(), ancestors.end()) {
    for (const plan::TablePlan& table : plan.tables) {
        tables_[table.source] = table.index;
        if (table.schema.number != 0) {
            numbers_[table.schema.number] = table.index;
        }
    }
}

std::shared_ptr<const MappedRelation> RelationMap::map(const message::Relation& relation) const {
    auto out = std::make_shared<MappedRelation>();
    const model::ObjectName name{relation.schema, relation.name};
    if (ancestors_.contains(name)) {
        out->ancestor = true;
        return out;
    }
    if (plan_.gone_tables.contains(relation.oid)) {
        out->gone = true;
        return out;
    }
    const plan::TablePlan* table = table_of(relation);
    if (table == nullptr) {
        out->problem = Error(
            ErrorClass::refused, "table.changed",
            "the log has rows of " + name.display() +
                ", which was not among the source's tables when the task began: a partition that "
                "was added, or a table of the task under another name",
            "changes of the schema are not followed: undo it at the source, or release the task "
            "and start it anew");
        return out;
    }
    if (const auto places = as_planned(relation, *table)) {
        out->shape = shape_of(relation, *table, *places);
        out->problem = identity_problem(relation, *table);
    } else if (const auto former = as_before(relation, *table)) {
        out->shape = shape_of(relation, *table, *former);
    } else {
        out->shape = unreadable_shape(relation, *table);
    }
    return out;
}

/// One that was renamed is known by its number, whatever it was called when a row was written.
const plan::TablePlan* RelationMap::table_of(const message::Relation& relation) const {
    if (const auto numbered = numbers_.find(relation.oid); numbered != numbers_.end()) {
        return &plan_.tables[numbered->second];
    }
    const auto found = tables_.find({relation.schema, relation.name});
    return found == tables_.end() ? nullptr : &plan_.tables[found->second];
}

/// What the task leaves out may come and go.
bool RelationMap::left_out(const std::string& column, const plan::TablePlan& table) {
    return table.schema.column_index(column) && !planned_column(table, column);
}

/// Where the columns go if they are exactly these in this order, apart from what is left out.
std::optional<RelationMap::Places> RelationMap::places_in(
    const message::Relation& relation, const plan::TablePlan& table,
    const std::vector<plan::FormerShape::Column>& columns) const {
    Places places;
    auto next = columns.begin();
    for (const message::RelationColumn& sent : relation.columns) {
        if (left_out(sent.name, table)) {
            places.emplace_back();
            continue;
        }
        while (next != columns.end() && left_out(next->name, table)) {
            ++next;
        }
        if (next == columns.end() || (!next->name.empty() && next->name != sent.name) ||
            next->type != type_names_(sent.type, sent.modifier)) {
            return std::nullopt;
        }
        places.push_back(next->planned);
        ++next;
    }
    const bool rest_left_out = std::all_of(
        next, columns.end(), [&](const auto& column) { return left_out(column.name, table); });
    return rest_left_out ? std::optional(std::move(places)) : std::nullopt;
}

std::optional<RelationMap::Places> RelationMap::as_planned(const message::Relation& relation,
                                                           const plan::TablePlan& table) const {
    std::vector<plan::FormerShape::Column> columns;
    for (const model::ColumnSchema& column : table.schema.columns) {
        if (const auto planned = planned_column(table, column.name)) {
            columns.push_back({column.name, column.type, planned});
        }
    }
    return same_identity(relation, table) ? places_in(relation, table, columns) : std::nullopt;
}

std::optional<RelationMap::Places> RelationMap::as_before(const message::Relation& relation,
                                                          const plan::TablePlan& table) const {
    for (const plan::FormerShape& former : table.former) {
        if (auto places = places_in(relation, table, former.columns)) {
            return places;
        }
    }
    return std::nullopt;
}

/// What such rows have not got is filled, as the server fills it in rows that are older than the
/// column.
RowShape RelationMap::shape_of(const message::Relation& relation, const plan::TablePlan& table,
                               const Places& places) {
    RowShape shape;
    shape.table = table.index;
    shape.sources.resize(table.columns.size(), RowShape::kFilled);
    for (std::size_t at = 0; at < places.size(); ++at) {
        if (places[at]) {
            shape.sources[*places[at]] = static_cast<std::uint32_t>(at);
        }
        shape.targets.push_back(places[at] ? static_cast<std::uint32_t>(*places[at])
                                           : RowShape::kSkipped);
        shape.key.push_back(relation.columns[at].key);
    }
    for (const plan::ColumnPlan& column : table.columns) {
        shape.fills.push_back(column.source.fill ? std::optional(column.source.fill->bytes)
                                                 : std::nullopt);
    }
    return shape;
}

/// Neither as the table is nor as it was: its rows are in a copy, or one has to be made.
RowShape RelationMap::unreadable_shape(const message::Relation& relation,
                                       const plan::TablePlan& table) {
    RowShape shape;
    shape.table = table.index;
    shape.unreadable = true;
    shape.targets.assign(relation.columns.size(), RowShape::kSkipped);
    shape.sources.assign(table.columns.size(), RowShape::kAbsent);
    shape.fills.resize(table.columns.size());
    for (const message::RelationColumn& column : relation.columns) {
        shape.key.push_back(column.key);
    }
    return shape;
}

/// The old row's key must be in the log: otherwise an update or delete could not be placed.
std::optional<Error> RelationMap::identity_problem(const message::Relation& relation,
                                                   const plan::TablePlan& table) const {
    if (relation.identity == 'f') {
        return std::nullopt;
    }
    std::string missing = table.keyless() ? "whole old rows" : "";
    for (const plan::KeyColumn& key : table.source_key().columns) {
        const std::string& column = table.columns[key.column].source.name;
        const auto sent = std::find_if(relation.columns.begin(), relation.columns.end(),
                                       [&](const auto& one) { return one.name == column; });
        if (sent == relation.columns.end() || !sent->key) {
            missing = "the old value of key column " + column;
        }
    }
    if (table.sets_replica_identity) {
        missing = "whole old rows, as was set at the start";
    }
    if (missing.empty()) {
        return std::nullopt;
    }
    return Error(
        ErrorClass::refused, "table.replica_identity",
        "the log does not hold " + missing + " of " + table.source.display(),
        "ALTER TABLE ... REPLICA IDENTITY FULL on it, then release the task and start it anew: "
        "changes since may have been logged without it");
}

}  // namespace cutover::postgres
