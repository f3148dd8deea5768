#include "scenarios/run/task_text.h"

#include <fmt/format.h>

namespace cutover::scenarios {

namespace {

constexpr const char* kSourceVariable = "CUTOVER_SOURCE_PASSWORD";
constexpr const char* kDestinationVariable = "CUTOVER_DESTINATION_PASSWORD";

std::string end_text(const std::string& key, const plan::Endpoint& end,
                     const std::string& variable) {
    std::string hosts;
    for (const plan::HostPort& host : end.hosts) {
        hosts += fmt::format("{}\"{}:{}\"", hosts.empty() ? "" : ", ", host.host, host.port);
    }
    std::string text = fmt::format(
        "{}:\n  engine: {}\n  hosts: [{}]\n  database: {}\n  user: {}\n  password: {{env: {}}}\n",
        key, end.engine, hosts, end.database, end.user, variable);
    text += end.tls_ca_file.empty()
                ? "  tls: {mode: disable}\n"
                : fmt::format("  tls: {{mode: verify-full, ca: \"{}\"}}\n", end.tls_ca_file);
    return text;
}

}  // namespace

std::string task_text(const Scenario& scenario, const plan::Endpoint& source,
                      const plan::Endpoint& destination) {
    std::string text = fmt::format("task: {}\n", kTaskName);
    text += end_text("source", source, kSourceVariable);
    text += end_text("destination", destination, kDestinationVariable);
    for (const TaskFragment& fragment : scenario.task) {
        text += fmt::format("{}: {}\n", fragment.key, fragment.text);
    }
    return text;
}

std::map<std::string, std::string> task_environment(const plan::Endpoint& source,
                                                    const plan::Endpoint& destination) {
    return {{kSourceVariable, source.password.reveal()},
            {kDestinationVariable, destination.password.reveal()}};
}

}  // namespace cutover::scenarios
