// What several questions share.
#include "migrator/precheck/questions.h"

#include <algorithm>
#include <set>

namespace cutover::precheck {

namespace {

/// What of the destination is the task's business: tables that rows are written to.
model::Catalog written_to(const Facts& facts) {
    std::set<model::ObjectName> wanted;
    for (const plan::TablePlan& table : facts.planned->plan.tables) {
        wanted.insert(table.destination);
    }
    model::Catalog catalog;
    catalog.server_version = facts.destination.catalog.server_version;
    for (const model::TableSchema& table : facts.destination.catalog.tables) {
        if (wanted.contains(table.name)) {
            catalog.tables.push_back(table);
        }
    }
    return catalog;
}

}  // namespace

Findings unmet(const Facts& facts, engine::Topic topic, bool as_source) {
    const End& end = as_source ? facts.source : facts.destination;
    Findings findings;
    for (engine::Requirement& requirement : end.inspector->requirements(
             topic, facts.spec, as_source ? end.catalog : written_to(facts), as_source)) {
        if (!requirement.met) {
            findings.push_back(std::move(requirement.finding));
        }
    }
    return findings;
}

std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 5;
    std::string text;
    for (std::size_t at = 0; at < std::min(kShown, names.size()); ++at) {
        text += (at == 0 ? "" : ", ") + names[at];
    }
    return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more"
                                 : text;
}

}  // namespace cutover::precheck
