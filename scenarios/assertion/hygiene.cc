// Assertions about what a task leaves behind and what it must never say.
#include <fmt/format.h>

#include <algorithm>

#include "scenarios/assertion/assertion.h"

namespace cutover::scenarios {

namespace {

std::string listed(const std::vector<AuxiliaryRecord>& records) {
    std::string out;
    for (const AuxiliaryRecord& record : records) {
        out += fmt::format("{}{} {} at the {}", out.empty() ? "" : ", ", record.kind, record.name,
                           record.side);
    }
    return out;
}

Judgement no_auxiliary_left(const Evidence& evidence, const Parameters&) {
    if (!evidence.released) {
        return {false, "the task was not released"};
    }
    for (const char* kind : {"replication slot", "publication", "schema"}) {
        const bool seen = std::any_of(
            evidence.auxiliary_while_running.begin(), evidence.auxiliary_while_running.end(),
            [&](const AuxiliaryRecord& record) { return record.kind == kind; });
        if (!seen) {
            return {false,
                    fmt::format("no {} was seen while it ran, so that its absence proves nothing",
                                kind)};
        }
    }
    if (!evidence.auxiliary_after_release.empty()) {
        return {false, "left behind: " + listed(evidence.auxiliary_after_release)};
    }
    return {true, "gone: " + listed(evidence.auxiliary_while_running)};
}

Judgement no_secret_in_logs(const Evidence& evidence, const Parameters&) {
    if (evidence.secrets.secrets == 0) {
        return {false, "no password is known that could have been looked for"};
    }
    if (evidence.secrets.scanned.empty()) {
        return {false, "no file was searched"};
    }
    if (evidence.secrets.listings.size() < evidence.processes.size()) {
        return {false, fmt::format("the arguments of {} of {} processes were read",
                                   evidence.secrets.listings.size(), evidence.processes.size())};
    }
    if (!evidence.secrets.hits.empty()) {
        return {false, "a password stands in " + evidence.secrets.hits.front()};
    }
    return {true, fmt::format("{} passwords were looked for in {} files and the arguments of {} "
                              "processes; the reports are searched once they are written",
                              evidence.secrets.secrets, evidence.secrets.scanned.size(),
                              evidence.secrets.listings.size())};
}

Judgement finding_named(const Evidence& evidence, const Parameters& with) {
    const std::string code = with.text("code");
    for (const FindingRecord& record : evidence.findings) {
        if (record.finding.code == code) {
            return {true, record.finding.found};
        }
    }
    return {false, fmt::format("no finding {} among {}", code, evidence.findings.size())};
}

const AssertionKind kHygieneKinds[] = {
    {"no_auxiliary_left",
     "what the task made beside the data is gone after release",
     no_auxiliary_left,
     {}},
    {"no_secret_in_logs",
     "no password in a log, an argument list or a report",
     no_secret_in_logs,
     {}},
    {"finding_named",
     "the migrator or its precheck named this finding",
     finding_named,
     {{"code", false}}},
};

}  // namespace

std::span<const AssertionKind> hygiene_assertions() {
    return kHygieneKinds;
}

}  // namespace cutover::scenarios
