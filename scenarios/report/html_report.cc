#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "migrator/model/page_policy.h"
#include "scenarios/report/html.h"
#include "scenarios/report/page_text.h"
#include "scenarios/report/report.h"
#include "scenarios/report/sections.h"
#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

struct VerdictWords {
    const char* style;
    const char* word;
    const char* otherwise;  ///< headline if the evidence gives no reason
};

VerdictWords words_of(Decision verdict) {
    switch (verdict) {
        case Decision::go:
            return {"go", "✓ GO", "Everything that was asked for holds."};
        case Decision::no_go:
            return {"no_go", "✗ NO-GO", "Something that was asked for does not hold."};
        case Decision::could_not:
            break;
    }
    return {"could_not", "? COULD NOT TELL", "The rehearsal could not be brought to an end."};
}

void head(Html& html, const Evidence& evidence, const model::PagePolicy& policy) {
    html.markup("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">" + policy.meta);
    html.markup(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<link rel=\"icon\" href=\"data:,\"><title>");
    html.text(std::string(words_of(evidence.verdict).word) + " · " + evidence.scenario +
              " · cutover rehearsal");
    html.markup("</title><style nonce=\"" + policy.nonce + "\">");
    html.markup(page_style());
    html.markup(
        "</style></head>\n<body><a class=\"skip\" href=\"#timeline\">Skip to the timeline</a>\n");
}

void fact(Html& html, const std::string& name, const std::string& value) {
    if (!value.empty()) {
        html.markup("<li>" + escape(name) + " <b>" + escape(value) + "</b></li>");
    }
}

void title(Html& html, const Evidence& evidence) {
    html.markup("<header><div class=\"product\">cutover rehearsal</div><h1>" +
                escape(evidence.scenario) + "</h1>");
    html.paragraph(evidence.promise, "promise");
    html.markup("<ul class=\"facts\">");
    fact(html, "Run", date_time(evidence.started));
    if (evidence.ended) {
        fact(html, "took",
             duration(std::chrono::duration_cast<std::chrono::milliseconds>(*evidence.ended -
                                                                            evidence.started)));
    }
    fact(html, "seed", std::to_string(evidence.seed));
    fact(html, "", evidence.topology);
    fact(html, "servers as", evidence.body);
    std::string claims;
    for (const std::string& claim : evidence.claims) {
        claims += (claims.empty() ? "" : "; ") + claim;
    }
    fact(html, "claims", claims);
    html.markup("</ul>");
}

void verdict(Html& html, const Evidence& evidence) {
    const VerdictWords words = words_of(evidence.verdict);
    html.markup(fmt::format(
        "<div class=\"verdict {}\" id=\"verdict\" role=\"status\"><div class=\"word\">{}</div>"
        "<div class=\"headline\">{}</div>",
        words.style, words.word,
        escape(evidence.reasons.empty() ? words.otherwise : evidence.reasons.front())));
    if (evidence.reasons.size() > 1) {
        html.list({evidence.reasons.begin() + 1, evidence.reasons.end()});
    }
    html.markup("</div>\n");
}

void tile(Html& html, const std::string& value, const std::string& name, const std::string& more) {
    html.markup("<li><span class=\"value\">" + escape(value) + "</span><span class=\"name\">" +
                escape(name) + "</span><span class=\"more\">" + escape(more) + "</span></li>");
}

void tiles(Html& html, const Evidence& evidence) {
    const auto& tables = evidence.verify.tables;
    std::uint64_t rows = 0;
    for (const TableProof& table : tables) {
        rows += table.destination_rows;
    }
    const auto equal = std::count_if(tables.begin(), tables.end(), [](const TableProof& table) {
        return table.verdict.starts_with("equal");
    });
    const auto landed =
        std::count_if(evidence.faults.begin(), evidence.faults.end(),
                      [](const FaultRecord& fault) { return fault.landed.has_value(); });
    html.markup("<ul class=\"tiles\" aria-label=\"Key figures\">");
    tile(html, evidence.verify.ran ? grouped(rows) : kNothing, "rows compared",
         evidence.verify.ran ? fmt::format("{} of {} tables equal", equal, tables.size())
                             : "the judge did not run");
    if (evidence.ledger.kept) {
        tile(html, grouped(evidence.ledger.acknowledged), "writes acknowledged",
             fmt::format("{} failed, {} unanswered", grouped(evidence.ledger.failed),
                         grouped(evidence.ledger.unknown)));
    }
    tile(html, std::to_string(evidence.faults.size()), "faults injected",
         fmt::format("{} seen to land, {} lives of the migrator", landed,
                     evidence.processes.size()));
    tile(html,
         or_nothing(evidence.rates.full_rows_per_second,
                    [](double value) { return short_number(value) + "/s"; }),
         "rows copied",
         or_nothing(evidence.rates.full_took, [](auto took) { return "in " + duration(took); }));
    tile(html, or_nothing(evidence.rates.lag_p99, duration), "lag, p99",
         "median " + or_nothing(evidence.rates.lag_p50, duration));
    tile(html, or_nothing(evidence.rates.cutover_took, duration), "cutover window",
         "last write to finished");
    html.markup("</ul>\n");
}

void navigation(Html& html, const Evidence& evidence) {
    constexpr std::array<std::array<const char*, 2>, 11> places = {
        {{"not-proved", "Not proved"},
         {"timeline", "Timeline"},
         {"assertions", "Assertions"},
         {"proof", "Proof per table"},
         {"workloads", "Workloads and ledger"},
         {"resumes", "Chunks and resumes"},
         {"measured", "Rates and prediction"},
         {"findings", "Findings"},
         {"losses", "Declared losses"},
         {"after", "After the cutover"},
         {"reproduction", "Run it again"}}};
    html.markup("<nav aria-label=\"Sections\">");
    for (const auto& place : places) {
        const std::string anchor = place[0];
        if ((anchor == "workloads" && evidence.workloads.empty()) ||
            (anchor == "resumes" && evidence.processes.empty())) {
            continue;
        }
        html.markup(fmt::format("<a href=\"#{}\">{}</a>", anchor, place[1]));
    }
    html.markup("</nav></header>\n");
}

}  // namespace

std::string html_report(const Evidence& evidence) {
    Html html;
    const model::PagePolicy policy = model::make_page_policy();
    head(html, evidence, policy);
    title(html, evidence);
    verdict(html, evidence);
    tiles(html, evidence);
    navigation(html, evidence);
    html.markup("<main>\n");
    not_proved_section(html, evidence);
    timeline_section(html, evidence);
    assertion_section(html, evidence);
    proof_section(html, evidence);
    workload_section(html, evidence);
    resume_section(html, evidence);
    trouble_section(html, evidence);
    measured_section(html, evidence);
    findings_section(html, evidence);
    declared_losses_section(html, evidence);
    after_section(html, evidence);
    reproduction_section(html, evidence);
    html.markup(
        "</main>\n<footer>Written by cutover. The same evidence stands in report.json and "
        "junit.xml "
        "beside this file.</footer>\n<script nonce=\"" +
        policy.nonce + "\">");
    html.markup(page_script());
    html.markup("</script></body></html>\n");
    return html.str();
}

}  // namespace cutover::scenarios::report
