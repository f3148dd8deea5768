#include "migrator/plan/evolution.h"

#include <algorithm>

namespace cutover::plan {

namespace {

/// Through both: nothing, if it is gone by now.
std::optional<std::string> called_now(const TableEvolution& change, const std::string& name) {
    const auto found = change.columns.find(name);
    return found == change.columns.end() ? std::optional(name) : found->second;
}

void copy_anew(TableEvolution& change, const std::string& name) {
    if (!change.copied_anew) {
        change.why_anew = "the name " + name + " stands for another column than before";
    }
    change.copied_anew = true;
}

TableEvolution composed(const TableEvolution& first, const TableEvolution& second) {
    TableEvolution out = second;
    out.before = first.before;
    for (const auto& [then, between] : first.columns) {
        const std::optional<std::string> now =
            between ? called_now(second, *between) : std::nullopt;
        const auto [at, fresh] = out.columns.emplace(then, now);
        if (!fresh && at->second != now) {
            copy_anew(out, then);
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

void tell_ambiguous_name(TableEvolution& change, const model::Catalog& now) {
    const model::TableSchema* table = now.find(change.after);
    for (const auto& [then, column] : change.columns) {
        if (table != nullptr && column != then && table->column_index(then)) {
            copy_anew(change, then);
        }
    }
}

void compose(const std::vector<TableEvolution>& earlier, Evolution& next) {
    next.former = next.tables;
    for (const TableEvolution& change : earlier) {
        const auto later =
            std::find_if(next.tables.begin(), next.tables.end(), [&](const TableEvolution& other) {
                return !change.after.name.empty() && other.before == change.after;
            });
        if (later == next.tables.end()) {
            next.former.push_back(change);
            continue;
        }
        if (change.copied_anew) {
            continue;  // no row of before is needed
        }
        TableEvolution both = composed(change, *later);
        tell_ambiguous_name(both, next.catalog);
        later->copied_anew = both.copied_anew;
        later->why_anew = both.why_anew;
        next.former[static_cast<std::size_t>(later - next.tables.begin())] = std::move(both);
    }
}

}  // namespace cutover::plan
