#include "migrator/engine/postgres/session/connecting.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "migrator/engine/postgres/session/authentication_gate.h"
#include "migrator/engine/postgres/session/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

using Clock = std::chrono::steady_clock;

struct Finish {
    void operator()(pg_conn* connection) const { PQfinish(connection); }
};
using RawConnection = std::unique_ptr<pg_conn, Finish>;

RawConnection owned(pg_conn* raw) {
    if (raw == nullptr) {
        throw Error(ErrorClass::operation, "postgres.memory",
                    "libpq has no memory for a connection");
    }
    return RawConnection(raw);
}

/// Notices that a server sends at the start of a session are not printed.
void quiet(void*, const pg_result*) {}

class Keywords {
public:
    void add(const char* keyword, std::string value) {
        if (!value.empty()) {
            keywords_.push_back(keyword);
            values_.push_back(std::move(value));
        }
    }
    /// Not PQconnectdb(), which prints a server's warnings before they can be switched off.
    RawConnection start() const {
        RawConnection started =
            with_lists([](auto... lists) { return owned(PQconnectStartParams(lists..., 0)); });
        PQsetNoticeReceiver(started.get(), quiet, nullptr);
        return started;
    }

private:
    template <typename Function>
    RawConnection with_lists(Function call) const {
        std::vector<const char*> keywords = keywords_;
        std::vector<const char*> values;
        for (const std::string& value : values_) {
            values.push_back(value.c_str());
        }
        keywords.push_back(nullptr);
        values.push_back(nullptr);
        return call(keywords.data(), values.data());
    }

    std::vector<const char*> keywords_;
    std::vector<std::string> values_;
};

Keywords keywords_for(const plan::Endpoint& endpoint, const plan::HostPort& host,
                      const ConnectOptions& options) {
    Keywords keywords;
    keywords.add("host", host.host);
    keywords.add("port", std::to_string(host.port));
    keywords.add("dbname", endpoint.database);
    keywords.add("user", endpoint.user);
    keywords.add("password", endpoint.password.reveal());
    keywords.add("sslrootcert", endpoint.tls_ca_file);
    keywords.add("sslcert", endpoint.tls_certificate_file);
    keywords.add("sslkey", endpoint.tls_key_file);
    // Encryption is left to TLS, so that only one kind has to be checked and shown in reports.
    keywords.add("gssencmode", "disable");
    keywords.add("application_name", options.application_name);
    keywords.add("connect_timeout", std::to_string(options.connect_timeout.count()));
    // Not `read-write`: a primary whose sessions are read-only by default is still a primary.
    keywords.add("target_session_attrs", options.require_writable ? "primary" : "any");
    keywords.add("tcp_user_timeout", "20000");
    keywords.add("keepalives_idle", "10");
    keywords.add("keepalives_interval", "5");
    keywords.add("keepalives_count", "3");
    if (options.replication) {
        keywords.add("replication", "database");
    }
    return keywords;
}

/// From libpq 16 on there is a setting for this. In older versions, channel binding enforces the
/// one method that has it, and more strictly; for the other methods there is nothing under TLS.
void require_method_under_tls(const plan::Endpoint& endpoint, Keywords& keywords) {
    constexpr int kKnowsRequireAuth = 160000;
    std::string binding = plan::to_string(endpoint.channel_binding);
    if (PQlibVersion() >= kKnowsRequireAuth) {
        keywords.add("require_auth", endpoint.require_auth);
    } else if (!endpoint.require_auth.empty()) {
        if (endpoint.require_auth != "scram-sha-256" ||
            endpoint.channel_binding == plan::ChannelBinding::disable) {
            throw Error(ErrorClass::refused, "postgres.require_auth",
                        fmt::format("this libpq ({}) cannot hold `require_auth: {}` under TLS",
                                    PQlibVersion() / 10000, endpoint.require_auth),
                        "write `require_auth: scram-sha-256` with channel binding, or leave it "
                        "out; libpq 16 and later hold every method");
        }
        binding = plan::to_string(plan::ChannelBinding::require);
    }
    keywords.add("channel_binding", binding);
}

/// The server has no TLS, or none for this account.
bool declined(const pg_conn* connection) {
    const std::string_view message = PQerrorMessage(connection);
    return PQstatus(connection) != CONNECTION_OK &&
           (message.find("server does not support SSL") != std::string_view::npos ||
            message.find("pg_hba.conf") != std::string_view::npos);
}

/// Does libpq's waiting, because a gate may stand between libpq and its server.
class Connecting {
public:
    /// `required`: the methods that the gate lets through; nothing means that there is no gate.
    Connecting(RawConnection connection, std::optional<std::string> required,
               std::chrono::seconds limit)
        : connection_(std::move(connection)),
          required_(std::move(required)),
          deadline_(Clock::now() + limit) {}

    /// Nothing if the time limit passed first.
    std::optional<RawConnection> run() {
        if (PQstatus(connection_.get()) == CONNECTION_BAD) {
            return std::move(connection_);
        }
        PostgresPollingStatusType next = PGRES_POLLING_WRITING;
        while (next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
            if (!wait(next)) {
                return std::nullopt;
            }
            next = PQconnectPoll(connection_.get());
            place_gate();
        }
        return std::move(connection_);
    }

private:
    /// libpq speaks through the gate from its start packet until it has read that the login is
    /// accepted.
    void place_gate() {
        const ConnStatusType status = PQstatus(connection_.get());
        if (required_ && !gate_ && !passed_ && status == CONNECTION_AWAITING_RESPONSE) {
            gate_.emplace(PQsocket(connection_.get()), *required_);
        } else if (gate_ && gate_->open() && status != CONNECTION_AWAITING_RESPONSE &&
                   status != CONNECTION_BAD) {
            gate_->step_aside();
            gate_.reset();
            passed_ = true;
        }
    }

