#include <fmt/core.h>

#include "scenarios/report/report.h"
#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

struct Case {
    std::string group;
    std::string name;
    bool passed = true;
    std::string why;
    std::vector<std::string> details;
};

void add_checks(std::vector<Case>& cases, const std::string& group,
                const std::vector<Check>& checks) {
    for (const Check& check : checks) {
        cases.push_back({group, check.name + " (" + check.side + ")", check.passed, check.detail,
                         check.samples});
    }
}

std::vector<Case> cases_of(const Evidence& evidence) {
    std::vector<Case> cases;
    const std::string reason = evidence.reasons.empty() ? "" : evidence.reasons.front();
    cases.push_back(
        {"verdict", "verdict", evidence.verdict == Decision::go, reason, evidence.reasons});
    for (const AssertionResult& assertion : evidence.assertions) {
        cases.push_back({"assertion", assertion.name, assertion.passed, assertion.detail, {}});
    }
    for (const WorkloadRecord& workload : evidence.workloads) {
        add_checks(cases, "workload." + workload.name, workload.checks);
    }
    add_checks(cases, "ledger", evidence.ledger.checks);
    for (const TableProof& table : evidence.verify.tables) {
        cases.push_back({"verify", table.table, table.verdict.starts_with("equal"),
                         fmt::format("{}: {} differences", table.verdict, table.differences),
                         table.samples});
    }
    return cases;
}

std::string case_xml(const Evidence& evidence, const Case& one) {
    std::string xml = fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\"",
                                  escape(evidence.scenario), escape(one.group), escape(one.name));
    if (one.passed) {
        return xml + "/>\n";
    }
    std::string details;
    for (const std::string& detail : one.details) {
        details += escape(detail) + "\n";
    }
    return xml + fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                             escape(one.why), details);
}

std::string property(const std::string& name, const std::string& value) {
    return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", escape(name), escape(value));
}

std::string suite_xml(const Evidence& evidence) {
    const std::vector<Case> cases = cases_of(evidence);
    std::size_t failures = 0;
    std::string body;
    for (const Case& one : cases) {
        failures += one.passed ? 0 : 1;
        body += case_xml(evidence, one);
    }
    const double seconds =
        evidence.ended ? std::chrono::duration<double>(*evidence.ended - evidence.started).count()
                       : 0;
    std::string xml = fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\" "
        "timestamp=\"{}\">\n"
        "    <properties>\n",
        escape(evidence.scenario), cases.size(), failures, seconds, rfc3339(evidence.started));
    xml += property("seed", std::to_string(evidence.seed));
    xml += property("reproduction", evidence.reproduction);
    for (const auto& [what, version] : evidence.versions) {
        xml += property("version." + what, version);
    }
    return xml + "    </properties>\n" + body + "  </testsuite>\n";
}

}  // namespace

std::string junit_report(const std::vector<Evidence>& runs) {
    std::string xml =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"cutover rehearse\">\n";
    for (const Evidence& evidence : runs) {
        xml += suite_xml(evidence);
    }
    return xml + "</testsuites>\n";
}

}  // namespace cutover::scenarios::report
