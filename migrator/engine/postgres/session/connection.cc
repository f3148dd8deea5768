#include "migrator/engine/postgres/session/connection.h"

#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

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
namespace {

[[noreturn]] void throw_no_number(std::string_view text, const std::string& wanted) {
    throw Error(
        ErrorClass::corrupt, "postgres.no_number",
        "the server's answer has `" + std::string(text) + "` where " + wanted + " must stand",
        "it is no server that this program knows, or its catalog is damaged");
}

}  // namespace

std::int64_t Result::integer(int row, int column) const {
    const std::string_view text = get(row, column);
    std::int64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
        throw_no_number(text, "a whole number");
    }
    return value;
}

std::size_t Result::index(int row, int column, std::size_t count) const {
    const std::int64_t value = integer(row, column);
    if (value < 0 || static_cast<std::uint64_t>(value) >= count) {
        throw_no_number(get(row, column), "a number below " + std::to_string(count));
    }
    return static_cast<std::size_t>(value);
}

std::int64_t Result::big_endian(int row, int column) const {
    const std::string_view text = get(row, column);
    const std::string_view digits = text.substr(std::min<std::size_t>(text.size(), 2));
    std::int64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (!text.starts_with("\\x") || parsed.ec != std::errc() ||
        parsed.ptr != digits.data() + digits.size()) {
        throw_no_number(text, "the bytes of a number");
    }
    return value;
}

std::uint64_t Result::affected() const {
    const std::string_view text = PQcmdTuples(result_.get());
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Connection::Connection(Handle connection, bool replication)
    : connection_(std::move(connection)), replication_(replication) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;
void Connection::Finish::operator()(pg_conn* connection) const {
    PQfinish(connection);
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

void Connection::flush(ServerCall& call) {
    for (int left = PQflush(raw()); left != 0; left = PQflush(raw())) {
        if (left > 0) {
            call.wait(true);
        }
        // A server that has something to say may take no more until it has been read.
        if (left < 0 || PQconsumeInput(raw()) == 0) {
            throw error_from(nullptr, raw(), "");
        }
    }
}

/// For a connection that broke in the middle of an answer: the reason, if the server has sent one.
/// Anything else would be an incomplete answer (rows are missing), which libpq returns as if it
/// were complete.
/// libpq gives out as if it were whole.
pg_result* Connection::last_words() {
    pg_result* words = PQgetResult(raw());
    if (words != nullptr && PQresultStatus(words) != PGRES_FATAL_ERROR) {
        PQclear(words);
        throw error_from(nullptr, raw(), "");
    }
    return words;
}

pg_result* Connection::next_result(ServerCall& call) {
    flush(call);
    while (PQisBusy(raw()) != 0) {
        // Twice, because data that TLS has already taken from the socket does not make it readable
        // again.
        for (int look = 0; look < 2; ++look) {
            if (PQconsumeInput(raw()) == 0) {
                return last_words();
            }
        }
        if (PQisBusy(raw()) != 0) {
            call.wait();
        }
    }
    return PQgetResult(raw());
}

pg_result* Connection::last_result(ServerCall& call) {
    pg_result* last = nullptr;
    while (pg_result* next = next_result(call)) {
        PQclear(last);
        last = next;
        const ExecStatusType status = PQresultStatus(last);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH ||
            PQstatus(raw()) == CONNECTION_BAD) {
            break;
        }
    }
    return last;
}

Result Connection::finish(bool sent, ServerCall& call, std::string_view sql) {
    if (!sent) {
        throw error_from(nullptr, raw(), sql);
    }
    return check(last_result(call), sql);
}

/// The extended protocol takes only one statement; walsenders do not speak it.
bool Connection::send(const std::string& sql) {
    return (replication_ ? PQsendQuery(raw(), sql.c_str())
                         : PQsendQueryParams(raw(), sql.c_str(), 0, nullptr, nullptr, nullptr,
                                             nullptr, 0)) == 1;
}

Result Connection::exec(const std::string& sql) {
    ServerCall call(*this, sql);
    return finish(send(sql), call, sql);
}

Result Connection::exec_script(Statements statements) {
    ServerCall call(*this, statements.text());
    return finish(PQsendQuery(raw(), statements.text()) == 1, call, statements.text());
}

std::optional<Result> Connection::exec_within(const std::string& sql,
                                              std::chrono::milliseconds limit) {
    return finish_within(send(sql), sql, limit);
}

std::optional<Result> Connection::finish_within(bool sent, std::string_view sql,
                                                std::chrono::milliseconds limit) {
    ServerCall call(*this, sql);
    call.limit(limit);
    if (!sent) {
        throw error_from(nullptr, raw(), sql);
    }
    pg_result* result = last_result(call);
    if (call.late() && PQresultStatus(result) == PGRES_FATAL_ERROR) {
        PQclear(result);
        return std::nullopt;
    }
    return check(result, sql);
}

namespace {

bool send_params(pg_conn* connection, const std::string& sql,
                 const std::vector<Parameter>& parameters, int format) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
        values.push_back(parameter ? parameter->c_str() : nullptr);
    }
    return PQsendQueryParams(connection, sql.c_str(), static_cast<int>(values.size()), nullptr,
                             values.data(), nullptr, nullptr, format) == 1;
}

}  // namespace

