#include "tests/support/program.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "fixtures/server/command.h"

namespace cutover::tests {

namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kLookEvery{20};

/// Each account of each server has one of its own, so that one program has many task files.
std::string password_variable(const fixtures::PostgresEndpoint& end) {
    return fmt::format("CUTOVER_TEST_{}_{}", end.port, end.user);
}

std::string end_text(const fixtures::PostgresEndpoint& end) {
    const std::string tls =
        end.tls_ca_file.empty()
            ? ""
            : fmt::format(", tls: {{mode: verify-full, ca: {}}}", end.tls_ca_file);
    return fmt::format(
        "{{engine: postgres, host: {}, port: {}, database: {}, user: {}, password: {{env: {}}}{}}}",
        end.host, end.port, end.database, end.user, password_variable(end), tls);
}

}  // namespace

void RunningProgram::listen() {
    for (const std::string& line : process_.new_lines()) {
        text_ += line + "\n";
    }
}

bool RunningProgram::wait_for(const std::string& words) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        const bool ended = process_.ended().has_value();
        listen();
        if (text_.find(words) != std::string::npos) {
            return true;
        }
        if (ended || std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(kLookEvery);
    }
}

Said RunningProgram::wait() {
    const auto end = process_.wait_ended(kPatience);
    listen();
    if (!end) {
        return {-1, text_};
    }
    return {end->exit_code.value_or(end->signal ? 128 + *end->signal : -1), text_};
}

Program::Program() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cutover-bad-input-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
}

Program::~Program() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string Program::write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
}

std::string Program::task(const fixtures::PostgresEndpoint& source,
                          const fixtures::PostgresEndpoint& destination, const std::string& more,
                          const std::string& name) {
    for (const fixtures::PostgresEndpoint& end : {source, destination}) {
        environment_[password_variable(end)] = end.password;
    }
    return write(name + ".yaml", "task: " + name + "\nsource: " + end_text(source) +
                                     "\ndestination: " + end_text(destination) + "\n" + more +
                                     "\n");
}

std::string Program::file() {
    const char* other = std::getenv("CUTOVER_TEST_PROGRAM");
    return other != nullptr ? other : CUTOVER_PROGRAM;
}

bool Program::can_be_killed_at_places() const {
    return run({"migrate", "--help"}).text.find("--kill-at") != std::string::npos;
}

Said Program::run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = {file()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    fixtures::CommandPlace place;
    place.environment = environment_;
    const fixtures::CommandResult result =
        fixtures::run_command(argv, std::chrono::seconds(120), place);
    return {result.exit_code, result.output};
}

RunningProgram Program::start(const std::vector<std::string>& arguments) const {
    static int number = 0;
    scenarios::Launch launch;
    launch.argv = {file()};
    launch.argv.insert(launch.argv.end(), arguments.begin(), arguments.end());
    launch.environment = environment_;
    launch.log_file = (folder_ / fmt::format("run-{}.log", ++number)).string();
    return RunningProgram(std::move(launch));
}

}  // namespace cutover::tests
