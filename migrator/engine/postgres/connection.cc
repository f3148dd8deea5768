#include "migrator/engine/postgres/connection.h"

#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <set>
#include <utility>

#include "migrator/engine/postgres/connecting.h"
#include "migrator/engine/postgres/error.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Settings under which a value has one form only. search_path is emptied to what the system needs,
/// so that every name we see or use is qualified.
constexpr const char* kSession =
    "SET client_encoding='UTF8'; SET timezone='UTC'; SET datestyle='ISO, YMD'; SET "
    "intervalstyle='postgres';"
    " SET extra_float_digits=3; SET bytea_output='hex'; SET lc_monetary='C'; SET "
    "xmloption='content';"
    " SET statement_timeout=0; SET lock_timeout=0; SET idle_in_transaction_session_timeout=0;"
    " SET search_path=pg_catalog; SET quote_all_identifiers=off; SET row_security=off;"
    " SET synchronize_seqscans=off; SET standard_conforming_strings=on;"
    " SET default_transaction_isolation='read committed'; SET default_transaction_deferrable=off;"
    // A source is frozen by switching this on for its database; what the task writes there (its
    // slot, its publication, heartbeats) is no data of the application's.
    " SET default_transaction_read_only=off";

/// Timeouts of later versions that would end a long copy or a waiting session.
std::string later_timeouts(int version) {
    std::string sql;
    if (version >= 140000) {
        sql += "; SET idle_session_timeout=0";
    }
    if (version >= 170000) {
        sql += "; SET transaction_timeout=0";
    }
    return sql;
}

constexpr std::chrono::seconds kSettleWithin(30);

void quiet(void*, const pg_result*) {}

/// Hosts that this process has been connected to: their names are right. Any thread.
class ReachedHosts {
public:
    void add(const std::string& host) {
        const std::lock_guard lock(mutex_);
        hosts_.insert(host);
    }
    bool contains(const std::string& host) const {
        const std::lock_guard lock(mutex_);
        return hosts_.contains(host);
    }

private:
    mutable std::mutex mutex_;
    std::set<std::string> hosts_;
};

ReachedHosts& reached_hosts() {
    static ReachedHosts hosts;
    return hosts;
}

}  // namespace

Result::Result(pg_result* result) : result_(result) {}
void Result::Clear::operator()(pg_result* result) const {
    PQclear(result);
}
int Result::rows() const {
    return PQntuples(result_.get());
}
int Result::columns() const {
    return PQnfields(result_.get());
}
bool Result::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) != 0;
}
std::string_view Result::get(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}
std::int64_t Result::integer(int row, int column) const {
    const std::string_view text = get(row, column);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    CUTOVER_CHECK(parsed.ec == std::errc());
    return value;
}
std::uint64_t Result::affected() const {
    const std::string_view text = PQcmdTuples(result_.get());
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Connection::Connection(pg_conn* connection) : connection_(connection) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;
void Connection::Finish::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

Connection Connection::open_host(const plan::Endpoint& endpoint, const plan::HostPort& host,
                                 const ConnectOptions& options) {
    pg_conn* raw = connect_host(endpoint, host, options);
    Connection connection(raw);
    PQsetNoticeReceiver(raw, quiet, nullptr);
    if (PQstatus(raw) != CONNECTION_OK) {
        plan::Endpoint one = endpoint;
        one.hosts = {host};
        throw connection_error(raw, one.display(), reached_hosts().contains(host.host));
    }
    reached_hosts().add(host.host);
    connection.settle();
    return connection;
}

/// Within a limit: a server that is stopped takes a connection and answers nothing.
void Connection::settle() {
    if (!exec_within(kSession + later_timeouts(server_version()), kSettleWithin)) {
        throw Error(ErrorClass::connection, "postgres.silent",
                    "the server took the connection and does not answer",
                    "look at its load and at its log");
    }
}

void Connection::renew(const std::string& application_name) {
    exec("DISCARD ALL");  // by itself: it refuses the implicit transaction of several statements
    settle();
    exec("SET application_name=" + quote_literal(application_name));
}

/// Host by host, not by libpq's own list: that one gives up on all of them if the first takes the
/// connection and drops it, as a balancer in front of a dead server does.
Connection Connection::open(const plan::Endpoint& endpoint, const ConnectOptions& options) {
    std::vector<Error> errors;
    for (const plan::HostPort& host : endpoint.hosts) {
        try {
            return open_host(endpoint, host, options);
        } catch (const Error& error) {
            errors.push_back(error);
        }
    }
    CUTOVER_CHECK(!errors.empty());
    // Worth waiting for if any of them may come back.
    const auto away = std::find_if(errors.begin(), errors.end(),
                                   [](const Error& error) { return error.may_retry(); });
    const Error& first = away == errors.end() ? errors.front() : *away;
    if (errors.size() == 1) {
        throw first;
    }
    std::string all;
    for (const Error& error : errors) {
        all += (all.empty() ? "" : "; ") + error.message();
    }
    throw Error(first.error_class(), first.code(), all, first.hint());
}

Result Connection::check(pg_result* result, std::string_view sql) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || result == nullptr) {
        Error error = error_from(result, raw(), sql);
        PQclear(result);
        throw error;
    }
    return Result(result);
}

