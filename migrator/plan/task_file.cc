#include "migrator/plan/task_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "migrator/plan/document_reader.h"
#include "migrator/plan/endpoint_section.h"
#include "migrator/plan/limits_section.h"
#include "migrator/plan/objects_section.h"

namespace cutover::plan {

namespace {

constexpr std::size_t kLongestName = 40;
constexpr std::uintmax_t kLargestFile = 4 << 20;

const std::vector<std::string_view> kKeys = {
    "task",     "source",         "destination", "phases",           "objects",
    "conflict", "limits",         "retry",       "replica_identity", "heartbeat_seconds",
    "ignore",   "spill_directory"};

bool is_name_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
}

/// A task's name made from its file's: `Shop-2024.yaml` is `shop_2024`.
std::string name_from_file(const std::string& file_name) {
    std::string name;
    for (const char letter : std::filesystem::path(file_name).stem().string()) {
        const char lower =
            letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        name += is_name_letter(lower) ? lower : '_';
    }
    return name.substr(0, kLongestName);
}

class TaskFile {
public:
    TaskFile(const Node& root, const EngineRules& engines, Problems& problems)
        : keys_(&root, "", kKeys, problems), engines_(engines), problems_(problems) {}

    TaskSpec read() {
        const std::filesystem::path folder = std::filesystem::path(problems_.file()).parent_path();
        spec_.name = name();
        spec_.source = endpoint("source", folder);
        spec_.destination = endpoint("destination", folder);
        read_phases();
        read_objects(keys_.find("objects"), spec_, problems_);
        spec_.limits = read_limits(keys_.find("limits"), problems_);
        spec_.retry = read_retry(keys_.find("retry"), problems_);
        spec_.conflict =
            static_cast<ConflictRule>(keys_.choice("conflict", {"precheck", "ignore"}).value_or(0));
        spec_.set_replica_identity =
            keys_.choice("replica_identity", {"set", "require"}).value_or(0) == 0;
        spec_.heartbeat = std::chrono::seconds(
            keys_.whole("heartbeat_seconds", 0, 3600)
                .value_or(static_cast<std::uint64_t>(spec_.heartbeat.count())));
        read_ignored();
        read_spill_directory();
        check_ends();
        return std::move(spec_);
    }

private:
    std::string name() const {
        const std::string name = keys_.has("task") ? keys_.text("task").value_or("task")
                                                   : name_from_file(problems_.file());
        bool good = !name.empty() && name.size() <= kLongestName;
        for (const char letter : name) {
            good = good && is_name_letter(letter);
        }
        if (!good) {
            keys_.problem(
                "task", "task_file.name",
                fmt::format("task is `{}`; a name has 1 to {} of the letters a-z, 0-9 and _", name,
                            kLongestName),
                "it becomes part of the names of slot and publication: choose such a name");
        }
        return name;
    }

    Endpoint endpoint(const std::string& key, const std::filesystem::path& folder) const {
        if (!keys_.has(key)) {
            keys_.problem(key, "task_file.missing", key + " is missing",
                          fmt::format("add `{}:` with engine, host, port, database and user", key));
            return {};
        }
        return read_endpoint(keys_.find(key), key, folder, engines_, problems_);
    }

    void read_phases() {
        if (!keys_.has("phases")) {
            return;
        }
        static const std::vector<std::string_view> kPhases = {"schema", "full", "incremental"};
        bool chosen[3] = {};
        const std::size_t before = problems_.count();
        for (const auto& [text, place] : keys_.texts("phases")) {
            const auto found = std::find(kPhases.begin(), kPhases.end(), text);
            const std::string near = nearest(text, kPhases);
            if (found == kPhases.end()) {
                problems_.add(
                    place, "task_file.choice",
                    fmt::format("phases has `{}`; phases are: schema, full, incremental", text),
                    near.empty() ? "choose among them" : fmt::format("did you mean `{}`?", near));
                continue;
            }
            chosen[found - kPhases.begin()] = true;
        }
        spec_.phases = {chosen[0], chosen[1], chosen[2]};
        if (!chosen[0] && !chosen[1] && !chosen[2] && problems_.count() == before) {
            keys_.problem("phases", "task_file.contradiction",
                          "phases is empty: nothing would be done",
                          "write `phases: [schema, full, incremental]`, or leave the key out");
        }
    }

    void read_ignored() {
        for (const auto& [code, place] : keys_.texts("ignore")) {
            bool good = !code.empty();
            for (const char letter : code) {
                good = good && (is_name_letter(letter) || letter == '.');
            }
            if (!good) {
                problems_.add(
                    place, "task_file.name",
                    fmt::format("ignore has `{}`, which is not the code of a finding", code),
                    "write codes as `cutover precheck` prints them: `tables.keyless`");
                continue;
            }
            spec_.ignored_findings.insert(code);
        }
    }

    void read_spill_directory() {
        std::error_code error;
        spec_.spill_directory = keys_.text("spill_directory").value_or("");
        if (spec_.spill_directory.empty()) {
            spec_.spill_directory = std::filesystem::temp_directory_path(error).string();
            return;
        }
        if (!std::filesystem::is_directory(spec_.spill_directory, error)) {
            keys_.problem("spill_directory", "task_file.file",
                          fmt::format("spill_directory is `{}`, which is not a folder",
                                      spec_.spill_directory),
                          "make it, or leave the key out");
        }
    }

    /// If both ends are the same database and nothing is renamed, it would be copied onto itself.
    void check_ends() const {
        const Endpoint& a = spec_.source;
        const Endpoint& b = spec_.destination;
        bool same = a.engine == b.engine && a.database == b.database && spec_.mapping.empty();
        bool meet = false;
        for (const HostPort& one : a.hosts) {
            for (const HostPort& other : b.hosts) {
                meet = meet || (one.host == other.host && one.port == other.port);
            }
        }
        if (same && meet) {
            keys_.problem(
                "destination", "task_file.contradiction",
                fmt::format("source and destination are the same database: {}", b.display()),
                "correct one end, or rename the schemas: `objects: {rename: {schemas: ...}}`");
        }
    }

    DocumentReader keys_;
    const EngineRules& engines_;
    Problems& problems_;
    TaskSpec spec_;
};

std::string read_text(const std::string& path, Problems& problems) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    std::ifstream in(path, std::ios::binary);
    if (error || !in) {
        const std::string reason = error ? error.message() : std::strerror(errno);
        problems.add({}, "task_file.unreadable", "the task file cannot be read: " + reason,
                     "name an existing file: `cutover COMMAND task.yaml`");
    } else if (size > kLargestFile) {
        problems.add(
            {}, "task_file.too_large",
            fmt::format("the file has {} bytes; a task file has at most {}", size, kLargestFile),
            "name the task file, not a dump");
    }
    problems.throw_if_any();
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

}  // namespace

TaskSpec parse_task_file(const std::string& text, const std::string& file_name,
                         const EngineRules& engines) {
    Problems problems(file_name);
    const Node root = parse_document(text, problems);
    if (root.kind == Node::Kind::empty) {
        problems.add(
            {1, 1}, "task_file.empty", "the file is empty",
            "it needs at least `source:` and `destination:`; see `cutover migrate --help`");
        problems.throw_if_any();
    }
    TaskSpec spec = TaskFile(root, engines, problems).read();
    problems.throw_if_any();
    return spec;
}

TaskSpec read_task_file(const std::string& path, const EngineRules& engines) {
    Problems problems(path);
    return parse_task_file(read_text(path, problems), path, engines);
}

}  // namespace cutover::plan
