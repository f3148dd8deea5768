#include "migrator/plan/evolution.h"

#include <algorithm>

namespace cutover::plan {

namespace {

using model::TableSchema;

const TableSchema* by_number(const model::Catalog& catalog, std::uint64_t number) {
    const auto found = std::find_if(catalog.tables.begin(), catalog.tables.end(),
                                    [&](const auto& table) { return table.number == number; });
    return found == catalog.tables.end() ? nullptr : &*found;
}

/// Keeps of a table's constraints those that it had before, whatever they were called.
template <typename Constraint>
void keep_known(std::vector<Constraint>& now, const std::vector<Constraint>& before) {
    std::erase_if(now, [&](const Constraint& one) {
        return std::none_of(before.begin(), before.end(), [&](const Constraint& other) {
            return other.name == one.name || other.definition == one.definition;
        });
    });
}

void weaken(TableSchema& now, const TableSchema& before) {
    for (model::ColumnSchema& column : now.columns) {
        const auto was = std::find_if(
            before.columns.begin(), before.columns.end(),
            [&](const model::ColumnSchema& other) { return other.number == column.number; });
        const bool fresh = was == before.columns.end();
        column.nullable = column.nullable || (fresh && column.identity == model::Identity::none) ||
                          (!fresh && was->nullable);
        if (!fresh && was->identity == model::Identity::none) {
            column.identity = model::Identity::none;
        }
    }
    keep_known(now.keys, before.keys);
    keep_known(now.indexes, before.indexes);
    keep_known(now.foreign_keys, before.foreign_keys);
    keep_known(now.checks, before.checks);
    const bool attached = now.partition_of && (!before.partition_of || before.partition_of->bound !=
                                                                           now.partition_of->bound);
    if (attached) {
        now.partition_of.reset();
    }
}

/// Through both: nothing, if it is gone by now.
std::optional<std::string> called_now(const TableEvolution& change, const std::string& name) {
    const auto found = change.columns.find(name);
    return found == change.columns.end() ? std::optional(name) : found->second;
}

TableEvolution composed(const TableEvolution& first, const TableEvolution& second) {
    TableEvolution out = second;
    out.before = first.before;
    for (const auto& [then, between] : first.columns) {
        const std::optional<std::string> now =
            between ? called_now(second, *between) : std::nullopt;
        const auto [at, fresh] = out.columns.emplace(then, now);
        if (!fresh && at->second != now) {
            out.copied_anew = true;
            out.why_anew = "the name " + then + " stands for another column than before";
        }
    }
    for (const std::string& added : first.added) {
        if (const std::optional<std::string> now = called_now(second, added)) {
            out.added.insert(*now);
        }
    }
    for (const std::string& retyped : first.retyped) {
        if (const std::optional<std::string> now = called_now(second, retyped)) {
            out.retyped.insert(*now);
        }
    }
    return out;
}

}  // namespace

model::Catalog in_force(const model::Catalog& before, const model::Catalog& after) {
    model::Catalog out = after;
    for (TableSchema& table : out.tables) {
        if (const TableSchema* was = by_number(before, table.number)) {
            weaken(table, *was);
        }
    }
    return out;
}

void compose(const std::vector<TableEvolution>& first, std::vector<TableEvolution>& second) {
    for (const TableEvolution& change : first) {
        const auto next =
            std::find_if(second.begin(), second.end(), [&](const TableEvolution& other) {
                return !change.after.name.empty() && other.before == change.after;
            });
        if (next == second.end()) {
            second.push_back(change);
        } else if (!change.copied_anew) {
            *next = composed(change, *next);
        }
    }
}

}  // namespace cutover::plan
