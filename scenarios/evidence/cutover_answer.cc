#include "scenarios/evidence/cutover_answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace cutover::scenarios {

namespace {

using nlohmann::json;

/// The last line that is an object; none: an empty one.
json object_in(const std::string& output) {
    json found = json::object();
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        json one = json::parse(line, nullptr, false);
        if (one.is_object()) {
            found = std::move(one);
        }
    }
    return found;
}

std::string late_text(const json& write) {
    const std::string key = write.value("key", "");
    return fmt::format("{} {}{}", write.value("change", ""), write.value("table", ""),
                       key.empty() ? "" : " (" + key + ")");
}

}  // namespace

CutoverAnswer cutover_answer(const std::string& verb, std::optional<int> exit_code,
                             const std::string& output) {
    const json said = object_in(output);
    CutoverAnswer answer;
    answer.verb = verb;
    answer.exit_code = exit_code;
    answer.outcome = said.value("outcome", "");
    answer.text = said.value(said.contains("error") ? "error" : "answer", output);
    const json evidence = said.value("evidence", json::object());
    answer.quiet_seconds = evidence.value("quiet_seconds", 0.0);
    answer.source_fence = evidence.value("source_fence", "");
    answer.sessions = evidence.value("sessions_total", std::uint64_t{0});
    const json late = evidence.value("late", json::object());
    answer.late_transactions = late.value("transactions", std::uint64_t{0});
    for (const json& write : late.value("first", json::array())) {
        answer.late.push_back(late_text(write));
    }
    return answer;
}

std::string shown(const CutoverAnswer& answer) {
    const std::string exit = answer.exit_code ? fmt::format("{}", *answer.exit_code) : "none";
    const std::string first = answer.text.substr(0, answer.text.find('\n'));
    return fmt::format("{} (exit {}): {}", answer.outcome.empty() ? "no outcome" : answer.outcome,
                       exit, first);
}

}  // namespace cutover::scenarios
