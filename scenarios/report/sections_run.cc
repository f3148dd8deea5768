#include <fmt/core.h>

#include <algorithm>

#include "scenarios/report/sections.h"
#include "scenarios/report/text.h"
#include "scenarios/report/timeline_plot.h"

namespace cutover::scenarios::report {

namespace {

constexpr std::size_t kMostRows = 60;

std::string severity_text(model::Severity severity) {
    switch (severity) {
        case model::Severity::note:
            return "note";
        case model::Severity::alert_ignorable:
            return "alert, may be ignored";
        case model::Severity::alert:
            return "alert";
        case model::Severity::block:
            return "block";
    }
    return "";
}

Tone severity_tone(model::Severity severity) {
    switch (severity) {
        case model::Severity::block:
            return Tone::bad;
        case model::Severity::alert:
        case model::Severity::alert_ignorable:
            return Tone::caution;
        case model::Severity::note:
            break;
    }
    return Tone::quiet;
}

std::string how_long(const FaultRecord& fault) {
    if (!fault.effect_ended) {
        return kNothing;
    }
    return duration(std::chrono::duration_cast<std::chrono::milliseconds>(*fault.effect_ended -
                                                                          fault.injected));
}

void fault_table(Html& html, const Evidence& evidence) {
    if (evidence.faults.empty()) {
        html.paragraph("Nothing was broken on purpose in this run.");
        return;
    }
    HtmlTable table("What was broken on purpose, and how it was seen to have landed",
                    {"#No.", "At", "Fault", "Target", "Landed", "#Effect lasted", "Healed"});
    std::size_t number = 0;
    for (const FaultRecord& fault : evidence.faults) {
        const std::string name =
            fault.detail.empty() ? fault.name : fault.name + " " + fault.detail;
        table.row({{std::to_string(++number)},
                   {since(evidence.started, fault.injected)},
                   {name, Tone::plain, true},
                   {fault.target},
                   fault.landed ? TableCell{"✓ " + fault.landed_proof}
                                : TableCell{"✗ not seen to land", Tone::bad},
                   {how_long(fault)},
                   {fault.healed ? since(evidence.started, *fault.healed) + " " + fault.healed_proof
                                 : kNothing,
                    Tone::quiet}});
    }
    table.write(html);
}

std::string how_it_ended(const ProcessRun& run) {
    if (run.signal) {
        return fmt::format("signal {}{}", *run.signal,
                           run.killed_by_us ? ", by the rehearsal" : "");
    }
    if (run.frozen_by_us) {
        return "frozen by the rehearsal";
    }
    if (!run.exit_code) {
        return run.ended ? "killed" : "still runs";
    }
    return fmt::format("exit {}{}{}", *run.exit_code, run.outcome.empty() ? "" : ", ", run.outcome);
}

struct ChunkCount {
    std::uint64_t chunks = 0;
    std::uint64_t rows = 0;
};

ChunkCount chunks_of(const Evidence& evidence, std::uint32_t process) {
    ChunkCount count;
    for (const ChunkCopied& chunk : evidence.chunks) {
        if (chunk.process == process) {
            ++count.chunks;
            count.rows += chunk.rows;
        }
    }
    return count;
}

std::string first_of(const std::string& text, std::size_t length) {
    return text.size() <= length ? text : text.substr(0, length) + "…";
}

}  // namespace

void timeline_section(Html& html, const Evidence& evidence) {
    html.open_section("timeline", "Timeline");
    const std::string plot = timeline_svg(evidence);
    if (plot.empty()) {
        html.paragraph("The migrator reported no progress: there is nothing to draw.");
    } else {
        html.markup("<figure>" + plot);
        html.markup(
            "<figcaption>Time since the start of the run. Shaded: faults, numbered as in the "
            "table, from the "
            "injection until things ran again.</figcaption></figure>\n");
    }
    fault_table(html, evidence);
    html.close_section();
}

void resume_section(Html& html, const Evidence& evidence) {
    if (evidence.processes.empty()) {
        return;
    }
    html.open_section("resumes", "Chunks and resumes");
    HtmlTable lives("Lives of the migrator", {"#No.", "From", "To", "Ended by", "#Epoch", "#Chunks",
                                              "#Rows in them", "Last position"});
    for (const ProcessRun& run : evidence.processes) {
        const ChunkCount count = chunks_of(evidence, run.number);
        lives.row({{std::to_string(run.number)},
                   {since(evidence.started, run.started)},
                   {run.ended ? since(evidence.started, *run.ended) : kNothing},
                   {how_it_ended(run)},
                   {std::to_string(run.epoch)},
                   {grouped(count.chunks)},
                   {grouped(count.rows)},
                   {run.position, Tone::plain, true}});
    }
    lives.write(html);
    HtmlTable resumes("What a process found when it took over, and what it had to do again",
                      {"#No.", "At", "Phase", "#Chunks found done", "#Rows found done",
                       "#Chunks copied again", "#Rows copied again", "#First progress after"});
    for (const Resume& resume : evidence.resumes) {
        resumes.row({{std::to_string(resume.process)},
                     {since(evidence.started, resume.at)},
                     {resume.phase},
                     {grouped(resume.chunks_done_before)},
                     {grouped(resume.rows_done_before)},
                     {grouped(resume.chunks_copied_again)},
                     {grouped(resume.rows_copied_again)},
                     {or_nothing(resume.first_progress_after, duration)}});
    }
    if (resumes.empty()) {
        html.paragraph("No process had to take over from another.");
    } else {
        resumes.write(html);
    }
    html.close_section();
}

void trouble_section(Html& html, const Evidence& evidence) {
    if (evidence.retries.empty() && evidence.failovers.empty() && evidence.errors.empty()) {
        return;
    }
    html.open_section("trouble", "Failovers, retries and errors");
    HtmlTable failovers("The source moved, and why nothing is missing", {"At", "Proof"});
    for (const Failover& failover : evidence.failovers) {
        failovers.row({{since(evidence.started, failover.at)}, {failover.proof}});
    }
    if (!failovers.empty()) {
        failovers.write(html);
    }
    HtmlTable errors("Errors with which the migrator stopped",
                     {"At", "End", "Class", "Code", "Message", "Position"});
    for (const MigratorError& error : evidence.errors) {
        errors.row({{since(evidence.started, error.at)},
                    {error.end},
                    {error.error_class},
                    {error.code, Tone::plain, true},
                    {error.message},
                    {error.position, Tone::plain, true}});
        if (!error.hint.empty()) {
            errors.note({"hint: " + error.hint});
        }
    }
    if (!errors.empty()) {
        errors.write(html);
    }
    HtmlTable retries("Waited for and tried again",
                      {"At", "End", "Class", "Message", "#Attempt", "#Recovered after"});
    for (std::size_t at = 0; at < std::min(kMostRows, evidence.retries.size()); ++at) {
        const Retry& retry = evidence.retries[at];
        retries.row({{since(evidence.started, retry.at)},
                     {retry.end},
                     {retry.error_class},
                     {first_of(retry.message, 160)},
                     {std::to_string(retry.attempt)},
                     {or_nothing(retry.recovered, [&](Instant recovered) {
                         return duration(std::chrono::duration_cast<std::chrono::milliseconds>(
                             recovered - retry.at));
                     })}});
    }
    if (evidence.retries.size() > kMostRows) {
        retries.note(
            {fmt::format("and {} more, in the JSON report", evidence.retries.size() - kMostRows)});
    }
    if (!retries.empty()) {
        retries.write(html);
    }
    html.close_section();
}

void findings_section(Html& html, const Evidence& evidence) {
    html.open_section("findings", "Findings and ignored alerts");
    HtmlTable table("What the precheck and the stages had to say",
                    {"Severity", "Code", "Object", "Found", "Why it matters", "What to do"});
    std::vector<const FindingRecord*> ordered;
    for (const FindingRecord& record : evidence.findings) {
        ordered.push_back(&record);
    }
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const FindingRecord* a, const FindingRecord* b) {
                         return a->finding.severity > b->finding.severity;
                     });
    for (std::size_t at = 0; at < std::min(kMostRows, ordered.size()); ++at) {
        const model::Finding& finding = ordered[at]->finding;
        const bool ignored = ordered[at]->ignored;
        table.row(
            {{severity_text(finding.severity) + (ignored ? " (ignored by the task file)" : ""),
              severity_tone(finding.severity)},
             {finding.code, Tone::plain, true},
             {finding.object, Tone::plain, true},
             {finding.found},
             {finding.why, Tone::quiet},
             {finding.remedy}});
    }
    if (ordered.size() > kMostRows) {
        table.note({fmt::format("and {} more, in the JSON report", ordered.size() - kMostRows)});
    }
    if (table.empty()) {
        html.paragraph("None.");
    } else {
        table.write(html);
    }
    html.close_section();
}

