#include "migrator/engine/postgres/apply/script.h"

#include <libpq-fe.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

namespace {

void send_rows(Connection& connection, const StagedRows& rows) {
    rows.send(connection);
    if (PQputCopyEnd(connection.raw(), nullptr) != 1) {
        throw error_from(nullptr, connection.raw(), "COPY FROM");
    }
}

bool succeeded(const pg_result* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

}  // namespace

std::size_t Script::add(std::string sql, BinaryParameters parameters) {
    steps_.push_back({std::move(sql), std::move(parameters), nullptr});
    return steps_.size() - 1;
}

std::size_t Script::add_copy(std::string sql, const StagedRows& rows) {
    steps_.push_back({std::move(sql), {}, &rows});
    return steps_.size() - 1;
}

/// A COPY needs the simple protocol, parameters need the extended one; everything else works with
/// either.
std::size_t Script::end_of_run(std::size_t from) const {
    bool copies = false;
    bool parameters = false;
    for (std::size_t at = from; at < steps_.size(); ++at) {
        copies = copies || steps_[at].rows != nullptr;
        parameters = parameters || !steps_[at].parameters.empty();
        if (copies && parameters) {
            return at;
        }
    }
    return steps_.size();
}

std::vector<std::uint64_t> Script::run(Connection& connection) const {
    Touched touched;
    while (touched.size() < steps_.size()) {
        const std::size_t end = end_of_run(touched.size());
        const auto first = steps_.begin() + static_cast<std::ptrdiff_t>(touched.size());
        const bool pipeline =
            std::any_of(first, steps_.begin() + static_cast<std::ptrdiff_t>(end),
                        [](const Step& step) { return !step.parameters.empty(); });
        if (pipeline) {
            run_pipeline(connection, end, touched);
        } else {
            run_simple(connection, end, touched);
        }
    }
    return touched;
}

void Script::run_simple(Connection& connection, std::size_t end, Touched& touched) const {
    const std::size_t first = touched.size();
    std::string text;
    for (std::size_t at = first; at < end; ++at) {
        text += steps_[at].sql + ";\n";
    }
    if (PQsendQuery(connection.raw(), text.c_str()) != 1) {
        throw ScriptError{first, error_from(nullptr, connection.raw(), text)};
    }
    ServerCall call(connection, text);
    std::optional<ScriptError> failure;
    while (pg_result* raw = connection.next_result(call)) {
        const Result result(raw);
        const ExecStatusType status = PQresultStatus(raw);
        if (status == PGRES_COPY_IN) {
            CUTOVER_CHECK(touched.size() < end && steps_[touched.size()].rows != nullptr);
            try {
                send_rows(connection, *steps_[touched.size()].rows);
            } catch (const model::Error& error) {
                throw ScriptError{touched.size(), error};
            }
        } else if (succeeded(raw)) {
            touched.push_back(result.affected());
        } else if (!failure) {
            const std::size_t at = std::min(touched.size(), end - 1);
            failure = ScriptError{at, error_from(raw, connection.raw(), steps_[at].sql)};
        }
    }
    if (!failure && touched.size() != end) {
        failure = ScriptError{touched.size(), error_from(nullptr, connection.raw(), text)};
    }
    if (failure) {
        throw *failure;
    }
}

void Script::send(Connection& connection, std::size_t end, std::size_t first) const {
    for (std::size_t at = first; at < end; ++at) {
        const ParameterArrays arrays(steps_[at].parameters);
        if (PQsendQueryParams(connection.raw(), steps_[at].sql.c_str(), arrays.count(), nullptr,
                              arrays.values(), arrays.lengths(), arrays.formats(), 0) != 1) {
            throw ScriptError{at, error_from(nullptr, connection.raw(), steps_[at].sql)};
        }
    }
    if (PQpipelineSync(connection.raw()) != 1) {
        throw ScriptError{first, error_from(nullptr, connection.raw(), steps_[first].sql)};
    }
}

/// Each statement has its results, then a null pointer; the pipeline's own end comes last. After a
/// failure, the server skips the rest.
void Script::run_pipeline(Connection& connection, std::size_t end, Touched& touched) const {
    pg_conn* raw = connection.raw();
    CUTOVER_CHECK(PQenterPipelineMode(raw) == 1);
    send(connection, end, touched.size());
    std::size_t at = touched.size();
    ServerCall call(connection, steps_[at].sql);
    std::optional<ScriptError> failure;
    for (bool synced = false; !synced;) {
        pg_result* next = connection.next_result(call);
        if (next == nullptr) {
            if (!connection.alive()) {
                throw failure.value_or(
                    ScriptError{at, error_from(nullptr, raw, steps_[std::min(at, end - 1)].sql)});
            }
            CUTOVER_CHECK(at < end);
            ++at;
            continue;
        }
        const Result result(next);
        synced = PQresultStatus(next) == PGRES_PIPELINE_SYNC;
        if (succeeded(next)) {
            touched.push_back(result.affected());
        } else if (!synced && !failure) {
            const std::size_t failed = std::min(at, end - 1);
            failure = ScriptError{failed, error_from(next, raw, steps_[failed].sql)};
        }
    }
    CUTOVER_CHECK(PQexitPipelineMode(raw) == 1);
    if (failure) {
        throw *failure;
    }
}

std::vector<std::uint64_t> Script::execute(Connection& connection) const {
    try {
        return run(connection);
    } catch (const ScriptError& failed) {
        throw failed.error;
    }
}

}  // namespace cutover::postgres
