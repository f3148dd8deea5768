#include "migrator/plan/endpoint_section.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "migrator/plan/document_reader.h"

namespace cutover::plan {

namespace {

namespace fs = std::filesystem;

// Stands for a missing port that is reported elsewhere.
constexpr std::uint16_t kNoPort = 1;

/// The rules of the engine that an end names; null if there is no such engine.
const EndpointRules* rules_of(const Node* node, const EngineRules& engines) {
    if (node != nullptr) {
        for (const Entry& entry : node->entries) {
            const auto found = engines.find(entry.value.text);
            if (entry.key == "engine" && found != engines.end()) {
                return &found->second;
            }
        }
    }
    return nullptr;
}

/// Rules for an unknown engine: only the unknown name is reported, nothing else.
EndpointRules no_rules() {
    EndpointRules rules;
    rules.usual_port = kNoPort;
    rules.needs_database = rules.needs_user = rules.needs_ca = false;
    rules.channel_binding = true;
    return rules;
}

/// `host`, `host:port`, `[v6]:port`, or a socket's folder; nothing if the port is not a port.
std::optional<HostPort> parse_host(std::string_view text, std::uint16_t port) {
    std::string_view host = text;
    std::string_view digits;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        host = text.substr(1, close - 1);
        digits = text.substr(close + 1);
        if (!digits.empty() && !digits.starts_with(':')) {
            return std::nullopt;
        }
        digits.remove_prefix(digits.empty() ? 0 : 1);
    } else if (const std::size_t colon = text.find(':');
               colon != std::string_view::npos && colon == text.rfind(':')) {
        host = text.substr(0, colon);
        digits = text.substr(colon + 1);
        if (digits.empty()) {
            return std::nullopt;
        }
    }
    if (!digits.empty()) {
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
            return std::nullopt;
        }
    }
    if (host.empty() || host.find_first_of(" \t,@?") != std::string_view::npos || port == 0) {
        return std::nullopt;
    }
    return HostPort{std::string(host), port};
}

class EndpointSection {
public:
    EndpointSection(const Node* node, const std::string& path, const fs::path& folder,
                    const EngineRules& engines, Problems& problems)
        : engines_(engines),
          declared_(rules_of(node, engines)),
          rules_(declared_ == nullptr ? no_rules() : *declared_),
          keys_(node, path, known_keys(), problems),
          folder_(folder),
          problems_(problems) {}

    Endpoint read() {
        Endpoint endpoint;
        endpoint.engine = engine();
        endpoint.database =
            name("database", rules_.needs_database, "name the database to connect to");
        endpoint.user = name("user", rules_.needs_user, "name the account to connect with");
        endpoint.hosts = hosts(endpoint.engine);
        endpoint.password = password();
        read_tls(endpoint);
        const std::vector<std::string>& methods = rules_.login_methods;
        if (!methods.empty()) {
            const auto method = keys_.choice("require_auth", {methods.begin(), methods.end()});
            endpoint.require_auth = method ? methods[*method] : "";
        }
        return endpoint;
    }

private:
    std::vector<std::string_view> known_keys() const {
        std::vector<std::string_view> keys = {"engine",   "host", "port",     "hosts",
                                              "database", "user", "password", "tls"};
        if (declared_ == nullptr || !rules_.login_methods.empty()) {
            keys.emplace_back("require_auth");
        }
        return keys;
    }

    std::string engine() const {
        std::vector<std::string_view> known;
        for (const auto& [engine, rules] : engines_) {
            known.emplace_back(engine);
        }
        if (!keys_.has("engine")) {
            return keys_.required_text("engine",
                                       fmt::format("name one of: {}", fmt::join(known, ", ")));
        }
        const auto chosen = keys_.choice("engine", known);
        return chosen ? std::string(known[*chosen]) : std::string();
    }

    std::string name(const char* key, bool needed, const char* remedy) const {
        return needed ? keys_.required_text(key, remedy) : keys_.text(key).value_or("");
    }

