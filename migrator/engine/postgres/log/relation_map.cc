#include "migrator/engine/postgres/log/relation_map.h"

#include <algorithm>
#include <set>
#include <utility>

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

const message::RelationColumn* find(const message::Relation& relation, const std::string& name) {
    const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                    [&](const auto& column) { return column.name == name; });
    return found == relation.columns.end() ? nullptr : &*found;
}

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
    out->problem = identity_problem(relation, *table);
    if (fits(relation, *table)) {
        out->shape = shape_of(relation, *table);
        return out;
    }
    const std::optional<RowShape> former = former_shape(relation, *table);
    out->shape = former ? *former : unreadable_shape(relation, *table);
    if (former || out->shape.unreadable) {
        out->problem.reset();
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

/// By name. What is not planned is skipped; what is not sent is absent.
RowShape RelationMap::shape_of(const message::Relation& relation, const plan::TablePlan& table) {
    RowShape shape;
    shape.table = table.index;
    shape.sources.resize(table.columns.size(), RowShape::kAbsent);
    shape.fills.resize(table.columns.size());
    for (const message::RelationColumn& column : relation.columns) {
        const std::optional<std::size_t> planned = planned_column(table, column.name);
        if (planned) {
            shape.sources[*planned] = static_cast<std::uint32_t>(shape.targets.size());
        }
        shape.targets.push_back(planned ? static_cast<std::uint32_t>(*planned)
                                        : RowShape::kSkipped);
        shape.key.push_back(column.key);
    }
    return shape;
}

/// Nothing, if the relation is not as it was before the change either. Of a table that was copied
/// anew nobody need be able to tell.
std::optional<RowShape> RelationMap::former_shape(const message::Relation& relation,
                                                  const plan::TablePlan& table) const {
    if (!table.former) {
        return std::nullopt;
    }
    const plan::FormerShape& former = *table.former;
    if (former.copied_anew) {
        return unreadable_shape(relation, table);
    }
    RowShape shape;
    shape.table = table.index;
    shape.sources.resize(table.columns.size(), RowShape::kAbsent);
    shape.fills.resize(table.columns.size());
    for (const message::RelationColumn& column : relation.columns) {
        const std::optional<std::size_t> planned = former_column(column, table);
        if (planned) {
            shape.sources[*planned] = static_cast<std::uint32_t>(shape.targets.size());
        } else if (!former.columns.contains(column.name) &&
                   !table.schema.column_index(column.name)) {
            return std::nullopt;  // nobody has ever known it
        }
        shape.targets.push_back(planned ? static_cast<std::uint32_t>(*planned)
                                        : RowShape::kSkipped);
        shape.key.push_back(column.key);
    }
    for (std::size_t at = 0; at < shape.sources.size(); ++at) {
        if (shape.sources[at] != RowShape::kAbsent) {
            continue;
        }
        if (!former.added.contains(at)) {
            return std::nullopt;
        }
        const std::optional<model::ColumnFill>& fill = table.columns[at].source.fill;
        shape.sources[at] = RowShape::kFilled;
        shape.fills[at] = fill ? std::optional(fill->bytes) : std::nullopt;
    }
    return shape;
}

/// Where a column goes that is called and typed as before the change; nothing: nowhere.
std::optional<std::size_t> RelationMap::former_column(const message::RelationColumn& column,
                                                      const plan::TablePlan& table) const {
    const plan::FormerShape& former = *table.former;
    const auto known = former.columns.find(column.name);
    const std::optional<std::size_t> planned =
        known == former.columns.end() ? planned_column(table, column.name) : known->second;
    const bool same = planned && (former.retyped.contains(*planned) ||
                                  type_names_(column.type, column.modifier) ==
                                      table.columns[*planned].source.type);
    return same ? planned : std::nullopt;
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

/// As the plan has it. What the task leaves out may come and go.
bool RelationMap::fits(const message::Relation& relation, const plan::TablePlan& table) const {
    const auto is_sent = [&](const plan::ColumnPlan& column) {
        const message::RelationColumn* sent = find(relation, column.source.name);
        return sent != nullptr && type_names_(sent->type, sent->modifier) == column.source.type;
    };
    const auto is_known = [&](const message::RelationColumn& sent) {
        return table.schema.column_index(sent.name).has_value();
    };
    return std::all_of(table.columns.begin(), table.columns.end(), is_sent) &&
           std::all_of(relation.columns.begin(), relation.columns.end(), is_known) &&
           same_identity(relation, table);
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
        const message::RelationColumn* sent = find(relation, column);
        if (sent == nullptr || !sent->key) {
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
