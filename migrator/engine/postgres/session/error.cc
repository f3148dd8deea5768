#include "migrator/engine/postgres/session/error.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// The beginning of the codes of errors that a server has sent; its SQLSTATE follows.
constexpr std::string_view kServerError = "postgres.";

/// What a pooler answers to a session that is to read the log.
constexpr std::string_view kNoReplication = "unsupported startup parameter: replication";

/// What libpq, a server or a pooler says of a connection that waiting will not bring about.
constexpr std::string_view kRefusals[] = {
    // who the account is, and whether it is allowed
    "password authentication failed",
    "no password supplied",
    "authentication failed",
    "authentication method",
    "pg_hba.conf",
    "permission denied",
    "must be superuser or replication",
    "is not permitted to log in",
    "no such user",
    // what is asked for
    "does not exist",
    "no such database",
    "unsupported startup parameter",
    "unrecognized configuration parameter",
    "unsupported frontend protocol",
    "invalid port number",
    // how it is secured
    "certificate",
    "root.crt",
    "private key",
    "server does not support SSL",
};

std::string trimmed(const char* text) {
    std::string out = without_guess(text == nullptr ? "" : text);
    while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) {
        out.pop_back();
    }
    return out;
}

std::string field(const pg_result* result, int code) {
    return trimmed(PQresultErrorField(result, code));
}

std::string hint_for(std::string_view sqlstate, const std::string& server_hint) {
    if (sqlstate == "53100") {
        return "free space on the server's disk; the task goes on by itself within its retry "
               "window, "
               "and where it was when it is started again after that";
    }
    if (!server_hint.empty()) {
        return server_hint;
    }
    if (sqlstate == "42501") {
        return "grant the missing privilege to the task's account and start again";
    }
    return {};
}

}  // namespace

const std::vector<StateClass> kStateClasses = {
    // The session, the server or the way to it is gone: it comes back, or another host answers.
    {"08", ErrorClass::connection, "connection exception"},
    {"08P01", ErrorClass::operation, "bytes that are no value of the type"},
    {"25006", ErrorClass::connection, "the server has become a standby; another may be primary"},
    {"25P03", ErrorClass::connection, "the server has ended an idle session"},
    {"25P04", ErrorClass::connection, "the server has ended a long transaction's session"},
    {"53300", ErrorClass::connection, "too many connections"},
    {"57P0", ErrorClass::connection, "the server ends sessions, or does not take any yet"},
    // Trying again does not help: a person has to act.
    {"0A", ErrorClass::refused, "feature not supported"},
    {"0L", ErrorClass::refused, "invalid grantor"},
    {"0P", ErrorClass::refused, "invalid role specification"},
    {"21", ErrorClass::refused, "cardinality violation"},
    {"22", ErrorClass::refused, "a value that does not fit"},
    {"28", ErrorClass::refused, "invalid authorization"},
    {"2B", ErrorClass::refused, "others depend on it"},
    {"38", ErrorClass::refused, "a function of the user's has failed"},
    {"39", ErrorClass::refused, "a function of the user's was called wrongly"},
    {"3D", ErrorClass::refused, "no such database"},
    {"3F", ErrorClass::refused, "no such schema"},
    {"42", ErrorClass::refused, "wrong statement, missing object or right"},
    {"44", ErrorClass::refused, "a view's check option"},
    {"54", ErrorClass::refused, "a limit of the program"},
    {"55000", ErrorClass::refused, "the object is not in the state that this needs"},
    {"55P02", ErrorClass::refused, "a setting that cannot be changed now"},
    {"55P04", ErrorClass::refused, "an enum label that is too new"},
    {"P0", ErrorClass::refused, "a trigger or function of the user's has raised it"},
    // Foreign rows are in the way.
    {"23", ErrorClass::conflict, "integrity constraint violation"},
    {"40002", ErrorClass::conflict, "integrity constraint violation at the commit"},
    // Stored data are damaged.
    {"XX001", ErrorClass::corrupt, "data corrupted"},
    {"XX002", ErrorClass::corrupt, "index corrupted"},
};

std::string without_guess(std::string text) {
    constexpr std::string_view kGuess = "\n\tThis probably means the server terminated abnormally";
    constexpr std::string_view kLast = "request.";
    const std::size_t guess = text.find(kGuess);
    const std::size_t last = text.find(kLast, guess);
    if (guess != std::string::npos && last != std::string::npos) {
        text.erase(guess, last + kLast.size() - guess);
    }
    return text;
}

std::string statement_head(std::string_view sql) {
    std::string_view start = sql.substr(0, sql.find('\''));
    std::string out(start.substr(0, 120));
    return start.size() < sql.size() ? out + "..." : out;
}

namespace {

/// What a server says if a value does not fit into its memory; the error may have no code of its
/// own.
constexpr std::string_view kTooLargeToHold = "invalid memory alloc request size";

bool too_large(std::string_view sqlstate, std::string_view message) {
    return sqlstate.starts_with("54") || message.starts_with(kTooLargeToHold);
}

}  // namespace

ErrorClass classify(std::string_view sqlstate, std::string_view message) {
    if (sqlstate.empty()) {
        return ErrorClass::connection;
    }
    if (too_large(sqlstate, message)) {
        return ErrorClass::refused;
    }
    const StateClass* found = nullptr;
    for (const StateClass& one : kStateClasses) {
        if (sqlstate.starts_with(one.state) &&
            (found == nullptr || one.state.size() > found->state.size())) {
            found = &one;
        }
    }
    return found == nullptr ? ErrorClass::operation : found->error_class;
}

