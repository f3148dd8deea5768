#include "tests/support/test_accounts.h"

#include <fmt/format.h>

#include "fixtures/postgres/postgres_account.h"

namespace cutover::tests {

namespace {

std::string application_of(const std::string& database) {
    return database + "_application";
}

std::string mover_of(const std::string& database) {
    return database + "_mover";
}

fixtures::PostgresEndpoint as(const fixtures::PostgresServer& server, const std::string& database,
                              const fixtures::PostgresAccount& account) {
    return server.endpoint(database).as_user(account.name, account.password);
}

void make_database(const fixtures::PostgresServer& server, const std::string& name) {
    server.connect().query("CREATE DATABASE " + fixtures::quoted_name(name));
}

}  // namespace

SourceAccounts SourceAccounts::on(const fixtures::PostgresServer& server) const {
    const fixtures::PostgresEndpoint there = server.endpoint(mover.database);
    return {there.as_user(application.user, application.password),
            there.as_user(mover.user, mover.password)};
}

SourceAccounts make_source_accounts(const fixtures::PostgresServer& server,
                                    const std::string& database) {
    drop_accounts(server, database);
    const fixtures::PostgresAccount application =
        fixtures::make_application(server, application_of(database), database);
    const fixtures::PostgresAccount mover =
        fixtures::make_source_mover(server, mover_of(database), database, application.name);
    return {as(server, database, application), as(server, database, mover)};
}

fixtures::PostgresEndpoint make_destination_account(const fixtures::PostgresServer& server,
                                                    const std::string& database) {
    drop_accounts(server, database);
    return as(server, database,
              fixtures::make_destination_mover(server, mover_of(database), database));
}

SourceAccounts make_source_database(const fixtures::PostgresServer& server,
                                    const std::string& database) {
    make_database(server, database);
    return make_source_accounts(server, database);
}

fixtures::PostgresEndpoint make_destination_database(const fixtures::PostgresServer& server,
                                                     const std::string& database) {
    make_database(server, database);
    return make_destination_account(server, database);
}

void grant_replication_role(const fixtures::PostgresServer& server,
                            const fixtures::PostgresEndpoint& mover) {
    server.connect().query("GRANT SET ON PARAMETER session_replication_role TO " +
                           fixtures::quoted_name(mover.user));
}

void drop_accounts(const fixtures::PostgresServer& server, const std::string& database) {
    fixtures::PostgresClient client = server.connect();
    for (const std::string& role : {mover_of(database), application_of(database)}) {
        const std::string known =
            "SELECT FROM pg_roles WHERE rolname = " + fixtures::quoted_text(role);
        if (!client.query(known).empty()) {
            const std::string name = fixtures::quoted_name(role);
            client.query("DROP OWNED BY " + name + "; DROP ROLE " + name);
        }
    }
}

}  // namespace cutover::tests
