#include "migrator/plan/evolution.h"

#include <algorithm>

namespace cutover::plan {

namespace {

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