    std::vector<HostPort> hosts(const std::string& engine) const {
        const std::uint64_t port = keys_.whole("port", 1, 65535).value_or(rules_.usual_port);
        const char* key = keys_.has("hosts") ? "hosts" : "host";
        if (keys_.has("hosts") && keys_.has("host")) {
            keys_.problem(
                "host", "task_file.contradiction",
                fmt::format("{} and {} are both given", keys_.path("host"), keys_.path("hosts")),
                "keep one: `host` with `port`, or `hosts: [name:port, ...]`");
        }
        std::vector<HostPort> found;
        const auto texts = keys_.texts(key);
        for (const auto& [text, place] : texts) {
            add_host(text, place, keys_.path(key), static_cast<std::uint16_t>(port), found);
        }
        tell_missing_port(engine, texts, key, port);
        if (texts.empty()) {
            keys_.problem(key, "task_file.missing", fmt::format("{} is missing", keys_.path(key)),
                          "write `host: name` with `port: number`, or `hosts: [name:port, ...]`");
        }
        return found;
    }

    void add_host(const std::string& text, Place place, const std::string& path, std::uint16_t port,
                  std::vector<HostPort>& found) const {
        if (text.find("//") != std::string::npos || text.find('@') != std::string::npos) {
            // A connection string may contain a password, so it is not repeated here.
            problems_.add(place, "task_file.host",
                          path + " is a connection string; it must be a name or an address",
                          "write `name:port`; user, database and password have keys of their own");
            return;
        }
        const std::optional<HostPort> host = parse_host(text, port == 0 ? kNoPort : port);
        if (host) {
            found.push_back(*host);
            return;
        }
        problems_.add(place, "task_file.host",
                      fmt::format("{} has `{}`, which is not a host with a port", path, text),
                      "write `name:port`, with a port from 1 to 65535; `[::1]:5432` for IPv6");
    }

    void tell_missing_port(const std::string& engine,
                           const std::vector<std::pair<std::string, Place>>& texts, const char* key,
                           std::uint64_t port) const {
        const bool missing = std::any_of(texts.begin(), texts.end(), [](const auto& text) {
            return !parse_host(text.first, 0) && parse_host(text.first, kNoPort);
        });
        if (port == 0 && missing) {
            keys_.problem(key, "task_file.host",
                          fmt::format("{} has no port, and the engine `{}` has no usual one",
                                      keys_.path(key), engine),
                          "write `name:port`");
        }
    }

    model::Secret password() const {
        const Node* node = keys_.find("password");
        if (node == nullptr || node->kind == Node::Kind::empty) {
            return {};
        }
        if (node->kind == Node::Kind::scalar) {
            problems_.add(
                node->place, "task_file.literal_password",
                fmt::format("{} holds the password itself; task files are copied, shared and "
                            "kept in version control, so that is refused",
                            keys_.path("password")),
                "write `password: {env: NAME}` or `password: {file: path}` (0600), or leave "
                "it out for ~/.pgpass; then change the password that was written here");
            return {};
        }
        const DocumentReader from(node, keys_.path("password"), {"env", "file"}, problems_);
        if (from.has("env") == from.has("file")) {
            if (node->kind == Node::Kind::map) {
                problems_.add(node->place, "task_file.contradiction",
                              keys_.path("password") + " needs exactly one of `env` and `file`",
                              "write `password: {env: NAME}` or `password: {file: path}`");
            }
            return {};
        }
        return from.has("env") ? from_environment(from) : from_file(from);
    }

    model::Secret from_environment(const DocumentReader& from) const {
        const std::string name = from.text("env").value_or("");
        const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
        if (!name.empty() && (value == nullptr || *value == '\0')) {
            from.problem("env", "task_file.password_unset",
                         fmt::format("the environment variable `{}` of {} is not set", name,
                                     from.path("env")),
                         fmt::format("set it: `read -rs {0} && export {0}`", name));
        }
        return model::Secret(value == nullptr ? "" : value);
    }

