#include "verify/structure/schema_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace cutover::verify {

namespace {

using Place = std::tuple<FactKind, std::string, std::string>;
using Group = std::vector<const SchemaFact*>;

/// Facts by kind, table and identity. Facts that share all three (two equal indexes, two foreign
/// keys over the same columns) form one group.
std::map<Place, Group> by_place(const SchemaFacts& facts, bool sequences) {
    std::map<Place, Group> out;
    for (const SchemaFact& fact : facts) {
        if ((fact.kind == FactKind::sequence) == sequences) {
            out[Place(fact.kind, fact.table, fact.identity)].push_back(&fact);
        }
    }
    return out;
}

bool same_definition(const SchemaFact& a, const SchemaFact& b) {
    return a.definition == b.definition && a.validated == b.validated;
}

/// Takes the counterpart of `fact` out of `there` if `alike` knows one.
template <typename Alike>
const SchemaFact* take(Group& there, const SchemaFact& fact, const Alike& alike) {
    const auto found = std::find_if(there.begin(), there.end(), [&](const SchemaFact* each) {
        return each != nullptr && alike(fact, *each);
    });
    return found == there.end() ? nullptr : std::exchange(*found, nullptr);
}

/// Counterparts of `here` in `there`, null if there is none; they are null in `there` afterwards.
/// Facts with the same definition are paired first, those of the same name before others; then
/// facts of the same name; then the rest, in order.
std::vector<const SchemaFact*> partners(const Group& here, Group& there) {
    std::vector<const SchemaFact*> out(here.size(), nullptr);
    const auto pass = [&](const auto& alike) {
        for (std::size_t at = 0; at < here.size(); ++at) {
            out[at] = out[at] == nullptr ? take(there, *here[at], alike) : out[at];
        }
    };
    const auto same_name = [](const SchemaFact& a, const SchemaFact& b) {
        return a.name == b.name;
    };
    pass([&](const SchemaFact& a, const SchemaFact& b) {
        return same_name(a, b) && same_definition(a, b);
    });
    pass(same_definition);
    pass(same_name);
    pass([](const SchemaFact&, const SchemaFact&) { return true; });
    return out;
}

/// Whether the destination would refuse rows or statements that the source takes.
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
    const std::string text = fact.kind == FactKind::column || fact.identity == fact.definition
                                 ? fact.definition
                                 : fact.identity + " " + fact.definition;
    return fact.validated ? text : text + ", not validated";
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

void add_missing(const SchemaFact& fact, const Builder& builder, SchemaResult& result) {
    SchemaDifference found = difference(fact, RowVerdict::missing);
    found.source_definition = shown(fact);
    found.left_out = !fact.left_out.empty() ? fact.left_out
                     : fact.only_elsewhere && builder.ours
                         ? "the task has announced that it does not carry it"
                         : "";
    found.counts = found.left_out.empty();
    if (found.counts && builder.ours && builder.at_work && fact.kind == FactKind::foreign_key) {
        found.verdict = RowVerdict::pending;  // some are added at the cutover
    }
    result.differences.push_back(std::move(found));
}

void add_extra(const SchemaFact& fact, SchemaResult& result) {
    SchemaDifference found = difference(fact, RowVerdict::extra);
    found.destination_definition = shown(fact);
    found.counts = extra_counts(fact);
    result.differences.push_back(std::move(found));
}

void conclude(SchemaResult& result) {
    result.verdict = Verdict::consistent;
    for (const SchemaDifference& each : result.differences) {
        if (each.verdict == RowVerdict::pending || each.verdict == RowVerdict::uncomparable) {
            result.verdict =
                result.verdict == Verdict::consistent ? Verdict::could_not_tell : result.verdict;
        } else {
            result.verdict = each.counts ? Verdict::inconsistent : result.verdict;
        }
    }
}

SchemaResult compare(const SchemaFacts& source, const SchemaFacts& destination, bool sequences,
                     const Builder& builder, const CompareFacts& compare_facts) {
    SchemaResult result;
    result.compared = true;
    auto there = by_place(destination, sequences);
    for (const auto& [place, group] : by_place(source, sequences)) {
        result.compared_facts[std::string(to_string(std::get<0>(place)))] += group.size();
        const std::vector<const SchemaFact*> found = partners(group, there[place]);
        for (std::size_t at = 0; at < group.size(); ++at) {
            if (found[at] == nullptr) {
                add_missing(*group[at], builder, result);
            } else {
                compare_facts(*group[at], *found[at], result);
            }
        }
    }
    for (const auto& [place, group] : there) {
        for (const SchemaFact* fact : group) {
            if (fact != nullptr) {
                add_extra(*fact, result);
            }
        }
    }
    conclude(result);
    return result;
}

void compare_definitions(const SchemaFact& source, const SchemaFact& destination,
                         const Builder& builder, SchemaResult& result) {
    if (same_definition(source, destination)) {
        return;
    }
    SchemaDifference found = difference(source, RowVerdict::different);
    found.source_definition = shown(source);
    found.destination_definition = shown(destination);
    found.left_out = source.left_out;
    found.counts = found.left_out.empty();
    if (builder.at_work && source.definition == destination.definition && source.validated) {
        found.verdict = RowVerdict::pending;  // it is validated before the cutover
    }
    result.differences.push_back(std::move(found));
}

void compare_sequence(const SchemaFact& source, const SchemaFact& destination,
                      const Builder& builder, SchemaResult& result) {
    compare_definitions(source, destination, builder, result);
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
            difference(source, builder.at_work ? RowVerdict::pending : RowVerdict::different);
        found.source_definition = fmt::format("next value {}", source.next_value);
        found.destination_definition = fmt::format(
            "next value {}: behind, {}", destination.next_value,
            builder.at_work ? "as it may be until the cutover sets it" : "new rows would collide");
        result.differences.push_back(std::move(found));
    }
}

}  // namespace

SchemaResult compare_structure(const SchemaFacts& source, const SchemaFacts& destination,
                               const Builder& builder) {
    return compare(source, destination, false, builder,
                   [&](const SchemaFact& here, const SchemaFact& there, SchemaResult& result) {
                       compare_definitions(here, there, builder, result);
                   });
}

SchemaResult compare_sequences(const SchemaFacts& source, const SchemaFacts& destination,
                               const Builder& builder) {
    return compare(source, destination, true, builder,
                   [&](const SchemaFact& here, const SchemaFact& there, SchemaResult& result) {
                       compare_sequence(here, there, builder, result);
                   });
}

}  // namespace cutover::verify
