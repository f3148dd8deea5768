// Helpers that several questions share.
#include "migrator/precheck/questions.h"

#include <set>

namespace cutover::precheck {

namespace {

/// The part of the destination that concerns the task: objects that rows and values are written to,
/// and what the schema phase builds on.
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
    std::set<model::ObjectName> counters;
    for (const plan::SequencePlan& sequence : facts.planned->plan.sequences) {
        counters.insert(sequence.destination);
    }
    for (const model::SequenceSchema& sequence : facts.destination.catalog.sequences) {
        if (counters.contains(sequence.name)) {
            catalog.sequences.push_back(sequence);
        }
    }
    catalog.schemas = facts.planned->schemas;
    catalog.needs = facts.planned->needs;
    return catalog;
}

}  // namespace

Findings unmet(const Facts& facts, engine::Topic topic, bool as_source) {
    const EndFacts& end = as_source ? facts.source : facts.destination;
    Findings findings;
    for (engine::Requirement& requirement : end.inspector->requirements(
             topic, facts.spec, as_source ? end.catalog : written_to(facts), as_source)) {
        if (!requirement.met) {
            findings.push_back(std::move(requirement.finding));
        }
    }
    return findings;
}

}  // namespace cutover::precheck