Result Connection::exec(const std::string& sql) {
    return check(PQexec(raw(), sql.c_str()), sql);
}

std::optional<Result> Connection::exec_within(const std::string& sql,
                                              std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    if (PQsendQuery(raw(), sql.c_str()) == 0) {
        throw error_from(nullptr, raw(), sql);
    }
    bool late = false;
    while (PQisBusy(raw()) != 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0 && !std::exchange(late, true)) {
            cancel();
        }
        pollfd readable{PQsocket(raw()), POLLIN, 0};
        const auto wait =
            std::clamp(left, std::chrono::milliseconds(100), std::chrono::milliseconds(1000));
        ::poll(&readable, 1, static_cast<int>(wait.count()));
        if (PQconsumeInput(raw()) == 0) {
            throw error_from(nullptr, raw(), sql);
        }
    }
    pg_result* result = nullptr;  // the last one's, as PQexec gives it
    while (pg_result* next = PQgetResult(raw())) {
        PQclear(result);
        result = next;
    }
    if (late && PQresultStatus(result) == PGRES_FATAL_ERROR) {
        PQclear(result);
        return std::nullopt;
    }
    return check(result, sql);
}

namespace {

pg_result* run_params(pg_conn* connection, const std::string& sql,
                      const std::vector<Parameter>& parameters, int format) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
        values.push_back(parameter ? parameter->c_str() : nullptr);
    }
    return PQexecParams(connection, sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, format);
}

}  // namespace

Result Connection::exec_params(const std::string& sql, const std::vector<Parameter>& parameters) {
    return check(run_params(raw(), sql, parameters, 0), sql);
}

Result Connection::exec_params_binary(const std::string& sql,
                                      const std::vector<Parameter>& parameters) {
    return check(run_params(raw(), sql, parameters, 1), sql);
}

void Connection::begin_copy_out(const std::string& sql) {
    const Result result = check(PQexec(raw(), sql.c_str()), sql);
}

bool Connection::copy_read(std::string& out) {
    char* data = nullptr;
    const int length = PQgetCopyData(raw(), &data, 0);
    if (length > 0) {
        out.append(data, static_cast<std::size_t>(length));
        PQfreemem(data);
        return true;
    }
    // -1: the copy is done; -2: it failed. Either way the results tell, and must all be taken.
    std::optional<Error> failure;
    if (length == -2) {
        failure = error_from(nullptr, raw(), "COPY TO");
    }
    while (pg_result* result = PQgetResult(raw())) {
        if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
            failure = error_from(result, raw(), "COPY TO");
        }
        PQclear(result);
    }
    if (failure) {
        throw *failure;
    }
    return false;
}

void Connection::begin_copy_in(const std::string& sql) {
    const Result result = check(PQexec(raw(), sql.c_str()), sql);
}

void Connection::copy_write(std::string_view data) {
    // libpq buffers what the socket does not take at once; pieces keep that buffer small.
    constexpr std::size_t kPiece = 1 << 20;
    while (!data.empty()) {
        const std::string_view piece = data.substr(0, kPiece);
        if (PQputCopyData(raw(), piece.data(), static_cast<int>(piece.size())) != 1) {
            throw error_from(nullptr, raw(), "COPY FROM");
        }
        data.remove_prefix(piece.size());
    }
}

std::uint64_t Connection::copy_end() {
    if (PQputCopyEnd(raw(), nullptr) != 1) {
        throw error_from(nullptr, raw(), "COPY FROM");
    }
    std::uint64_t rows = 0;
    std::optional<Error> failure;
    while (pg_result* result = PQgetResult(raw())) {
        if (PQresultStatus(result) == PGRES_COMMAND_OK) {
            rows = Result(result).affected();
            continue;
        }
        failure = error_from(result, raw(), "COPY FROM");
        PQclear(result);
    }
    if (failure) {
        throw *failure;
    }
    return rows;
}

void Connection::copy_fail() noexcept {
    PQputCopyEnd(raw(), "given up");
    while (pg_result* result = PQgetResult(raw())) {
        PQclear(result);
    }
}