CopyPlace copy_place(const pg_result* result) {
    constexpr std::string_view kLine = ", line ";
    constexpr std::string_view kColumn = ", column ";
    CopyPlace place;
    const std::string context = field(result, PG_DIAG_CONTEXT);
    const std::size_t line = context.find(kLine);
    if (!context.starts_with("COPY ") || line == std::string::npos) {
        return place;
    }
    std::uint64_t row = 0;
    const char* digits = context.data() + line + kLine.size();
    const auto parsed = std::from_chars(digits, context.data() + context.size(), row);
    if (parsed.ec == std::errc()) {
        place.row = row;
    }
    const std::size_t column = context.find(kColumn, line);
    if (column != std::string::npos) {
        const std::size_t from = column + kColumn.size();
        place.column = context.substr(from, context.find_first_of(":\n", from) - from);
    }
    return place;
}

std::string value_hint(std::string_view sqlstate) {
    if (sqlstate == "22P05" || sqlstate == "22021") {
        return "migrate into a database with the source's encoding (CREATE DATABASE ... ENCODING "
               "'UTF8' TEMPLATE template0), or change the value at the source";
    }
    if (sqlstate == "22P02" || sqlstate == "22P03") {
        return "the destination's type does not know the value: add what it lacks (a label of "
               "an enum, say), change the value at the source, or exclude the column "
               "(objects.exclude_columns)";
    }
    if (sqlstate == "22001" || sqlstate == "22003") {
        return "make the destination's column as wide as the source's";
    }
    return "change the value at the source, or exclude the column (objects.exclude_columns)";
}

std::string character_in(std::string_view message) {
    constexpr std::string_view kWords = "byte sequence ";
    std::size_t at = message.find(kWords);
    if (at == std::string_view::npos) {
        return "";
    }
    std::string bytes;
    for (at += kWords.size(); message.substr(at, 2) == "0x"; at += 5) {
        unsigned byte = 0;
        std::from_chars(message.data() + at + 2, message.data() + std::min(at + 4, message.size()),
                        byte, 16);
        bytes += static_cast<char>(byte);
    }
    return bytes.empty() ? "" : "'" + bytes + "'";
}

Error error_from(const pg_result* result, const pg_conn* connection, std::string_view sql) {
    const std::string state = result == nullptr ? "" : field(result, PG_DIAG_SQLSTATE);
    if (state.empty() || PQstatus(connection) == CONNECTION_BAD) {
        return Error(ErrorClass::connection, "postgres.connection_lost",
                     "connection lost: " + trimmed(PQerrorMessage(connection)));
    }
    std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string table = field(result, PG_DIAG_TABLE_NAME);
    if (!table.empty()) {
        message += " (table " + field(result, PG_DIAG_SCHEMA_NAME) + "." + table + ")";
    }
    const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    if (!detail.empty()) {
        message += ": " + detail;
    }
    const CopyPlace place = copy_place(result);
    if (!place.column.empty()) {
        message += " (column " + place.column + ")";
    }
    const std::string primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
    std::string hint = hint_for(state, field(result, PG_DIAG_MESSAGE_HINT));
    if (hint.empty() && too_large(state, primary)) {
        hint =
            "a server handles up to 1 GB at once, and needs more room for a row than its values "
            "have bytes (old and new row together, text forms): make the row smaller at the "
            "source, or exclude its table";
    }
    return Error(classify(state, primary), "postgres." + state,
                 message + "; in: " + statement_head(sql), hint);
}

ErrorClass connect_class(std::string_view message, bool reached) {
    const auto says = [&](std::string_view words) {
        return message.find(words) != std::string_view::npos;
    };
    if (says("could not translate host name")) {
        // A name that was right before is still right: the name service has failed for a moment.
        return reached || says("Temporary failure") ? ErrorClass::connection : ErrorClass::refused;
    }
    return std::any_of(std::begin(kRefusals), std::end(kRefusals), says) ? ErrorClass::refused
                                                                         : ErrorClass::connection;
}

Error connection_error(const pg_conn* connection, const std::string& endpoint, bool reached) {
    const std::string message = trimmed(PQerrorMessage(connection));
    const bool user_must_act = connect_class(message, reached) == ErrorClass::refused;
    if (message.find(kNoReplication) != std::string::npos) {
        return Error(
            ErrorClass::refused, "postgres.pooler",
            "cannot connect to " + endpoint + ": " + message,
            "a connection pooler stands in front of the server, and the log cannot be read "
            "through one: name the server itself");
    }
    return Error(user_must_act ? ErrorClass::refused : ErrorClass::connection,
                 user_must_act ? "postgres.connect_refused" : "postgres.unreachable",
                 "cannot connect to " + endpoint + ": " + message,
                 user_must_act
                     ? "correct the endpoint in the task file (host, database, user, password, tls)"
                     : "check that the server runs and can be reached from here");
}

Error value_refused(const Error& error, const std::string& code, const std::string& table,
                    const std::string& row) {
    const std::string character = character_in(error.message());
    return Error(ErrorClass::refused, code,
                 "table " + table + " cannot hold a value of the source" +
                     (row.empty() ? "" : ", in the row " + row) + ": " +
                     (character.empty() ? "" : "the character " + character + ": ") +
                     error.message(),
                 value_hint(std::string_view(error.code()).substr(kServerError.size())));
}

Error about(const Error& error, const std::string& object) {
    return Error(error.error_class(), error.code(), object + ": " + error.message(), error.hint());
}

bool has_state(const Error& error, std::string_view prefix) {
    return error.code().starts_with(kServerError) &&
           std::string_view(error.code()).substr(kServerError.size()).starts_with(prefix);
}

bool says_exists(const Error& error) {
    return has_state(error, "42P07") || has_state(error, "42710") || has_state(error, "42P16") ||
           has_state(error, "42P06");
}

}  // namespace cutover::postgres
