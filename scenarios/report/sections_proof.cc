#include <fmt/core.h>

#include <algorithm>

#include "scenarios/report/sections.h"
#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

void check_rows(HtmlTable& table, const std::vector<Check>& checks) {
    for (const Check& check : checks) {
        table.row({{check.name, Tone::plain, true},
                   {check.side},
                   verdict_cell(check.passed),
                   {check.detail}});
        if (!check.passed) {
            table.note(check.samples);
        }
    }
}

bool is_equal(const TableProof& proof) {
    return proof.verdict.starts_with("equal");
}

TableCell proof_cell(const TableProof& proof) {
    if (proof.verdict == "partial" || proof.verdict == "pending") {
        return {"~ " + proof.verdict, Tone::caution};
    }
    std::string words = proof.verdict;
    std::replace(words.begin(), words.end(), '_', ' ');
    return verdict_cell(is_equal(proof), words, words);
}

std::string seconds_text(const std::optional<std::chrono::milliseconds>& time) {
    return or_nothing(time, duration);
}

}  // namespace

void not_proved_section(Html& html, const Evidence& evidence) {
    html.open_section("not-proved", "What was not proved");
    if (evidence.not_proved.empty()) {
        html.paragraph("The run names nothing that it left open.");
    } else {
        html.list(evidence.not_proved, "notice");
    }
    html.close_section();
}

void assertion_section(Html& html, const Evidence& evidence) {
    html.open_section("assertions", "What was asserted");
    HtmlTable table("The scenario's assertions; all must hold for a go",
                    {"Assertion", "Result", "Why"});
    for (const AssertionResult& assertion : evidence.assertions) {
        table.row({{assertion.name, Tone::plain, true},
                   verdict_cell(assertion.passed),
                   {assertion.detail}});
    }
    if (table.empty()) {
        html.paragraph("No assertion was evaluated.");
    } else {
        table.write(html);
    }
    html.close_section();
}

void proof_section(Html& html, const Evidence& evidence) {
    const VerifyRecord& verify = evidence.verify;
    html.open_section("proof", "Proof per table");
    if (!verify.ran) {
        html.paragraph("The judge did not run: nothing is proved about the rows.");
        html.close_section();
        return;
    }
    html.paragraph(fmt::format("cutover verify compared {} tables in {}: {}. {}",
                               verify.tables.size(), duration(verify.took), verify.verdict,
                               verify.detail));
    HtmlTable table(
        "Every row of both ends, by content",
        {"Table", "#Rows at source", "#Rows at destination", "Verdict", "#Differences", "Method"});
    std::vector<const TableProof*> proofs;
    for (const TableProof& proof : verify.tables) {
        proofs.push_back(&proof);
    }
    std::stable_partition(proofs.begin(), proofs.end(),
                          [](const TableProof* proof) { return !is_equal(*proof); });
    for (const TableProof* proof : proofs) {
        table.row({{proof->table, Tone::plain, true},
                   {grouped(proof->source_rows)},
                   {grouped(proof->destination_rows)},
                   proof_cell(*proof),
                   {grouped(proof->differences), proof->differences > 0 ? Tone::bad : Tone::quiet},
                   {proof->method, Tone::quiet}});
        table.note(proof->samples);
    }
    table.write(html);
    if (!verify.structure.empty()) {
        html.markup("<h3>Differences of schema, sequences and indexes</h3>");
        html.list(verify.structure);
    }
    if (!verify.not_compared.empty()) {
        html.markup("<h3>Not compared</h3>");
        html.list(verify.not_compared, "notice");
    }
    html.close_section();
}

void workload_section(Html& html, const Evidence& evidence) {
    if (evidence.workloads.empty()) {
        return;
    }
    html.open_section("workloads", "Workloads and the ledger of acknowledged writes");
    HtmlTable table("What wrote to the source, and what it was told",
                    {"Workload", "#Connections", "#Acknowledged", "#Failed", "#Unknown", "#p50",
                     "#p99", "#Longest silence"});
    const auto metric = [](const WorkloadRecord& workload, const char* name) {
        const auto found = workload.metrics.find(name);
        return found == workload.metrics.end() ? std::string(kNothing)
                                               : duration_of_seconds(found->second / 1000.0);
    };
    for (const WorkloadRecord& workload : evidence.workloads) {
        table.row({{workload.name, Tone::plain, true},
                   {std::to_string(workload.connections)},
                   {grouped(workload.acknowledged)},
                   {grouped(workload.failed)},
                   {grouped(workload.unknown)},
                   {metric(workload, "latency_p50_ms")},
                   {metric(workload, "latency_p99_ms")},
                   {metric(workload, "longest_silence_ms")}});
    }
    table.write(html);
    HtmlTable checks("Invariants, at both ends", {"Check", "Where", "Result", "Found"});
    for (const WorkloadRecord& workload : evidence.workloads) {
        check_rows(checks, workload.checks);
    }
    if (!checks.empty()) {
        checks.write(html);
    }
    const LedgerRecord& ledger = evidence.ledger;
    if (ledger.kept) {
        html.paragraph(
            fmt::format("The ledger holds {} acknowledged, {} failed and {} unanswered "
                        "transactions; {} of the unanswered ones "
                        "came through. \"lost\" holds an end against what the writers were told; "
                        "\"missing\" and \"extra\" hold "
                        "the destination against the source.",
                        grouped(ledger.acknowledged), grouped(ledger.failed),
                        grouped(ledger.unknown), grouped(ledger.unknown_present)));
        HtmlTable settled("The ledger, settled", {"Check", "Where", "Result", "Found"});
        check_rows(settled, ledger.checks);
        settled.write(html);
    }
    html.close_section();
}