bool Connection::in_transaction() const {
    const PGTransactionStatusType status = PQtransactionStatus(raw());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void Connection::rollback() noexcept {
    if (PQtransactionStatus(raw()) == PQTRANS_ACTIVE) {
        copy_fail();
    }
    if (in_transaction()) {
        PQclear(PQexec(raw(), "ROLLBACK"));
    }
}

bool Connection::alive() const noexcept {
    return PQstatus(raw()) == CONNECTION_OK;
}

bool Connection::still_there() noexcept {
    // A server that ends a session says so first: the end of the stream comes after that.
    for (int look = 0; look < 3; ++look) {
        pollfd readable{PQsocket(raw()), POLLIN, 0};
        if (::poll(&readable, 1, 0) <= 0) {
            break;
        }
        if (PQconsumeInput(raw()) == 0) {
            return false;
        }
    }
    return alive();
}

void Connection::cancel() noexcept {
    PGcancel* cancel = PQgetCancel(raw());
    if (cancel != nullptr) {
        char text[256];
        PQcancel(cancel, text, sizeof text);
        PQfreeCancel(cancel);
    }
}

int Connection::server_process() const {
    return PQbackendPID(raw());
}

std::string Connection::application_name() const {
    const char* name = PQparameterStatus(raw(), "application_name");
    return name == nullptr ? "" : name;
}

int Connection::server_version() const {
    return PQserverVersion(raw());
}

/// By TLS, or because the bytes never leave this machine: a socket in a folder, the loopback, or an
/// address that both ends have.
bool Connection::private_line() const {
    sockaddr_storage here{};
    sockaddr_storage there{};
    socklen_t length = sizeof here;
    socklen_t other = sizeof there;
    if (PQsslInUse(raw()) != 0 ||
        ::getsockname(PQsocket(raw()), reinterpret_cast<sockaddr*>(&here), &length) != 0 ||
        ::getpeername(PQsocket(raw()), reinterpret_cast<sockaddr*>(&there), &other) != 0) {
        return PQsslInUse(raw()) != 0;
    }
    if (here.ss_family == AF_INET) {
        return reinterpret_cast<const sockaddr_in&>(here).sin_addr.s_addr ==
               reinterpret_cast<const sockaddr_in&>(there).sin_addr.s_addr;
    }
    return here.ss_family != AF_INET6 ||
           IN6_ARE_ADDR_EQUAL(&reinterpret_cast<const sockaddr_in6&>(here).sin6_addr,
                              &reinterpret_cast<const sockaddr_in6&>(there).sin6_addr);
}

plan::Endpoint Connection::same_host(const plan::Endpoint& endpoint) const {
    plan::Endpoint out = endpoint;
    const std::string host = PQhost(raw());
    const std::string port = PQport(raw());
    std::erase_if(out.hosts, [&](const plan::HostPort& known) {
        return known.host != host || std::to_string(known.port) != port;
    });
    CUTOVER_CHECK(!out.hosts.empty());
    return out;
}

std::string Connection::quote_literal(std::string_view text) const {
    char* quoted = PQescapeLiteral(raw(), text.data(), text.size());
    CUTOVER_CHECK(quoted != nullptr);
    std::string out(quoted);
    PQfreemem(quoted);
    return out;
}

std::string quote_identifier(std::string_view name) {
    std::string out = "\"";
    for (const char letter : name) {
        out += letter;
        if (letter == '"') {
            out += '"';
        }
    }
    return out + "\"";
}

std::string quote(const model::ObjectName& name) {
    return name.schema.empty() ? quote_identifier(name.name)
                               : quote_identifier(name.schema) + "." + quote_identifier(name.name);
}

std::string names_as_rows(const Connection& connection, const std::vector<model::ObjectName>& names,
                          std::size_t from, std::size_t to, const std::string& alias) {
    std::string rows;
    for (std::size_t at = from; at < to; ++at) {
        rows += (rows.empty() ? "(" : ",(") + std::to_string(at) + "," +
                connection.quote_literal(names[at].schema) + "," +
                connection.quote_literal(names[at].name) + ")";
    }
    if (rows.empty()) {
        return "(SELECT 0, '', '' WHERE false) AS " + alias + "(at, schema, name)";
    }
    return "(VALUES " + rows + ") AS " + alias + "(at, schema, name)";
}

std::string array_literal(const std::vector<std::string>& elements) {
    std::string out = "{";
    for (const std::string& element : elements) {
        out += out.size() == 1 ? "\"" : ",\"";
        for (const char letter : element) {
            if (letter == '"' || letter == '\\') {
                out += '\\';
            }
            out += letter;
        }
        out += '"';
    }
    return out + "}";
}

}  // namespace cutover::postgres
