// One libpq connection to PostgreSQL, with the session settings under which values have one form
// only (UTC, ISO dates, exact floats, no surprises from the role's own settings). Everything in
// this folder and the judge's readers talk through it; libpqxx is not used because COPY in binary,
// pipelines and the replication protocol need libpq anyhow, and one way of doing a thing is enough.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "migrator/engine/postgres/session/attention.h"
#include "migrator/model/name.h"
#include "migrator/plan/endpoint.h"

struct pg_conn;
struct pg_result;

namespace cutover::postgres {

/// A query's rows, in text form unless asked for otherwise. Immutable once made.
class Result {
public:
    explicit Result(pg_result* result);

    int rows() const;
    int columns() const;
    bool is_null(int row, int column) const;
    /// Empty for NULL.
    std::string_view get(int row, int column) const;
    std::string text(int row, int column) const { return std::string(get(row, column)); }
    /// Throws: corrupt `postgres.no_number` (NULL, or not a whole number of 64 bits).
    std::int64_t integer(int row, int column) const;
    /// The server was to pick one of `count` items of ours by its number, from 0. Throws: corrupt
    /// `postgres.no_number`.
    std::size_t index(int row, int column, std::size_t count) const;
    /// A bytea of up to eight bytes, in text form, as the number that they are.
    /// Throws: corrupt `postgres.no_number`.
    std::int64_t big_endian(int row, int column) const;
    bool boolean(int row, int column) const { return get(row, column) == "t"; }
    /// Rows that an INSERT, UPDATE, DELETE or COPY has touched.
    std::uint64_t affected() const;

private:
    struct Clear {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

/// A parameter of exec_params: nullopt is NULL; text form.
using Parameter = std::optional<std::string>;

/// Parameters in binary form; nullopt is NULL. The bytes must live until the server has them.
using BinaryParameters = std::vector<std::optional<std::string_view>>;

/// BinaryParameters in libpq's form; the parameters must outlive it.
class ParameterArrays {
public:
    explicit ParameterArrays(const BinaryParameters& parameters);
    int count() const { return static_cast<int>(values_.size()); }
    const char* const* values() const { return values_.data(); }
    const int* lengths() const { return lengths_.data(); }
    const int* formats() const { return formats_.data(); }

private:
    std::vector<const char*> values_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
};

/// Statements as they are in the program's source; a text that is made at run time does not
/// convert.
class Statements {
public:
    template <std::size_t Size>
    // NOLINTNEXTLINE(google-explicit-constructor): a literal is safe.
    consteval Statements(const char (&text)[Size]) : text_(text) {}
    const char* text() const { return text_; }

private:
    const char* text_;
};

struct ConnectOptions {
    std::string application_name = "cutover";
    bool replication = false;      ///< walsender mode (`replication=database`)
    bool require_writable = true;  ///< skip standbys among the endpoint's hosts
    std::chrono::seconds connect_timeout{10};
    Attention attention{};
};

/// For one thread at a time. The destructor closes; what was not committed is lost.
class Connection {
public:
    /// Connects to the first host that answers and fits. The password goes to libpq as a parameter,
    /// never through a command line or the environment. Throws: connection (nobody answers),
    /// refused (wrong password, no such database, bad CA, a server that wants the password in clear
    /// without TLS), stopped (like every call that waits).
    static Connection open(const plan::Endpoint& endpoint, const ConnectOptions& options);
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Runs one statement. The server refuses a text in which another statement follows, so nothing
    /// that a server has told us can smuggle one in. (A replication connection has no such
    /// protection: there, only our own names go into a command, quoted.) Throws model::Error by
    /// SQLSTATE (error.h).
    Result exec(const std::string& sql);
    /// Runs the statements in one transaction if none is open; returns the last one's result.
    Result exec_script(Statements statements);
    /// Like exec(), for statements that may wait long: returns nothing if it took longer than
    /// `limit` and was cancelled.
    std::optional<Result> exec_within(const std::string& sql, std::chrono::milliseconds limit);
    Result exec_params(const std::string& sql, const std::vector<Parameter>& parameters);
    /// Like exec_params(), but asks for binary result columns.
    Result exec_params_binary(const std::string& sql, const std::vector<Parameter>& parameters);
    /// Takes parameters in binary form.
    Result exec_with(const std::string& sql, const BinaryParameters& parameters,
                     bool binary_result = false);

