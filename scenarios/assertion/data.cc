// Assertions about rows: what is at the destination, against the source and against what writers
// were told.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "scenarios/assertion/assertion.h"

namespace cutover::scenarios {

namespace {

bool is_equal(const TableProof& table) {
    return table.verdict == "equal" || table.verdict == "equal_by_rule";
}

/// The first table that is not equal, for the headline.
std::string worst_table(const VerifyRecord& verify) {
    for (const TableProof& table : verify.tables) {
        if (!is_equal(table)) {
            return fmt::format("; {} is {} with {} differences{}", table.table, table.verdict,
                               table.differences,
                               table.samples.empty() ? "" : ", first: " + table.samples[0]);
        }
    }
    return verify.structure.empty() ? std::string() : "; " + verify.structure.front();
}

Judgement equal(const Evidence& evidence, const Parameters&) {
    const VerifyRecord& verify = evidence.verify;
    if (!verify.ran || !verify.exit_code) {
        return {false, "the judge has not run"};
    }
    if (verify.exit_code != 0) {
        return {false, fmt::format("the judge says {} (exit {}){}", verify.verdict,
                                   *verify.exit_code, worst_table(verify))};
    }
    if (verify.tables.empty() ||
        !std::all_of(verify.tables.begin(), verify.tables.end(), is_equal)) {
        return {false, "the judge's exit code is 0, but its tables do not say equal" +
                           worst_table(verify)};
    }
    std::uint64_t rows = 0;
    for (const TableProof& table : verify.tables) {
        rows += table.source_rows;
    }
    return {true, fmt::format("{} tables with {} rows are equal", verify.tables.size(), rows)};
}

Judgement divergence_shown(const Evidence& evidence, const Parameters& with) {
    const VerifyRecord& verify = evidence.verify;
    if (!verify.ran || verify.exit_code != 1) {
        return {false, fmt::format("the judge was to show differences; it says {}",
                                   verify.ran ? verify.verdict : "nothing")};
    }
    std::uint64_t differences = 0;
    for (const TableProof& table : verify.tables) {
        differences += table.differences;
    }
    return {static_cast<double>(differences) >= with.number("least", 1),
            fmt::format("{} differences shown", differences)};
}

/// Judges those checks of the ledger whose names end in one of `endings`.
Judgement ledger_checks(const Evidence& evidence, std::initializer_list<std::string_view> endings) {
    const LedgerRecord& ledger = evidence.ledger;
    if (!ledger.kept || ledger.acknowledged == 0) {
        return {false, "the ledger holds no acknowledged write"};
    }
    int looked_at = 0;
    for (const Check& check : ledger.checks) {
        const bool asked =
            std::any_of(endings.begin(), endings.end(),
                        [&](std::string_view ending) { return check.name.ends_with(ending); });
        if (!asked) {
            continue;
        }
        looked_at += check.side == "destination" ? 1 : 0;
        if (!check.passed) {
            return {false, fmt::format("{} at the {}: {}", check.name, check.side, check.detail)};
        }
    }
    if (looked_at == 0) {
        return {false, "the ledger was not held against the destination"};
    }
    return {true, fmt::format(
                      "{} acknowledged, {} failed, {} unknown (of which {} are there); {}{} checks",
                      ledger.acknowledged, ledger.failed, ledger.unknown, ledger.unknown_present,
                      ledger.lost_by_source == 0
                          ? std::string()
                          : fmt::format("{} lost by the source in its failover, and allowed; ",
                                        ledger.lost_by_source),
                      looked_at)};
}

Judgement no_lost_ack(const Evidence& evidence, const Parameters&) {
    return ledger_checks(evidence, {".lost", ".missing", ".partial", ".readable"});
}

Judgement no_duplicate(const Evidence& evidence, const Parameters&) {
    return ledger_checks(evidence, {".doubled", ".phantom", ".extra", ".stranger", ".readable"});
}

Judgement invariants_of(const Evidence& evidence, const std::string& workload) {
    int at_destination = 0;
    for (const WorkloadRecord& record : evidence.workloads) {
        if (!workload.empty() && record.name != workload) {
            continue;
        }
        for (const Check& check : record.checks) {
            if (!check.passed) {
                return {false,
                        fmt::format("{} at the {}: {}", check.name, check.side, check.detail)};
            }
            at_destination += check.side == "destination" ? 1 : 0;
        }
    }
    if (at_destination == 0) {
        return {false, "no invariant was checked at the destination"};
    }
    return {true, fmt::format("{} invariants hold at the destination", at_destination)};
}

Judgement workload_invariants(const Evidence& evidence, const Parameters& with) {
    return invariants_of(evidence, with.text("workload"));
}

Judgement bank_total(const Evidence& evidence, const Parameters&) {
    return invariants_of(evidence, "bank");
}

Judgement ring_intact(const Evidence& evidence, const Parameters&) {
    return invariants_of(evidence, "ring");
}

Judgement consistent_states(const Evidence& evidence, const Parameters& with) {
    std::uint64_t samples = 0;
    for (const WorkloadRecord& record : evidence.workloads) {
        for (const Check& check : record.checks) {
            if (check.side != "destination while running") {
                continue;
            }
            ++samples;
            if (!check.passed) {
                return {false, fmt::format("{}: {}", check.name, check.detail)};
            }
        }
    }
    return {static_cast<double>(samples) >= with.number("least", 1),
            fmt::format(
                "{} states seen at the destination while it was running, each one a state that the "
                "source had",
                samples)};
}

Judgement sequences_ahead(const Evidence& evidence, const Parameters&) {
    if (evidence.sequences.empty()) {
        return {false, "no sequence was looked at"};
    }
    for (const SequenceState& state : evidence.sequences) {
        if (state.column_max && state.next_value <= *state.column_max) {
            return {false, fmt::format("{} would give {}, but {} holds {}", state.sequence,
                                       state.next_value, state.column, *state.column_max)};
        }
    }
    return {true,
            fmt::format("{} sequences are ahead of their columns", evidence.sequences.size())};
}

Judgement dataset_at_least(const Evidence& evidence, const Parameters& with) {
    const bool passed = static_cast<double>(evidence.dataset_rows) >= with.number("rows", 1) &&
                        static_cast<double>(evidence.dataset_tables) >= with.number("tables", 1);
    return {passed, fmt::format("{} rows in {} tables were loaded", evidence.dataset_rows,
                                evidence.dataset_tables)};
}

const AssertionKind kDataKinds[] = {
    {"equal", "the judge finds every row of every table equal", equal, {}},
    {"divergence_shown",
     "the judge shows at least `least` differences",
     divergence_shown,
     {{"least"}}},
    {"no_lost_ack", "every acknowledged write is at the destination", no_lost_ack, {}},
    {"no_duplicate", "no write is there twice, none that nobody made", no_duplicate, {}},
    {"workload_invariants",
     "what the workloads promise holds at both ends",
     workload_invariants,
     {{"workload", false}}},
    {"bank_total", "the sum over all accounts is what it was", bank_total, {}},
    {"ring_intact", "the ring is one ring", ring_intact, {}},
    {"consistent_states",
     "readers of the destination saw only states that the source had",
     consistent_states,
     {{"least"}}},
    {"sequences_ahead", "no sequence would give a value that is taken", sequences_ahead, {}},
    {"dataset_at_least",
     "so many rows and tables were migrated",
     dataset_at_least,
     {{"rows"}, {"tables"}}},
};

}  // namespace

std::span<const AssertionKind> data_assertions() {
    return kDataKinds;
}

}  // namespace cutover::scenarios
