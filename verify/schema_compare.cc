#include "verify/schema_compare.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <tuple>

namespace cutover::verify {

namespace {

using Place = std::tuple<FactKind, std::string, std::string>;

/// Facts by kind, table and identity; equal ones (two indexes alike) in one list.
std::multimap<Place, const SchemaFact*> by_place(const SchemaFacts& facts, bool sequences) {
    std::multimap<Place, const SchemaFact*> out;
    for (const SchemaFact& fact : facts) {
        if ((fact.kind == FactKind::sequence) == sequences) {
            out.emplace(Place(fact.kind, fact.table, fact.identity), &fact);
        }
    }
    return out;
}

/// Would rows or statements be refused at the destination that the source takes?
bool restricts(FactKind kind) {
    switch (kind) {
        case FactKind::unique_key:
        case FactKind::primary_key:
        case FactKind::foreign_key:
        case FactKind::check:
        case FactKind::exclusion:
            return true;
        default:
            return false;
    }
}

std::string shown(const SchemaFact& fact) {
    return fact.kind == FactKind::column || fact.identity == fact.definition
               ? fact.definition
               : fact.identity + " " + fact.definition;
}

SchemaDifference difference(const SchemaFact& fact, RowVerdict verdict) {
    SchemaDifference out;
    out.kind = fact.kind;
    out.table = fact.table;
    out.name = fact.name;
    out.verdict = verdict;
    return out;
}

bool extra_counts(const SchemaFact& fact) {
    const bool unique_index = fact.kind == FactKind::index && fact.identity.starts_with("UNIQUE");
    const bool required_column = fact.kind == FactKind::column &&
                                 fact.definition.find(" NOT NULL") != std::string::npos &&
                                 fact.definition.find(" DEFAULT ") == std::string::npos &&
                                 fact.definition.find(" GENERATED ") == std::string::npos;
    return restricts(fact.kind) || unique_index || required_column;
}

/// Compares two facts at one place; appends a difference if there is one.
using CompareFacts = std::function<void(const SchemaFact& source, const SchemaFact& destination,
                                        SchemaResult& result)>;

SchemaResult compare(const SchemaFacts& source, const SchemaFacts& destination, bool sequences,
                     const CompareFacts& compare_facts) {
    SchemaResult result;
    result.compared = true;
    auto there = by_place(destination, sequences);
    for (const auto& [place, fact] : by_place(source, sequences)) {
        ++result.compared_facts[std::string(to_string(fact->kind))];
        const auto found = there.find(place);
        if (found == there.end()) {
            result.differences.push_back(difference(*fact, RowVerdict::missing));
            result.differences.back().source_definition = shown(*fact);
            continue;
        }
        compare_facts(*fact, *found->second, result);
        there.erase(found);
    }
    for (const auto& [place, fact] : there) {
        result.differences.push_back(difference(*fact, RowVerdict::extra));
        result.differences.back().destination_definition = shown(*fact);
        result.differences.back().counts = extra_counts(*fact);
    }
    result.verdict = Verdict::consistent;
    for (const SchemaDifference& each : result.differences) {
        if (each.verdict == RowVerdict::pending || each.verdict == RowVerdict::uncomparable) {
            result.verdict =
                result.verdict == Verdict::consistent ? Verdict::could_not_tell : result.verdict;
        } else {
            result.verdict = each.counts ? Verdict::inconsistent : result.verdict;
        }
    }
    return result;
}

void compare_definitions(const SchemaFact& source, const SchemaFact& destination,
                         SchemaResult& result) {
    if (source.definition != destination.definition) {
        SchemaDifference found = difference(source, RowVerdict::different);
        found.source_definition = shown(source);
        found.destination_definition = shown(destination);
        result.differences.push_back(std::move(found));
    }
}

void compare_sequence(const SchemaFact& source, const SchemaFact& destination, bool live,
                      SchemaResult& result) {
    compare_definitions(source, destination, result);
    if (!source.value_known || !destination.value_known) {
        const auto state = [](const SchemaFact& fact) {
            return fact.value_known ? fmt::format("next value {}", fact.next_value)
                                    : std::string("the account may not read it");
        };
        SchemaDifference found = difference(source, RowVerdict::uncomparable);
        found.source_definition = state(source);
        found.destination_definition = state(destination);
        result.differences.push_back(std::move(found));
        return;
    }
    const bool behind = source.increment < 0 ? destination.next_value > source.next_value
                                             : destination.next_value < source.next_value;
    if (behind) {
        SchemaDifference found =
            difference(source, live ? RowVerdict::pending : RowVerdict::different);
        found.source_definition = fmt::format("next value {}", source.next_value);
        found.destination_definition =
            fmt::format("next value {}: behind, {}", destination.next_value,
                        live ? "as it may be until the cutover sets it" : "new rows would collide");
        result.differences.push_back(std::move(found));
    }
}

}  // namespace

SchemaResult compare_structure(const SchemaFacts& source, const SchemaFacts& destination) {
    return compare(source, destination, false, compare_definitions);
}

SchemaResult compare_sequences(const SchemaFacts& source, const SchemaFacts& destination,
                               bool live) {
    return compare(source, destination, true,
                   [live](const SchemaFact& here, const SchemaFact& there, SchemaResult& result) {
                       compare_sequence(here, there, live, result);
                   });
}

}  // namespace cutover::verify