    /// How the waits of this connection are reported (`waiting for ...`); empty: the statement.
    void set_purpose(std::string purpose) { purpose_ = std::move(purpose); }
    const std::string& purpose() const { return purpose_; }
    const Attention& attention() const { return attention_; }

    /// Starts `COPY ... TO STDOUT`; then copy_read() until it gives false.
    void begin_copy_out(const std::string& sql);
    /// Appends what the server sends next (one CopyData message) to `out`. False at the end.
    bool copy_read(std::string& out);
    /// Starts `COPY ... FROM STDIN`; then copy_write()*, copy_end() or copy_fail().
    void begin_copy_in(const std::string& sql);
    void copy_write(std::string_view data);
    /// Returns the number of rows taken.
    std::uint64_t copy_end();
    /// The row, from 1, at which the last copy_end() failed; nothing if the server did not say.
    std::optional<std::uint64_t> refused_row() const { return refused_row_; }
    void copy_fail() noexcept;

    /// Resets what the session was used for: settings, temporary tables, locks, statements.
    /// Requires: no transaction is open. Throws: connection.
    void renew(const std::string& application_name);

    bool in_transaction() const;
    /// Ends an open transaction or copy without throwing.
    void rollback() noexcept;
    bool alive() const noexcept;
    /// Like alive(), and the server has not closed it while it was idle. Asks only the socket.
    bool still_there() noexcept;
    /// Asks the server, over a separate connection, to cancel what this one is running; waits only
    /// a moment for that. May be called by any thread.
    void cancel() noexcept;
    /// Closes the connection, whatever it is doing.
    void close() noexcept { connection_.reset(); }
    std::string application_name() const;
    std::string server_encoding() const;
    int server_version() const;  ///< as libpq reports it: 170005
    int server_process() const;  ///< the number of the server's process for this connection
    /// True if nobody on a network can read what is sent.
    bool private_line() const;
    /// `endpoint` with only the host that this connection is connected to, for a second connection
    /// that must reach the same server.
    plan::Endpoint same_host(const plan::Endpoint& endpoint) const;
    /// The host that this connection is connected to. Requires: it was opened with attention.
    const plan::Endpoint& same_host() const { return *host_; }
    std::string quote_literal(std::string_view text) const;

    // For the replication protocol and scripts, inside this folder only.
    pg_conn* raw() const { return connection_.get(); }
    /// Waits until all that was sent is on its way.
    void flush(ServerCall& call);
    /// Like PQgetResult(), for whatever was sent: the caller owns the result; null at the end.
    pg_result* last_words();
    pg_result* next_result(ServerCall& call);
    /// The last result, in the way of PQexec(): the first that begins a copy, if there is one.
    pg_result* last_result(ServerCall& call);
    /// Takes the last result if `sent`. Throws by SQLSTATE.
    Result finish(bool sent, ServerCall& call, std::string_view sql);

private:
    struct Finish {
        void operator()(pg_conn* connection) const;
    };
    using Handle = std::unique_ptr<pg_conn, Finish>;

    Connection(Handle connection, bool replication);
    static Handle connect(const plan::Endpoint& one, const ConnectOptions& options);
    static Connection open_host(const plan::Endpoint& endpoint, const plan::HostPort& host,
                                const ConnectOptions& options);
    void settle();
    Result check(pg_result* result, std::string_view sql);
    bool send(const std::string& sql);
    std::optional<Result> finish_within(bool sent, std::string_view sql,
                                        std::chrono::milliseconds limit);

    Handle connection_;
    Attention attention_{};
    std::shared_ptr<const plan::Endpoint> host_;  ///< null without attention
    std::string purpose_;
    std::optional<std::uint64_t> refused_row_;
    bool replication_ = false;
};

/// `name` as an identifier in SQL: always quoted, so that case and reserved words are safe.
std::string quote_identifier(std::string_view name);
std::string quote(const model::ObjectName& name);
/// `{"a","b"}`: an array parameter of any type.
std::string array_literal(const std::vector<std::string>& elements);
/// `(VALUES (0,'schema','name'), ...) AS alias(at, schema, name)` for names[from..to), to be joined
/// with pg_namespace and pg_class. Unlike to_regclass(), this never fails for lack of a right on a
/// schema.
std::string names_as_rows(const Connection& connection, const std::vector<model::ObjectName>& names,
                          std::size_t from, std::size_t to, const std::string& alias);

}  // namespace cutover::postgres
