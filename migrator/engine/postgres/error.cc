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

ErrorClass classify(std::string_view sqlstate) {
    const std::string_view group = sqlstate.substr(0, 2);
    // 25006: the server has become a standby; another of the endpoint's hosts may be the primary
    // now.
    if (group == "08" || sqlstate.starts_with("57P0") || sqlstate == "53300" ||
        sqlstate == "25006" || sqlstate.empty()) {
        return ErrorClass::connection;
    }
    // Trying again changes nothing: wrong values, wrong or missing objects, missing rights.
    if (group == "22" || group == "28" || group == "42" || sqlstate == "3D000" ||
        sqlstate == "0A000") {
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
    return Error(classify(state), "postgres." + state, message + "; in: " + statement_head(sql),
                 hint_for(state, field(result, PG_DIAG_MESSAGE_HINT)));
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
