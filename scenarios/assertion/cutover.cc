// Assertions about the cutover: it is cut over, refused or followed by a late write, and says
// which. The fourth end, that nobody can tell what came after the fence, fails here: the log of a
// rehearsal can be read.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scenarios/assertion/assertion.h"
#include "scenarios/evidence/cutover_answer.h"

namespace cutover::scenarios {

namespace {

bool names_somebody(const std::string& text) {
    for (const char* words : {"process ", "prepared transaction '", "no session of others"}) {
        if (text.find(words) != std::string::npos) {
            return true;
        }
    }
    return false;
}

/// Empty, or what is missing in an answer of its kind.
std::string missing_in(const CutoverAnswer& answer) {
    if (answer.outcome == "refused") {
        return answer.exit_code != 13         ? "it is not told by its exit code"
               : !names_somebody(answer.text) ? "it names nobody"
                                              : "";
    }
    if (answer.outcome == "cut_over") {
        const bool proved = answer.quiet_seconds > 0 || !answer.source_fence.empty();
        return answer.exit_code != 0 ? "it is not told by its exit code"
               : !proved             ? "nothing shows that nobody wrote"
                                     : "";
    }
    if (answer.outcome == "late_write") {
        return answer.exit_code != 1 ? "it is not told by its exit code"
               : answer.late.empty() ? "it names no row"
                                     : "";
    }
    return "it is neither cut over, nor refused, nor a late write";
}

/// Acknowledged writes, by the ledger, that are not at the destination.
bool something_is_missing(const Evidence& evidence) {
    return std::any_of(
        evidence.ledger.checks.begin(), evidence.ledger.checks.end(), [](const Check& check) {
            return check.name.ends_with(".lost") && check.side == "destination" && !check.passed;
        });
}

/// Told by `status`, by the judge, and by a `finish` that has seen it.
std::string silent_about_late_writes(const Evidence& evidence) {
    const auto& status = evidence.after_cutover;
    if (!status || status->outcome != "late_write" || !missing_in(*status).empty()) {
        return "status does not tell it: " + (status ? shown(*status) : "it was not asked");
    }
    if (evidence.verify.exit_code.value_or(0) != 1) {
        return "the judge does not tell it: " + evidence.verify.verdict;
    }
    return "";
}

Judgement cutover_told(const Evidence& evidence, const Parameters& with) {
    std::set<std::string> outcomes;
    std::size_t beside = 0;
    for (const CutoverAnswer& answer : evidence.finishes) {
        if (const std::string missing = missing_in(answer); !missing.empty()) {
            return {false, missing + ": " + shown(answer)};
        }
        outcomes.insert(answer.outcome);
        beside += answer.beside_writers ? 1 : 0;
    }
    if (static_cast<double>(beside) < with.number("least", 1)) {
        return {false, fmt::format("only {} times a finish was asked for beside writers", beside)};
    }
    const bool late = evidence.after_cutover && evidence.after_cutover->outcome == "late_write";
    if (something_is_missing(evidence) || late || outcomes.contains("late_write")) {
        const std::string silent = silent_about_late_writes(evidence);
        return {silent.empty(),
                silent.empty() ? "a late write, told: " + shown(*evidence.after_cutover) : silent};
    }
    return {evidence.verify.exit_code == 0,
            fmt::format("{} times finish was asked, {} of them beside writers: {}; the judge says "
                        "{}",
                        evidence.finishes.size(), beside, fmt::join(outcomes, ", "),
                        evidence.verify.verdict)};
}

/// Every one that was asked for beside writers.
Judgement finish_refused(const Evidence& evidence, const Parameters& with) {
    std::size_t refused = 0;
    const std::string words = with.text("naming");
    for (const CutoverAnswer& answer : evidence.finishes) {
        if (!answer.beside_writers) {
            continue;
        }
        if (answer.outcome != "refused") {
            return {false, "beside writers it was " + shown(answer)};
        }
        if (answer.text.find(words) == std::string::npos) {
            return {false, fmt::format("it does not name `{}`: {}", words, answer.text)};
        }
        ++refused;
    }
    return {static_cast<double>(refused) >= with.number("least", 1),
            fmt::format("{} times refused beside writers", refused)};
}

Judgement late_write_told(const Evidence& evidence, const Parameters& with) {
    if (const std::string silent = silent_about_late_writes(evidence); !silent.empty()) {
        return {false, silent};
    }
    const std::vector<std::string>& late = evidence.after_cutover->late;
    const std::string row = with.text("row");
    const bool named = std::any_of(late.begin(), late.end(), [&](const std::string& one) {
        return one.find(row) != std::string::npos;
    });
    return {named, fmt::format("told: {}", fmt::join(late, "; "))};
}

Judgement source_fenced(const Evidence& evidence, const Parameters&) {
    const CutoverAnswer* last = evidence.finishes.empty() ? nullptr : &evidence.finishes.back();
    if (last == nullptr || last->outcome != "cut_over" || last->source_fence.empty()) {
        return {false, "no finish has fenced the source and cut over"};
    }
    std::uint64_t failed = 0;
    for (const WorkloadRecord& workload : evidence.workloads) {
        failed += workload.failed;
    }
    return {failed > 0,
            fmt::format("{}; writers were refused {} transactions", last->source_fence, failed)};
}

const AssertionKind kCutoverKinds[] = {
    {"cutover_told",
     "each finish was cut over with its proof, refused naming who, or a late write told by all",
     cutover_told,
     {{"least"}}},
    {"finish_refused",
     "each finish beside writers was refused, naming them",
     finish_refused,
     {{"least"}, {"naming", false}}},
    {"late_write_told",
     "status and judge tell a write behind the cutover, with this row",
     late_write_told,
     {{"row", false, true}}},
    {"source_fenced", "the cutover has fenced the source, and writers felt it", source_fenced, {}},
};

}  // namespace

std::span<const AssertionKind> cutover_assertions() {
    return kCutoverKinds;
}

}  // namespace cutover::scenarios