void declared_losses_section(Html& html, const Evidence& evidence) {
    html.open_section("losses", "Declared losses");
    if (evidence.verify.declared_rules.empty()) {
        html.paragraph(evidence.verify.ran ? "None: no rule made unequal values equal."
                                           : "Unknown: the judge did not run.");
    } else {
        HtmlTable table("Rules under which unequal values count as equal", {"Rule", "#Cells"});
        for (const auto& [rule, cells] : evidence.verify.declared_rules) {
            table.row({{rule, Tone::plain, true}, {grouped(cells)}});
        }
        table.write(html);
    }
    if (evidence.ledger.lost_by_source > 0) {
        html.paragraph(fmt::format(
            "The source itself lost {} acknowledged transactions when it failed over to an "
            "asynchronous standby; the destination cannot have them. Whatever the promoted "
            "server has was demanded of it.",
            grouped(evidence.ledger.lost_by_source)));
    }
    html.close_section();
}

void after_section(Html& html, const Evidence& evidence) {
    html.open_section("after", "After the cutover");
    HtmlTable sequences("Sequences: the next value must collide with no row",
                        {"Sequence", "Column", "#Next value", "#Highest in the column", "Result"});
    for (const SequenceState& state : evidence.sequences) {
        sequences.row({{state.sequence, Tone::plain, true},
                       {state.column, Tone::plain, true},
                       {std::to_string(state.next_value)},
                       {or_nothing(state.column_max,
                                   [](std::int64_t value) { return std::to_string(value); })},
                       verdict_cell(!state.column_max || state.next_value > *state.column_max,
                                    "ahead", "behind")});
    }
    if (!sequences.empty()) {
        sequences.write(html);
    }
    HtmlTable table("What must hold when the task is over", {"Question", "Answer", "Seen"});
    std::string left;
    for (const AuxiliaryRecord& object : evidence.auxiliary_after_release) {
        left += fmt::format("{}{} {} at the {}", left.empty() ? "" : ", ", object.kind, object.name,
                            object.side);
    }
    if (evidence.released) {
        table.row({{"Is anything of ours left?"},
                   verdict_cell(left.empty(), "nothing", "left behind"),
                   {left}});
    }
    for (const CutoverAnswer& answer : evidence.finishes) {
        table.row({{answer.beside_writers ? "How did finish end, beside writers?"
                                          : "How did finish end?"},
                   answer.outcome == "late_write" ? TableCell{"late write", Tone::bad}
                   : answer.outcome == "refused"  ? TableCell{"refused", Tone::caution}
                                                  : TableCell{"cut over", Tone::good},
                   {answer.text}});
    }
    if (const auto& after = evidence.after_cutover) {
        table.row({{"Was the source written to after the cutover?"},
                   after->outcome.empty()
                       ? TableCell{"not known", Tone::caution}
                       : verdict_cell(after->late_transactions == 0, "no", "yes"),
                   {after->text}});
        table.note(after->late);
    }
    if (evidence.zombie.attempted) {
        table.row({{"Can a late process of the task still write?"},
                   !evidence.zombie.compared
                       ? TableCell{"not known", Tone::caution}
                       : verdict_cell(!evidence.zombie.destination_changed, "fenced", "it wrote"),
                   {evidence.zombie.error_code + " " + evidence.zombie.message}});
    }
    if (!evidence.secrets.scanned.empty()) {
        table.row({{"Is a password in any log, argument list or report?"},
                   verdict_cell(evidence.secrets.hits.empty(), "nowhere", "found"),
                   {fmt::format("{} passwords, {} files and the arguments of {} processes "
                                "searched, {} hits",
                                evidence.secrets.secrets, evidence.secrets.scanned.size(),
                                evidence.secrets.listings.size(), evidence.secrets.hits.size())}});
        table.note(evidence.secrets.hits);
    }
    table.row(
        {{"How long did the cutover take?"},
         {seconds_text(evidence.rates.cutover_took)},
         {"of it " + seconds_text(evidence.rates.drain_took) + " until everything was applied"}});
    table.write(html);
    html.close_section();
}

}  // namespace cutover::scenarios::report
