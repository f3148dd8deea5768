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

// Ports that people leave out because everybody knows them (G200).
constexpr std::pair<std::string_view, std::uint16_t> kUsualPorts[] = {
    {"postgres", 5432}, {"mysql", 3306}, {"mongodb", 27017}};

// What `require_auth` may name: PostgreSQL's methods, in libpq's words.
constexpr std::array<std::string_view, 5> kLoginMethods = {"scram-sha-256", "md5", "password",
                                                           "gss", "none"};

// Stands for a port that is told missing apart.
constexpr std::uint16_t kNoPort = 1;

std::uint16_t usual_port(const std::string& engine) {
    for (const auto& [name, port] : kUsualPorts) {
        if (name == engine) {
            return port;
        }
    }
    return 0;
}

/// `host`, `host:port`, `[v6]:port`, or a socket's folder; nothing if the port is no port.
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
                    Problems& problems)
        : keys_(node, path,
                {"engine", "host", "port", "hosts", "database", "user", "password", "tls",
                 "require_auth"},
                problems),
          folder_(folder),
          problems_(problems) {}

    Endpoint read() {
        Endpoint endpoint;
        endpoint.engine = keys_.required_text("engine", "write `engine: postgres`");
        endpoint.database = keys_.required_text("database", "name the database to connect to");
        endpoint.user = keys_.required_text("user", "name the account to connect with");
        endpoint.hosts = hosts(endpoint.engine);
        endpoint.password = password();
        read_tls(endpoint);
        if (const auto method =
                keys_.choice("require_auth", {kLoginMethods.begin(), kLoginMethods.end()})) {
            endpoint.require_auth = kLoginMethods[*method];
        }
        return endpoint;
    }

private:
    std::vector<HostPort> hosts(const std::string& engine) const {
        const std::uint64_t port = keys_.whole("port", 1, 65535).value_or(usual_port(engine));
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
            // A connection string may hold a password, so that it is not repeated here.
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
                      fmt::format("{} has `{}`, which is no host with a port", path, text),
                      "write `name:port`, with a port from 1 to 65535; `[::1]:5432` for IPv6");
    }

    /// Only an engine that nobody knows has no usual port: most likely its name is misspelt.
    void tell_missing_port(const std::string& engine,
                           const std::vector<std::pair<std::string, Place>>& texts, const char* key,
                           std::uint64_t port) const {
        const bool missing = std::any_of(texts.begin(), texts.end(), [](const auto& text) {
            return !parse_host(text.first, 0) && parse_host(text.first, kNoPort);
        });
        if (port != 0 || engine.empty() || !missing) {
            return;
        }
        std::vector<std::string_view> known;
        for (const auto& [name, usual] : kUsualPorts) {
            known.push_back(name);
        }
        const std::string near = nearest(engine, known);
        keys_.problem(key, "task_file.host",
                      fmt::format("{} has no port, and the engine `{}` has no usual one",
                                  keys_.path(key), engine),
                      near.empty()
                          ? "write `name:port`"
                          : fmt::format("did you mean `engine: {}`? Else write `name:port`", near));
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
            from.problem(
                "file", "task_file.password_file",
                fmt::format("the password file `{}` does not exist or is no file", path.string()),
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
        const DocumentReader tls(keys_.find("tls"), keys_.path("tls"),
                                 {"mode", "ca", "certificate", "key", "channel_binding"},
                                 problems_);
        endpoint.tls =
            static_cast<TlsMode>(tls.choice("mode", {kTlsModes.begin(), kTlsModes.end()})
                                     .value_or(static_cast<std::size_t>(TlsMode::prefer)));
        endpoint.channel_binding = static_cast<ChannelBinding>(
            tls.choice("channel_binding", {kChannelBindings.begin(), kChannelBindings.end()})
                .value_or(static_cast<std::size_t>(ChannelBinding::prefer)));
        endpoint.tls_ca_file = existing_file(tls, "ca");
        endpoint.tls_certificate_file = existing_file(tls, "certificate");
        endpoint.tls_key_file = existing_file(tls, "key");
        check_tls(tls, endpoint);
    }

    static void check_tls(const DocumentReader& tls, const Endpoint& endpoint) {
        const bool verifies =
            endpoint.tls == TlsMode::verify_ca || endpoint.tls == TlsMode::verify_full;
        if (verifies && !tls.has("ca")) {
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

    DocumentReader keys_;
    const fs::path& folder_;
    Problems& problems_;
};

}  // namespace

Endpoint read_endpoint(const Node* node, const std::string& path, const fs::path& folder,
                       Problems& problems) {
    return EndpointSection(node, path, folder, problems).read();
}

}  // namespace cutover::plan