    bool wait(PostgresPollingStatusType next) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
        if (left.count() <= 0) {
            return false;
        }
        if (gate_) {
            return gate_->pass(left);
        }
        const auto wanted = static_cast<short>(next == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        pollfd socket{PQsocket(connection_.get()), wanted, 0};
        return ::poll(&socket, 1, static_cast<int>(left.count())) > 0;
    }

    RawConnection connection_;
    const std::optional<std::string> required_;
    const Clock::time_point deadline_;
    std::optional<AuthenticationGate> gate_;
    bool passed_ = false;
};

/// In the resolver's order; one empty text if there is nothing to resolve, or if resolving fails,
/// so that libpq reports the failure itself.
std::vector<std::string> addresses_of(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (is_socket_folder(host) || ::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
        return {""};
    }
    std::vector<std::string> out;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0,
                          NI_NUMERICHOST) == 0) {
            out.emplace_back(text);
        }
    }
    ::freeaddrinfo(found);
    return out.empty() ? std::vector<std::string>{""} : out;
}

/// Each address gets the whole time. If all fail, the last failure is reported.
RawConnection connect_to(const std::vector<std::string>& addresses, const Keywords& keywords,
                         const std::optional<std::string>& required, const plan::HostPort& host,
                         std::chrono::seconds limit) {
    RawConnection last;
    for (const std::string& address : addresses) {
        Keywords at_address = keywords;
        at_address.add("hostaddr", address);
        std::optional<RawConnection> made = Connecting(at_address.start(), required, limit).run();
        if (made && PQstatus(made->get()) == CONNECTION_OK) {
            return std::move(*made);
        }
        last = made ? std::move(*made) : std::move(last);
    }
    if (!last) {
        throw Error(ErrorClass::connection, "postgres.unreachable",
                    fmt::format("cannot connect to {}:{}: it has not answered for {} s", host.host,
                                host.port, limit.count()),
                    "check that the server runs and can be reached from here");
    }
    return last;
}

RawConnection connect_plain(const plan::Endpoint& endpoint, const plan::HostPort& host,
                            const ConnectOptions& options,
                            const std::vector<std::string>& addresses) {
    Keywords keywords = keywords_for(endpoint, host, options);
    keywords.add("sslmode", plan::to_string(plan::TlsMode::disable));
    return connect_to(addresses, keywords, endpoint.require_auth, host, options.connect_timeout);
}

RawConnection connect_encrypted(const plan::Endpoint& endpoint, const plan::HostPort& host,
                                const ConnectOptions& options, plan::TlsMode mode) {
    Keywords keywords = keywords_for(endpoint, host, options);
    keywords.add("sslmode", plan::to_string(mode));
    require_method_under_tls(endpoint, keywords);
    return connect_to(addresses_of(host.host), keywords, std::nullopt, host,
                      options.connect_timeout);
}

/// One password would serve both ends, and neither has named it.
void refuse_unnamed_password(const plan::Endpoint& endpoint) {
    const char* value = std::getenv("PGPASSWORD");
    if (endpoint.password.empty() && value != nullptr && *value != '\0') {
        throw Error(ErrorClass::refused, "postgres.environment",
                    "PGPASSWORD is set, and the task file does not name it",
                    "write `password: {env: PGPASSWORD}` at the end that it is for, or unset it");
    }
}

}  // namespace

bool is_socket_folder(const std::string& host) {
    return host.starts_with('/') || host.starts_with('@');
}

pg_conn* connect_host(const plan::Endpoint& endpoint, const plan::HostPort& host,
                      const ConnectOptions& options) {
    refuse_unnamed_password(endpoint);
    const bool socket = is_socket_folder(host.host);
    if (socket || endpoint.tls == plan::TlsMode::disable) {
        return connect_plain(endpoint, host, options, addresses_of(host.host)).release();
    }
    const bool preferred = endpoint.tls == plan::TlsMode::prefer;
    RawConnection made = connect_encrypted(endpoint, host, options,
                                           preferred ? plan::TlsMode::require : endpoint.tls);
    const bool without = preferred && endpoint.channel_binding != plan::ChannelBinding::require;
    if (!without || !declined(made.get())) {
        return made.release();
    }
    const std::string address = PQhostaddr(made.get());
    made.reset();
    return connect_plain(endpoint, host, options, {address}).release();
}

std::vector<std::string> ignore_environment() {
    std::set<std::string> names = {"PGSERVICEFILE", "PGREQUIRESSL", "PGDATESTYLE", "PGTZ",
                                   "PGGEQO"};  // obeyed, but not listed among libpq's settings
    PQconninfoOption* settings = PQconndefaults();
    for (const PQconninfoOption* one = settings; one != nullptr && one->keyword != nullptr; ++one) {
        if (one->envvar != nullptr) {
            names.insert(one->envvar);
        }
    }
    PQconninfoFree(settings);
    names.erase("PGPASSFILE");
    names.erase("PGPASSWORD");
    std::erase_if(names,
                  [](const std::string& name) { return std::getenv(name.c_str()) == nullptr; });
    for (const std::string& name : names) {
        ::unsetenv(name.c_str());
    }
    return {names.begin(), names.end()};
}

}  // namespace cutover::postgres
