#include "migrator/engine/postgres/log/relation_map.h"

#include <algorithm>
#include <utility>

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Undoing it does not help: what was logged meanwhile keeps the shape it was logged in.
Error ddl_met(const std::string& table, const std::string& difference,
              const std::string& hint =
                  "release the task and migrate anew; to undo it at the "
                  "source does not help, for the log keeps the rows that "
                  "were written meanwhile as they were") {
    return Error(
        ErrorClass::refused, "table.changed",
        "the source table " + table + " was changed while the task was running: " + difference,
        hint);
}

const message::RelationColumn* find(const message::Relation& relation, const std::string& name) {
    const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                    [&](const auto& column) { return column.name == name; });
    return found == relation.columns.end() ? nullptr : &*found;
}

}  // namespace

RelationMap::RelationMap(const plan::Plan& plan, TypeNames type_names,
                         const std::vector<model::ObjectName>& ancestors)
    : plan_(plan),
      type_names_(std::move(type_names)),
      ancestors_(ancestors.begin(), ancestors.end()) {
    for (const plan::TablePlan& table : plan.tables) {
        tables_[table.source] = table.index;
    }
}

std::shared_ptr<const MappedRelation> RelationMap::map(const message::Relation& relation) const {
    auto out = std::make_shared<MappedRelation>();
    const model::ObjectName name{relation.schema, relation.name};
    if (ancestors_.contains(name)) {
        out->ancestor = true;
        return out;
    }
    const auto found = tables_.find(name);
    if (found == tables_.end()) {
        out->problem = Error(
            ErrorClass::refused, "table.changed",
            "the log has rows of " + name.display() +
                ", which was not among the source's tables when the task began: a partition that "
                "was added, or a table of the task under another name",
            "changes of the schema are not followed: undo it at the source, or release the task "
            "and start it anew");
        return out;
    }
    const plan::TablePlan& table = plan_.tables[found->second];
    out->problem = difference(relation, table);
    if (out->problem) {
        return out;
    }
    RowShape& shape = out->shape;
    shape.table = table.index;
    shape.sources.resize(table.columns.size());
    for (const message::RelationColumn& column : relation.columns) {
        const auto planned = std::find_if(
            table.columns.begin(), table.columns.end(),
            [&](const plan::ColumnPlan& known) { return known.source.name == column.name; });
        const auto target = static_cast<std::uint32_t>(planned - table.columns.begin());
        if (planned != table.columns.end()) {
            shape.sources[target] = static_cast<std::uint32_t>(shape.targets.size());
        }
        shape.targets.push_back(planned == table.columns.end() ? RowShape::kSkipped : target);
        shape.key.push_back(column.key);
    }
    return out;
}

std::optional<Error> RelationMap::difference(const message::Relation& relation,
                                             const plan::TablePlan& table) const {
    const std::string name = table.source.display();
    // What the task leaves out may come and go.
    for (const plan::ColumnPlan& column : table.columns) {
        const message::RelationColumn* sent = find(relation, column.source.name);
        if (sent == nullptr) {
            return ddl_met(name, "column " + column.source.name + " is gone");
        }
        const std::string type = type_names_(sent->type, sent->modifier);
        if (type != column.source.type) {
            return ddl_met(name, "column " + column.source.name + " is of type " + type +
                                     ", it was " + column.source.type);
        }
    }
    for (const message::RelationColumn& sent : relation.columns) {
        if (!table.schema.column_index(sent.name)) {
            return ddl_met(name, "column " + sent.name + " was added",
                           "to go on without it, leave it at the source, add it to the task file "
                           "(objects.exclude_columns: {" +
                               name + ": [" + sent.name +
                               "]}) and start again; to have it migrated, release the task and "
                               "migrate anew");
        }
    }
    return identity_problem(relation, table);
}

/// The old row's key must be in the log: otherwise an update or delete could not be placed.
std::optional<Error> RelationMap::identity_problem(const message::Relation& relation,
                                                   const plan::TablePlan& table) const {
    if (relation.identity == 'f') {
        return std::nullopt;
    }
    std::string missing = table.keyless() ? "whole old rows" : "";
    for (const plan::KeyColumn& key : table.key.columns) {
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
