#include "migrator/route/postgres_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "migrator/route/postgres_types.h"

namespace cutover::route {

using plan::ColumnPlan;
using plan::KeyPlan;
using plan::TablePlan;

namespace {

/// The column that an end has; null: it is yet to be made there.
const model::ColumnSchema* destination_column(const TablePlan& table, const std::string& name,
                                              const model::Catalog& destination) {
    const model::TableSchema* there = destination.find(table.destination);
    const auto at = there == nullptr ? std::nullopt : there->column_index(name);
    return at ? &there->columns[*at] : nullptr;
}

/// As the destination writes it, or, without one, as the source does.
KeyPlan key_plan(const TablePlan& table, const std::vector<std::size_t>& columns,
                 const model::Catalog& source, const model::Catalog* destination) {
    KeyPlan key;
    for (const std::size_t column : columns) {
        const std::string& name = table.schema.columns[column].name;
        const auto at =
            std::find_if(table.columns.begin(), table.columns.end(),
                         [&](const ColumnPlan& planned) { return planned.source.name == name; });
        if (at == table.columns.end()) {
            return KeyPlan{};  // a key over a column that is not carried is no key of ours
        }
        const model::ColumnSchema* there =
            destination == nullptr ? nullptr
                                   : destination_column(table, at->destination_name, *destination);
        const auto [fold, comparable] =
            there == nullptr ? key_fold(at->source, source) : key_fold(*there, *destination);
        key.columns.push_back({static_cast<std::size_t>(at - table.columns.begin()), fold});
        key.comparable = key.comparable && comparable;
    }
    return key;
}

bool all_not_null(const TablePlan& table, const std::vector<std::size_t>& columns) {
    return std::none_of(columns.begin(), columns.end(),
                        [&](std::size_t column) { return table.schema.columns[column].nullable; });
}

/// Kept only where the ends differ.
void set_key(TablePlan& table, KeyPlan planned, KeyPlan at_source) {
    at_source.nulls_equal = planned.nulls_equal;
    table.key = std::move(planned);
    if (!(at_source == table.key)) {
        table.source_form = std::move(at_source);
    }
}

/// True if all columns of our key are among `columns` of the source.
bool covers_key(const TablePlan& table, const std::vector<std::size_t>& columns) {
    return std::all_of(
        table.key.columns.begin(), table.key.columns.end(), [&](const plan::KeyColumn& key) {
            const auto at = table.schema.column_index(table.columns[key.column].source.name);
            return at && std::find(columns.begin(), columns.end(), *at) != columns.end();
        });
}

}  // namespace

void add_keys(TablePlan& table, const model::Catalog& source, const model::Catalog& destination) {
    for (const model::KeySchema& key : table.schema.keys) {
        KeyPlan planned = key_plan(table, key.columns, source, &destination);
        if (planned.columns.empty()) {
            continue;
        }
        planned.nulls_equal = key.definition.starts_with("UNIQUE NULLS NOT DISTINCT");
        // Under a deferrable key two rows may be equal for the time of a transaction.
        const bool usable = !key.deferrable && all_not_null(table, key.columns);
        if (table.keyless() && usable) {
            set_key(table, std::move(planned), key_plan(table, key.columns, source, nullptr));
        } else {
            table.unique_keys.push_back(std::move(planned));
        }
    }
    for (const model::IndexSchema& index : table.schema.indexes) {
        if (!index.unique) {
            continue;
        }
        KeyPlan planned =
            index.plain_columns ? key_plan(table, index.columns, source, &destination) : KeyPlan{};
        if (!index.plain_columns || planned.columns.empty()) {
            planned.comparable = false;
        }
        planned.nulls_equal = index.definition.find(" NULLS NOT DISTINCT") != std::string::npos;
        KeyPlan at_source = key_plan(table, index.columns, source, nullptr);
        const bool usable = planned.comparable && at_source.comparable;
        if (table.keyless() && usable && all_not_null(table, index.columns)) {
            set_key(table, std::move(planned), std::move(at_source));
        } else {
            table.unique_keys.push_back(std::move(planned));
        }
    }
}

bool needs_whole_old_rows(const TablePlan& table) {
    return !table.schema.logs_old_rows() && (table.keyless() || !table.filter.empty() ||
                                             !covers_key(table, table.schema.logged_columns()));
}

void add_parents(TablePlan& table, const std::vector<TablePlan>& tables,
                 const model::Catalog& source, const model::Catalog& destination) {
    for (const model::ForeignKeySchema& key : table.schema.foreign_keys) {
        const auto parent = std::find_if(
            tables.begin(), tables.end(),
            [&](const TablePlan& candidate) { return candidate.source == key.parent; });
        if (parent == tables.end()) {
            continue;
        }
        plan::ForeignKeyPlan planned;
        planned.parent = parent->index;
        planned.columns = key_plan(table, key.columns, source, &destination).columns;
        std::vector<std::size_t> parent_columns;
        for (const std::string& name : key.parent_columns) {
            if (const auto at = parent->schema.column_index(name)) {
                parent_columns.push_back(*at);
            }
        }
        planned.parent_columns = key_plan(*parent, parent_columns, source, &destination).columns;
        const bool to_key =
            planned.parent_columns.size() == parent->key.columns.size() &&
            std::equal(planned.parent_columns.begin(), planned.parent_columns.end(),
                       parent->key.columns.begin(),
                       [](const auto& a, const auto& b) { return a.column == b.column; });
        if (to_key && !planned.columns.empty()) {
            table.parents.push_back(std::move(planned));
        }
    }
}

}  // namespace cutover::route
