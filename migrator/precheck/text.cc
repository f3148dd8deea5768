#include "migrator/precheck/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "migrator/model/visible.h"

namespace cutover::precheck {

using model::Finding;
using model::Severity;
using model::visible;

namespace {

using Json = nlohmann::ordered_json;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return text;
}

const char* mark_of(const Answer& answer) {
    if (!answer.asked) {
        return "not asked";
    }
    Severity worst = Severity::note;
    for (const Finding& finding : answer.findings) {
        worst = std::max(worst, finding.severity);
    }
    if (worst == Severity::block) {
        return "BLOCK";
    }
    return worst == Severity::note ? "ok" : "alert";
}

Json as_json(const Finding& finding) {
    return {{"code", finding.code},
            {"severity", to_string(finding.severity)},
            {"object", finding.object},
            {"found", finding.found},
            {"why", finding.why},
            {"remedy", finding.remedy},
            {"guarantees", finding.guarantees}};
}

Json as_json(const Findings& findings) {
    Json list = Json::array();
    for (const Finding& finding : findings) {
        list.push_back(as_json(finding));
    }
    return list;
}

Json as_json(const EndFacts& end, const plan::Endpoint& endpoint) {
    Json json = {{"endpoint", endpoint.display()}, {"answers", end.answers()}};
    if (end.answers()) {
        json["server"] = end.server.engine;
    }
    return json;
}

const char* in_words(Severity severity) {
    switch (severity) {
        case Severity::note:
            return "note";
        case Severity::alert_ignorable:
            return "alert, may be ignored";
        case Severity::alert:
            return "alert";
        case Severity::block:
            return "block";
    }
    return "unknown";
}

/// What was found, listed per object where it differs.
std::vector<std::string> found_lines(const model::FindingKind& kind) {
    constexpr std::size_t kShown = 5;
    const bool alike =
        std::all_of(kind.findings.begin(), kind.findings.end(),
                    [&](const Finding* finding) { return finding->found == kind.first().found; });
    if (alike) {
        return {kind.first().found};
    }
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < std::min(kShown, kind.findings.size()); ++at) {
        lines.push_back(kind.findings[at]->object + ": " + kind.findings[at]->found);
    }
    if (kind.findings.size() > kShown) {
        lines.push_back(
            fmt::format("and so on for {} more; --json has each", kind.findings.size() - kShown));
    }
    return lines;
}

void print_line(std::ostream& out, const char* word, const std::string& text) {
    if (!text.empty()) {
        out << fmt::format("          {:<8} {}\n", word, visible(text));
    }
}

void print_kind(std::ostream& out, const model::FindingKind& kind) {
    const Finding& first = kind.first();
    const std::size_t count = kind.findings.size();
    const std::string objects =
        count == 1 ? first.object : fmt::format("{} objects: {}", count, kind.objects());
    out << fmt::format("      [{}] {}: {}\n", in_words(first.severity), first.code,
                       visible(objects));
    const char* word = "found";
    for (const std::string& line : found_lines(kind)) {
        print_line(out, std::exchange(word, ""), line);
    }
    print_line(out, "why", first.why);
    print_line(out, "remedy", first.remedy);
    print_line(out, "answers", joined(first.guarantees));
}

struct Count {
    std::size_t blocks = 0, alerts = 0, notes = 0;
};

Count count_kinds(const Report& report) {
    Count count;
    for (const Answer& answer : report.answers) {
        for (const model::FindingKind& kind : model::kinds_of(answer.findings)) {
            const Severity severity = kind.first().severity;
            ++(severity == Severity::block  ? count.blocks
               : severity == Severity::note ? count.notes
                                            : count.alerts);
        }
    }
    return count;
}

void print_end(std::ostream& out, const char* role, const EndFacts& end,
               const plan::Endpoint& endpoint) {
    out << fmt::format("  {:<12} {}  {}\n", role, visible(endpoint.display()),
                       end.answers() ? visible(end.server.engine) : "does not answer");
}

}  // namespace

void print(std::ostream& out, const Findings& findings) {
    for (const model::FindingKind& kind : model::kinds_of(findings)) {
        print_kind(out, kind);
    }
}

void print(std::ostream& out, const Facts& facts, const Report& report) {
    out << fmt::format("precheck of task {}\n", facts.spec.name);
    print_end(out, "source", facts.source, facts.spec.source);
    print_end(out, "destination", facts.destination, facts.spec.destination);
    if (facts.planned) {
        out << fmt::format("  {:<12} {}\n", "tables", facts.planned->plan.tables.size());
    }
    out << "\n";
    for (const Answer& answer : report.answers) {
        out << fmt::format("  {:<9} {:<18} {}\n", mark_of(answer), answer.question, answer.asks);
        print(out, answer.findings);
    }
    if (!report.ignored.empty()) {
        out << "\n  ignored, because the task file says so:\n";
    }
    print(out, report.ignored);
    const Count count = count_kinds(report);
    out << fmt::format("\n{}: {} blocking, {} alerts, {} ignored, {} notes\n",
                       report.blocks() ? "NO-GO" : "GO", count.blocks, count.alerts,
                       model::kinds_of(report.ignored).size(), count.notes);
}

std::string to_json(const Facts& facts, const Report& report) {
    Json questions = Json::array();
    for (const Answer& answer : report.answers) {
        questions.push_back({{"question", answer.question},
                             {"asks", answer.asks},
                             {"asked", answer.asked},
                             {"findings", as_json(answer.findings)}});
    }
    const Json json = {{"task", facts.spec.name},
                       {"source", as_json(facts.source, facts.spec.source)},
                       {"destination", as_json(facts.destination, facts.spec.destination)},
                       {"go", !report.blocks()},
                       {"questions", questions},
                       {"ignored", as_json(report.ignored)}};
    return model::visible_json(json.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace cutover::precheck
