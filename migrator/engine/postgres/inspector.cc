#include "migrator/engine/postgres/inspector.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "migrator/engine/postgres/catalog/catalog.h"
#include "migrator/engine/postgres/requirements/requirements.h"
#include "migrator/engine/postgres/requirements/schema_trial.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

namespace {

constexpr const char* kSessionName = "cutover inspector";

/// Indexes and identities of those names in tables[from..to) that are tables.
std::map<std::size_t, std::string> identities(Connection& session,
                                              const std::vector<model::ObjectName>& tables,
                                              std::size_t from, std::size_t to) {
    const Result rows = session.exec(
        "SELECT v.at, " + identity_sql("c") + " FROM " +
        names_as_rows(session, tables, from, to, "v") +
        " JOIN pg_namespace n ON n.nspname = v.schema JOIN pg_class c ON c.relnamespace = n.oid"
        " AND c.relname = v.name AND c.relkind IN ('r', 'p')");
    std::map<std::size_t, std::string> out;
    for (int row = 0; row < rows.rows(); ++row) {
        out.emplace(rows.index(row, 0, to), rows.text(row, 1));
    }
    return out;
}

/// Indexes of those that contain a row. Requires: a transaction is open.
std::vector<std::size_t> filled(Connection& session, const std::vector<model::ObjectName>& tables,
                                std::size_t from, std::size_t to) {
    std::string sql;
    for (const auto& [at, identity] : identities(session, tables, from, to)) {
        hold_relation(session, tables[at], identity);
        sql += (sql.empty() ? "" : " UNION ALL ") + std::string("SELECT ") + std::to_string(at) +
               " WHERE EXISTS (SELECT FROM " + quote(tables[at]) + ")";
    }
    std::vector<std::size_t> out;
    if (sql.empty()) {
        return out;
    }
    const Result rows = session.exec(sql);
    for (int row = 0; row < rows.rows(); ++row) {
        out.push_back(rows.index(row, 0, to));
    }
    return out;
}

Connection open_standby(const SessionPool& sessions) {
    ConnectOptions options;
    options.application_name = kSessionName;
    options.require_writable = false;
    options.attention = sessions.attention();
    return Connection::open(sessions.endpoint(), options);
}

}  // namespace

PostgresInspector::PostgresInspector(std::shared_ptr<SessionPool> sessions)
    : sessions_(std::move(sessions)) {}

PostgresInspector::~PostgresInspector() {
    if (connection_ && !at_standby_) {
        sessions_->give_back(std::move(*connection_));
    }
}

/// Connects to the writable host; to a standby only if there is no other, so that the precheck can
/// report it.
Connection& PostgresInspector::connection() {
    if (connection_ && connection_->alive()) {
        return *connection_;
    }
    connection_.reset();
    at_standby_ = false;
    try {
        connection_ = sessions_->take(kSessionName);
    } catch (const model::Error& error) {
        if (error.error_class() != model::ErrorClass::connection) {
            throw;
        }
        connection_ = open_standby(*sessions_);
        at_standby_ = true;
    }
    return *connection_;
}

engine::ServerFacts PostgresInspector::server() {
    const Result row = connection().exec(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int / "
        "10000,"
        " system_identifier, NOT pg_is_in_recovery(), current_setting('is_superuser') = 'on'"
        " FROM pg_control_system()");
    engine::ServerFacts facts;
    facts.engine = "PostgreSQL " + row.text(0, 0);
    facts.version = static_cast<int>(row.integer(0, 1));
    facts.system_identifier = row.text(0, 2);
    facts.writable = row.boolean(0, 3);
    facts.superuser = row.boolean(0, 4);
    facts.private_line = connection().private_line();
    return facts;
}

model::Catalog PostgresInspector::catalog(const plan::ObjectSelection& selection) {
    return read_catalog(connection(), selection);
}

std::vector<engine::Requirement> PostgresInspector::requirements(engine::Topic topic,
                                                                 const plan::TaskSpec& spec,
                                                                 const model::Catalog& catalog,
                                                                 bool as_source) {
    return as_source ? source_requirements(connection(), topic, spec, catalog)
                     : destination_requirements(connection(), topic, spec, catalog);
}

std::vector<model::ObjectName> PostgresInspector::non_empty(
    const std::vector<model::ObjectName>& tables) {
    constexpr std::size_t kPerStatement = 200;
    Connection& session = connection();
    std::vector<model::ObjectName> out;
    for (std::size_t from = 0; from < tables.size(); from += kPerStatement) {
        const std::size_t to = std::min(tables.size(), from + kPerStatement);
        session.exec("BEGIN READ ONLY");
        try {
            for (const std::size_t at : filled(session, tables, from, to)) {
                out.push_back(tables[at]);
            }
            session.exec("COMMIT");
        } catch (...) {
            session.rollback();
            throw;
        }
    }
    return out;
}

std::optional<engine::Trial> PostgresInspector::try_steps(
    const std::vector<plan::SchemaStep>& steps) {
    return postgres::try_steps(connection(), steps);
}

std::unique_ptr<engine::Inspector> make_inspector(const plan::Endpoint& endpoint) {
    return std::make_unique<PostgresInspector>(std::make_shared<SessionPool>(endpoint));
}

}  // namespace cutover::postgres
