#include "migrator/engine/postgres/script.h"

#include <libpq-fe.h>

#include <algorithm>
#include <optional>

#include "migrator/engine/postgres/copy_rows.h"
#include "migrator/engine/postgres/error.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

namespace {

void send_rows(Connection& connection, std::string_view rows) {
    connection.copy_write(copy_header());
    connection.copy_write(rows);
    connection.copy_write(copy_trailer());
    if (PQputCopyEnd(connection.raw(), nullptr) != 1) {
        throw error_from(nullptr, connection.raw(), "COPY FROM");
    }
}

}  // namespace

std::size_t Script::add(const std::string& sql) {
    steps_.push_back({sql, {}, false});
    return steps_.size() - 1;
}

std::size_t Script::add_copy(const std::string& sql, std::string_view rows) {
    steps_.push_back({sql, rows, true});
    return steps_.size() - 1;
}

std::vector<std::uint64_t> Script::run(Connection& connection) const {
    std::string text;
    for (const Step& step : steps_) {
        text += step.sql + ";\n";
    }
    std::vector<std::uint64_t> touched;
    if (text.empty()) {
        return touched;
    }
    if (PQsendQuery(connection.raw(), text.c_str()) != 1) {
        throw ScriptError{0, error_from(nullptr, connection.raw(), text)};
    }
    ServerCall call(connection, text);
    std::optional<ScriptError> failure;
    while (pg_result* raw = connection.next_result(call)) {
        const Result result(raw);
        const ExecStatusType status = PQresultStatus(raw);
        if (status == PGRES_COPY_IN) {
            CUTOVER_CHECK(touched.size() < steps_.size() && steps_[touched.size()].copy);
            try {
                send_rows(connection, steps_[touched.size()].rows);
            } catch (const model::Error& error) {
                throw ScriptError{touched.size(), error};
            }
        } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
            touched.push_back(result.affected());
        } else if (!failure) {
            const std::size_t at = std::min(touched.size(), steps_.size() - 1);
            failure = ScriptError{at, error_from(raw, connection.raw(), steps_[at].sql)};
        }
    }
    if (!failure && touched.size() != steps_.size()) {
        failure = ScriptError{touched.size(), error_from(nullptr, connection.raw(), text)};
    }
    if (failure) {
        throw *failure;
    }
    return touched;
}

std::vector<std::uint64_t> Script::execute(Connection& connection) const {
    try {
        return run(connection);
    } catch (const ScriptError& failed) {
        throw failed.error;
    }
}

}  // namespace cutover::postgres