    model::Secret from_file(const DocumentReader& from) const {
        const std::string name = from.text("file").value_or("");
        if (name.empty()) {
            return {};
        }
        const fs::path path = folder_ / name;
        struct stat facts {};
        if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
            from.problem("file", "task_file.password_file",
                         fmt::format("the password file `{}` does not exist or is not a file",
                                     path.string()),
                         "make it with `install -m 0600 /dev/stdin FILE`");
            return {};
        }
        if ((facts.st_mode & 077) != 0 || (facts.st_uid != ::geteuid() && facts.st_uid != 0)) {
            from.problem(
                "file", "task_file.password_file",
                fmt::format("others may read the password file `{}` (mode {:04o}, owner {})",
                            path.string(), facts.st_mode & 07777U, facts.st_uid),
                fmt::format("chmod 0600 {}, and own it", path.string()));
            return {};
        }
        return first_line(from, path);
    }

    static model::Secret first_line(const DocumentReader& from, const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        std::string line;
        std::getline(in, line);
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        if (line.empty()) {
            from.problem(
                "file", "task_file.password_file",
                fmt::format("the password file `{}` is empty or cannot be read", path.string()),
                "write the password into its first line");
        }
        return model::Secret(std::move(line));
    }

    void read_tls(Endpoint& endpoint) const {
        std::vector<std::string_view> keys = {"mode", "ca", "certificate", "key"};
        if (rules_.channel_binding) {
            keys.emplace_back("channel_binding");
        }
        const DocumentReader tls(keys_.find("tls"), keys_.path("tls"), keys, problems_);
        std::vector<std::string_view> modes;
        for (const TlsMode mode : rules_.tls_modes) {
            modes.emplace_back(to_string(mode));
        }
        const auto mode = tls.choice("mode", modes);
        endpoint.tls = mode ? rules_.tls_modes[*mode] : rules_.usual_tls;
        if (rules_.channel_binding) {
            endpoint.channel_binding = static_cast<ChannelBinding>(
                tls.choice("channel_binding", {kChannelBindings.begin(), kChannelBindings.end()})
                    .value_or(static_cast<std::size_t>(ChannelBinding::prefer)));
        }
        endpoint.tls_ca_file = existing_file(tls, "ca");
        endpoint.tls_certificate_file = existing_file(tls, "certificate");
        endpoint.tls_key_file = existing_file(tls, "key");
        check_tls(tls, endpoint);
    }

    void check_tls(const DocumentReader& tls, const Endpoint& endpoint) const {
        const bool verifies =
            endpoint.tls == TlsMode::verify_ca || endpoint.tls == TlsMode::verify_full;
        if (verifies && rules_.needs_ca && !tls.has("ca")) {
            tls.problem("mode", "task_file.missing",
                        fmt::format("{} is `{}`, but {} is missing", tls.path("mode"),
                                    to_string(endpoint.tls), tls.path("ca")),
                        "name the certificate authority's file: `ca: /path/ca.pem`");
        }
        const bool none = endpoint.tls == TlsMode::disable && tls.has("mode");
        if (none && (tls.has("ca") || tls.has("certificate") || tls.has("key"))) {
            tls.problem("mode", "task_file.contradiction",
                        tls.path("mode") + " is `disable`, but certificates are given",
                        "choose `verify-full`, or leave the certificates out");
        }
        if (none && endpoint.channel_binding == ChannelBinding::require) {
            tls.problem(
                "channel_binding", "task_file.contradiction",
                tls.path("channel_binding") + " is `require`, but there is no TLS to bind to",
                "choose a mode with TLS, such as `verify-full`");
        }
        if (tls.has("certificate") != tls.has("key")) {
            tls.problem(
                tls.has("key") ? "key" : "certificate", "task_file.contradiction",
                fmt::format("{} and {} belong together", tls.path("certificate"), tls.path("key")),
                "give both or none");
        }
    }

    std::string existing_file(const DocumentReader& tls, std::string_view key) const {
        const std::optional<std::string> name = tls.text(key);
        if (!name) {
            return {};
        }
        const fs::path path = folder_ / *name;
        if (::access(path.c_str(), R_OK) != 0) {
            tls.problem(
                key, "task_file.file",
                fmt::format("{} is `{}`, which cannot be read", tls.path(key), path.string()),
                "correct the path, or let this account read the file");
        }
        return path.string();
    }

    const EngineRules& engines_;
    const EndpointRules* declared_;
    const EndpointRules rules_;
    DocumentReader keys_;
    const fs::path& folder_;
    Problems& problems_;
};

}  // namespace

Endpoint read_endpoint(const Node* node, const std::string& path, const fs::path& folder,
                       const EngineRules& engines, Problems& problems) {
    return EndpointSection(node, path, folder, engines, problems).read();
}

}  // namespace cutover::plan
