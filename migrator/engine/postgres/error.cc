#include "migrator/engine/postgres/error.h"

#include <libpq-fe.h>

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

std::string trimmed(const char* text) {
    std::string out = text == nullptr ? "" : text;
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

std::string statement_head(std::string_view sql) {
    std::string_view start = sql.substr(0, sql.find('\''));
    std::string out(start.substr(0, 120));
    return start.size() < sql.size() ? out + "..." : out;
}

namespace {

/// What a server says in whose memory a value has no room: it may have no code of its own.
constexpr std::string_view kTooLargeToHold = "invalid memory alloc request size";

bool too_large(std::string_view sqlstate, std::string_view message) {
    return sqlstate.starts_with("54") || message.starts_with(kTooLargeToHold);
}

}  // namespace

ErrorClass classify(std::string_view sqlstate, std::string_view message) {
    const std::string_view group = sqlstate.substr(0, 2);
    // 25006: the server has become a standby; another of the endpoint's hosts may be the primary
    // now.
    if (group == "08" || sqlstate.starts_with("57P0") || sqlstate == "53300" ||
        sqlstate == "25006" || sqlstate.empty()) {
        return ErrorClass::connection;
    }
    // Trying again changes nothing: wrong values, wrong or missing objects, missing rights.
    // A limit of the server's, too: what goes beyond it once does so every time.
    if (group == "22" || group == "28" || group == "42" || sqlstate == "3D000" ||
        sqlstate == "0A000" || too_large(sqlstate, message)) {
        return ErrorClass::refused;
    }
    if (group == "23") {
        return ErrorClass::conflict;
    }
    if (sqlstate == "XX001" || sqlstate == "XX002") {
        return ErrorClass::corrupt;
    }
    return ErrorClass::operation;
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
        // A name that was right a while ago is right now: the name service has a bad moment.
        return reached || says("Temporary failure") ? ErrorClass::connection : ErrorClass::refused;
    }
    const bool user_must_act = says("password authentication failed") ||
                               says("no password supplied") || says("does not exist") ||
                               says("certificate") || says("pg_hba.conf") || says("root.crt") ||
                               says("server does not support SSL") || says("permission denied") ||
                               says("must be superuser or replication");
    return user_must_act ? ErrorClass::refused : ErrorClass::connection;
}

Error connection_error(const pg_conn* connection, const std::string& endpoint, bool reached) {
    const std::string message = trimmed(PQerrorMessage(connection));
    const bool user_must_act = connect_class(message, reached) == ErrorClass::refused;
    return Error(user_must_act ? ErrorClass::refused : ErrorClass::connection,
                 user_must_act ? "postgres.connect_refused" : "postgres.unreachable",
                 "cannot connect to " + endpoint + ": " + message,
                 user_must_act
                     ? "correct the endpoint in the task file (host, database, user, password, tls)"
                     : "check that the server runs and can be reached from here");
}

}  // namespace cutover::postgres
