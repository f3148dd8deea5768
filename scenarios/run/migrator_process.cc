#include "scenarios/run/migrator_process.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <thread>

#include "fixtures/server/command.h"

namespace cutover::scenarios {

namespace {

constexpr std::chrono::milliseconds kPollEvery{20};
constexpr std::chrono::seconds kBecomesProgram{5};

// setpriv becomes the program (same process id) after asking the kernel for SIGKILL at our death,
// so that a rehearsal that is itself killed leaves no migrator behind.
std::vector<std::string> dying_with_us(const std::vector<std::string>& argv) {
    std::vector<std::string> out = {"setpriv", "--pdeathsig", "KILL"};
    out.insert(out.end(), argv.begin(), argv.end());
    return out;
}

}  // namespace

MigratorProcess::MigratorProcess(Launch launch) : launch_(std::move(launch)) {
    const bool appended = std::filesystem::exists(launch_.log_file);
    const auto begin = appended ? std::filesystem::file_size(launch_.log_file) : 0;
    fixtures::CommandPlace place;
    place.environment = launch_.environment;
    pid_ = fixtures::start_command(dying_with_us(launch_.argv), launch_.log_file, place);
    log_.open(launch_.log_file);
    log_.seekg(static_cast<std::streamoff>(begin));
    read_arguments();
}

/// Until setpriv has become the program, its own arguments stand there.
void MigratorProcess::read_arguments() {
    const auto deadline = std::chrono::steady_clock::now() + kBecomesProgram;
    while (arguments_.empty() && !ended() && std::chrono::steady_clock::now() < deadline) {
        std::ifstream in("/proc/" + std::to_string(pid_) + "/cmdline", std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        std::replace(text.begin(), text.end(), '\0', ' ');
        if (text.starts_with(launch_.argv.front() + " ")) {
            arguments_ = text.substr(0, text.size() - 1);
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

std::string MigratorProcess::name() const {
    return std::filesystem::path(launch_.log_file).stem().string();
}

MigratorProcess::~MigratorProcess() {
    signal(SIGKILL);
    wait_ended(std::chrono::seconds(10));
}

std::vector<std::string> MigratorProcess::new_lines() {
    std::vector<std::string> lines;
    log_.clear();  // the file may have grown: its end is not the last word
    char buffer[65536];
    while (log_.read(buffer, sizeof buffer), log_.gcount() > 0) {
        partial_.append(buffer, static_cast<std::size_t>(log_.gcount()));
    }
    std::size_t begin = 0;
    for (std::size_t end; (end = partial_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        lines.push_back(partial_.substr(begin, end - begin));
    }
    partial_.erase(0, begin);
    return lines;
}

void MigratorProcess::signal(int number) {
    if (!ended()) {
        ::kill(pid_, number);
    }
}

char MigratorProcess::state() const {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string line;
    // `pid (name) state ...`: the name may hold anything, brackets too.
    if (end_ || !std::getline(stat, line)) {
        return '\0';
    }
    const std::size_t name_end = line.rfind(") ");
    return name_end == std::string::npos ? '\0' : line[name_end + 2];
}

std::optional<ProcessEnd> MigratorProcess::ended() {
    if (end_) {
        return end_;
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) {
        return std::nullopt;
    }
    end_.emplace();
    if (WIFSIGNALED(status)) {
        end_->signal = WTERMSIG(status);
    } else {
        end_->exit_code = WEXITSTATUS(status);
    }
    return end_;
}

std::optional<ProcessEnd> MigratorProcess::wait_ended(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!ended() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kPollEvery);
    }
    return end_;
}

}  // namespace cutover::scenarios