Result Connection::exec_params(const std::string& sql, const std::vector<Parameter>& parameters) {
    ServerCall call(*this, sql);
    return finish(send_params(raw(), sql, parameters, 0), call, sql);
}

Result Connection::exec_params_binary(const std::string& sql,
                                      const std::vector<Parameter>& parameters) {
    ServerCall call(*this, sql);
    return finish(send_params(raw(), sql, parameters, 1), call, sql);
}

ParameterArrays::ParameterArrays(const BinaryParameters& parameters)
    : formats_(parameters.size(), 1) {
    values_.reserve(parameters.size());
    lengths_.reserve(parameters.size());
    for (const auto& parameter : parameters) {
        // libpq reads a null pointer as NULL, so an empty value still needs an address.
        values_.push_back(!parameter ? nullptr : parameter->empty() ? "" : parameter->data());
        lengths_.push_back(parameter ? static_cast<int>(parameter->size()) : 0);
    }
}

Result Connection::exec_with(const std::string& sql, const BinaryParameters& parameters,
                             bool binary_result) {
    const ParameterArrays arrays(parameters);
    ServerCall call(*this, sql);
    return finish(PQsendQueryParams(raw(), sql.c_str(), arrays.count(), nullptr, arrays.values(),
                                    arrays.lengths(), arrays.formats(), binary_result ? 1 : 0) == 1,
                  call, sql);
}

void Connection::begin_copy_out(const std::string& sql) {
    exec(sql);
}

bool Connection::copy_read(std::string& out) {
    ServerCall call(*this, "COPY TO");
    char* data = nullptr;
    int length = PQgetCopyData(raw(), &data, 1);
    for (int look = 1; length == 0; ++look) {
        if (PQconsumeInput(raw()) == 0) {
            throw error_from(nullptr, raw(), "COPY TO");
        }
        length = PQgetCopyData(raw(), &data, 1);
        if (length == 0 && look % 2 == 0) {
            call.wait();  // see next_result()
        }
    }
    if (length > 0) {
        out.append(data, static_cast<std::size_t>(length));
        PQfreemem(data);
        return true;
    }
    // -1: the copy is done; -2: it failed. Either way, the results tell, and all must be taken.
    std::optional<Error> failure;
    if (length == -2) {
        failure = error_from(nullptr, raw(), "COPY TO");
    }
    while (pg_result* result = next_result(call)) {
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
    exec(sql);
}

void Connection::copy_write(std::string_view data) {
    // libpq buffers what the socket does not take at once; pieces keep that buffer small.
    constexpr std::size_t kPiece = 1 << 20;
    ServerCall call(*this, "COPY FROM");
    while (!data.empty()) {
        const std::string_view piece = data.substr(0, kPiece);
        if (PQputCopyData(raw(), piece.data(), static_cast<int>(piece.size())) != 1) {
            throw error_from(nullptr, raw(), "COPY FROM");
        }
        flush(call);
        data.remove_prefix(piece.size());
    }
}

std::uint64_t Connection::copy_end() {
    refused_row_.reset();
    ServerCall call(*this, "COPY FROM");
    if (PQputCopyEnd(raw(), nullptr) != 1) {
        throw error_from(nullptr, raw(), "COPY FROM");
    }
    std::uint64_t rows = 0;
    std::optional<Error> failure;
    while (pg_result* result = next_result(call)) {
        if (PQresultStatus(result) == PGRES_COMMAND_OK) {
            rows = Result(result).affected();
            continue;
        }
        failure = error_from(result, raw(), "COPY FROM");
        refused_row_ = copy_place(result).row;
        PQclear(result);
    }
    if (failure) {
        throw *failure;
    }
    return rows;
}

void Connection::copy_fail() noexcept {
    if (PQputCopyEnd(raw(), "given up") != 1) {
        close();  // it reads: only closing the connection ends that
        return;
    }
    try {
        ServerCall call(*this, "COPY FROM");
        while (pg_result* result = next_result(call)) {
            PQclear(result);
        }
    } catch (const Error&) {
        close();
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
    if (!in_transaction()) {
        return;
    }
    try {
        exec("ROLLBACK");
    } catch (const Error&) {
        close();  // which also rolls back
    }
}

bool Connection::alive() const noexcept {
    return PQstatus(raw()) == CONNECTION_OK;
}

bool Connection::still_there() noexcept {
    // A server that ends a session says so first; the end of the stream comes after that.
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
    constexpr int kLooks = 3;  // of 0.1 s each: a server that hangs does not take a cancel either
    PGcancel* cancel = PQgetCancel(raw());
    if (cancel == nullptr) {
        return;
    }
    try {
        int looks = 0;
        aside<bool>(
            [cancel] {
                char text[256];
                const bool sent = PQcancel(cancel, text, sizeof text) == 1;
                PQfreeCancel(cancel);
                return sent;
            },
            [&] { return ++looks < kLooks; });
    } catch (const std::system_error&) {
        PQfreeCancel(cancel);  // no thread could be started
    }
}

int Connection::server_process() const {
    return PQbackendPID(raw());
}

std::string Connection::application_name() const {
    const char* name = PQparameterStatus(raw(), "application_name");
    return name == nullptr ? "" : name;
}

std::string Connection::server_encoding() const {
    const char* name = PQparameterStatus(raw(), "server_encoding");
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
    if (quoted == nullptr) {
        throw error_from(nullptr, raw(), "");
    }
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