void reproduction_section(Html& html, const Evidence& evidence) {
    html.open_section("reproduction", "Run it again");
    html.markup("<div class=\"command\"><pre>" + escape(evidence.reproduction) + "</pre></div>");
    HtmlTable versions("Seed and versions", {"What", "Value"});
    versions.row({{"seed"}, {std::to_string(evidence.seed), Tone::plain, true}});
    for (const auto& [what, version] : evidence.versions) {
        versions.row({{what}, {version, Tone::plain, true}});
    }
    versions.row({{"topology"}, {evidence.topology}});
    if (!evidence.schedule_file.empty()) {
        versions.row({{"executed schedule"}, {evidence.schedule_file, Tone::plain, true}});
    }
    versions.write(html);
    HtmlTable schedule("The executed schedule",
                       {"#Step", "Trigger", "Action", "Fired at", "Phase", "#Copied", "#Chunks",
                        "#Applied", "#Acknowledged"});
    for (const ScheduleStep& step : evidence.schedule) {
        schedule.row({{std::to_string(step.number)},
                      {step.trigger},
                      {step.action, Tone::plain, true},
                      step.fired && step.at
                          ? TableCell{since(evidence.started, *step.at)}
                          : TableCell{"not fired: " + step.not_fired_because, Tone::caution},
                      {step.phase},
                      {fmt::format("{:.0f} %", step.fraction * 100)},
                      {grouped(step.chunks)},
                      {grouped(step.transactions)},
                      {grouped(step.acknowledged)}});
    }
    if (!schedule.empty()) {
        schedule.write(html);
    }
    html.close_section();
}

}  // namespace cutover::scenarios::report
