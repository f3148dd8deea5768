#include <fmt/format.h>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;
using std::chrono::minutes;

namespace {

constexpr minutes kConnectionFloor{30};
constexpr minutes kOperationFloor{10};
constexpr std::size_t kServiceTables = 1000;

void ask_windows(const plan::RetryWindows& retry, Findings& findings) {
    if (retry.connection < kConnectionFloor) {
        findings.push_back(
            {"retry.connection_short",
             Severity::alert_ignorable,
             "retry.connection_minutes",
             fmt::format("{} s", retry.connection.count()),
             "an interruption longer than that fails the task; at least 30 minutes are advised",
             "leave the key out (default 720)",
             {"G22", "G24"}});
    }
    if (retry.operation < kOperationFloor) {
        findings.push_back(
            {"retry.operation_short",
             Severity::alert_ignorable,
             "retry.operation_minutes",
             fmt::format("{} s", retry.operation.count()),
             "a failed statement is given up after that; at least 10 minutes are advised",
             "leave the key out (default 10)",
             {"G25", "G26"}});
    }
}

Findings service_refuses(const Facts& facts) {
    Findings findings;
    const plan::TaskSpec& spec = facts.spec;
    const std::size_t tables = facts.source.catalog.tables.size();
    if (tables > kServiceTables && !(spec.mapping.tables.empty() && spec.mapping.columns.empty())) {
        findings.push_back(
            {"service.table_cap",
             Severity::note,
             "objects",
             fmt::format("{} tables with renames of tables or columns", tables),
             "the real service refuses more than 1,000 in one task; here there is no cap",
             "split the task if the service is to run it",
             {"G109", "G147"}});
    }
    if (spec.source.database.find('-') != std::string::npos) {
        findings.push_back({"service.database_name",
                            Severity::note,
                            spec.source.database,
                            "the source database's name has a hyphen",
                            "the real service refuses it; here it is carried",
                            "rename the database if the service is to migrate it",
                            {"G108"}});
    }
    if (!spec.phases.schema && spec.mapping.empty()) {
        findings.push_back(
            {"service.mapping_off",
             Severity::note,
             "objects.rename",
             "the schema phase is deselected and nothing is renamed",
             "each source object is bound to the destination's object of the same name; "
             "the real service needs name mapping switched on for that",
             "nothing",
             {"G12"}});
    }
    return findings;
}

}  // namespace

Findings documented_limits(const Facts& facts) {
    Findings findings = service_refuses(facts);
    ask_windows(facts.spec.retry, findings);
    if (!facts.spec.phases.incremental) {
        findings.push_back(
            {"phases.writes_must_stop",
             Severity::alert_ignorable,
             "phases",
             "the incremental phase is not selected",
             "what the source writes during the copy may be missing or incomplete at the "
             "destination",
             "stop writes at the source for the whole run, or add `incremental`",
             {"G6"}});
    }
    return findings;
}

}  // namespace cutover::precheck
