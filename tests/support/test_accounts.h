// The accounts of a test's database: the application's, to which the database and its tables
// belong, and the smallest one for the product, which README.md has people make. None is a
// superuser.
//
// A test makes and changes the tables of a source as the application. What it makes at a
// destination beforehand, and what it looks at there, is the mover's own. For a deed that takes a
// superuser it connects by PostgresServer::connect(database).
#pragma once

#include <string>

#include "fixtures/postgres/postgres_server.h"

namespace cutover::tests {

/// One database as two accounts.
struct SourceAccounts {
    fixtures::PostgresEndpoint application;
    fixtures::PostgresEndpoint mover;  ///< what the product gets

    /// The same on another server, e.g. a standby.
    SourceAccounts on(const fixtures::PostgresServer& server) const;
};

/// Each makes the accounts of a database that is there, named after it; accounts of these names
/// that an earlier run has left are replaced.
SourceAccounts make_source_accounts(const fixtures::PostgresServer& server,
                                    const std::string& database);
fixtures::PostgresEndpoint make_destination_account(const fixtures::PostgresServer& server,
                                                    const std::string& database);
/// As above, and makes the database.
SourceAccounts make_source_database(const fixtures::PostgresServer& server,
                                    const std::string& database);
fixtures::PostgresEndpoint make_destination_database(const fixtures::PostgresServer& server,
                                                     const std::string& database);
/// What the precheck advises beyond the smallest account: rows come without firing triggers, so
/// foreign keys are added and validated beside the log.
void grant_replication_role(const fixtures::PostgresServer& server,
                            const fixtures::PostgresEndpoint& mover);
/// After the database. Fine if there are none.
void drop_accounts(const fixtures::PostgresServer& server, const std::string& database);

}  // namespace cutover::tests
