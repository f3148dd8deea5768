#include "migrator/precheck/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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

Json as_json(const End& end, const plan::Endpoint& endpoint) {
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

void print_end(std::ostream& out, const char* role, const End& end,
               const plan::Endpoint& endpoint) {
    out << fmt::format("  {:<12} {}  {}\n", role, visible(endpoint.display()),
                       end.answers() ? visible(end.server.engine) : "does not answer");
}

}  // namespace

void print(std::ostream& out, const Finding& finding) {
    out << fmt::format("      [{}] {}: {}\n", in_words(finding.severity), finding.code,
                       visible(finding.object));
    const std::pair<const char*, std::string> lines[] = {{"found", finding.found},
                                                         {"why", finding.why},
                                                         {"remedy", finding.remedy},
                                                         {"answers", joined(finding.guarantees)}};
    for (const auto& [word, text] : lines) {
        if (!text.empty()) {
            out << fmt::format("          {:<8} {}\n", word, visible(text));
        }
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
        for (const Finding& finding : answer.findings) {
            print(out, finding);
        }
    }
    if (!report.ignored.empty()) {
        out << "\n  ignored, because the task file says so:\n";
    }
    for (const Finding& finding : report.ignored) {
        print(out, finding);
    }
    const std::size_t alerts =
        report.count(Severity::alert) + report.count(Severity::alert_ignorable);
    out << fmt::format("\n{}: {} blocking, {} alerts, {} ignored, {} notes\n",
                       report.blocks() ? "NO-GO" : "GO", report.count(Severity::block), alerts,
                       report.ignored.size(), report.count(Severity::note));
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
