#include "scenarios/scenario/claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <regex>

namespace cutover::scenarios {

namespace {

constexpr const char* kOutcome = "outcome";

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

std::vector<std::filesystem::path> test_files(const std::filesystem::path& root) {
    std::vector<std::filesystem::path> out;
    if (!std::filesystem::exists(root)) {
        return out;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.path().filename().string().ends_with("_test.cc")) {
            out.push_back(entry.path());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

void add_claims_of(const std::filesystem::path& file,
                   std::map<std::string, std::vector<std::string>>& out) {
    static const std::regex kHead(R"(^(?:TYPED_)?TEST(?:_[FP])?\((\w+), (\w+)\))");
    static const std::regex kAssertion(R"(^\s+(?:EXPECT|ASSERT)_\w+\()");
    static const std::regex kId(R"(\bG[0-9]{1,3}\b)");
    std::ifstream in(file);
    std::string test;
    for (std::string line; std::getline(in, line);) {
        std::smatch head;
        const bool is_head = std::regex_search(line, head, kHead);
        if (is_head) {
            test = head[1].str() + "." + head[2].str();
        }
        const std::size_t comment = line.find("  // ");
        if (comment == std::string::npos || !(is_head || std::regex_search(line, kAssertion))) {
            continue;
        }
        const std::string words = line.substr(comment);
        for (std::sregex_iterator at(words.begin(), words.end(), kId), end; at != end; ++at) {
            std::vector<std::string>& claimants = out[at->str()];
            if (!contains(claimants, test)) {
                claimants.push_back(test);
            }
        }
    }
}

}  // namespace

std::string to_text(const Claim& claim) {
    return fmt::format("{}: {}", claim.guarantee, fmt::join(claim.shown_by, ", "));
}

std::vector<Claim> read_claims(const plan::DocumentReader& scenario,
                               const std::vector<std::string>& guarantees,
                               const std::vector<std::string>& assertions,
                               plan::Problems& problems) {
    const std::vector<plan::Entry>& entries = scenario.entries("claims");
    std::vector<std::string_view> keys;
    for (const plan::Entry& entry : entries) {
        keys.push_back(entry.key);
    }
    const plan::DocumentReader claims(scenario.find("claims"), "claims", keys, problems);
    std::vector<Claim> out;
    for (const plan::Entry& entry : entries) {
        Claim claim{entry.key, {}};
        if (!guarantees.empty() && !contains(guarantees, entry.key)) {
            problems.add(entry.place, "scenario.claim",
                         fmt::format("there is no guarantee {}", entry.key),
                         "the ids stand in scenarios/guarantees.yaml");
        }
        for (const auto& [assertion, place] : claims.texts(entry.key)) {
            claim.shown_by.push_back(assertion);
            if (assertion != kOutcome && !contains(assertions, assertion)) {
                problems.add(place, "scenario.claim",
                             fmt::format("{} is to be shown by `{}`, which the scenario does not "
                                         "assert",
                                         entry.key, assertion),
                             "name one of its assertions, or outcome");
            }
        }
        if (claim.shown_by.empty()) {
            problems.add(entry.place, "scenario.claim", fmt::format("nothing shows {}", entry.key),
                         "name the assertions that would fail: `{G20: [recovered]}`");
        }
        out.push_back(std::move(claim));
    }
    if (out.empty()) {
        scenario.problem("claims", "scenario.claim", "the scenario claims no guarantee",
                         "name at least one id of scenarios/guarantees.yaml, and what shows it");
    }
    return out;
}

std::map<std::string, std::vector<std::string>> claims_of_tests(const std::filesystem::path& root) {
    std::map<std::string, std::vector<std::string>> out;
    for (const char* folder : {"tests/unit/migrator", "tests/live"}) {
        for (const std::filesystem::path& file : test_files(root / folder)) {
            add_claims_of(file, out);
        }
    }
    return out;
}

}  // namespace cutover::scenarios
