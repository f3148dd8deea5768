// A running PostgreSQL server for a live GoogleTest: one per version and test executable, started
// at first use, with a fresh, empty database for every test, dropped (by force) afterwards.
//
//     class MyTest : public cutover::tests::LivePostgres {};             // version 17
//     TEST_F(MyTest, ReadsARow) {
//         fixtures::PostgresClient client(accounts().application);  // to this test's database
//         run_the_product_on(accounts().mover);  // the account that README.md has people make
//     }
//     class OldTest : public cutover::tests::LivePostgresOf<15> {};
//
// Without servers (no image in the cache) a test is skipped aloud; with CUTOVER_REQUIRE_SERVERS=1,
// as in CI, it fails instead. On a failed test the end of the server's log is printed. Tests that
// need a server of their own (kills, standbys, TLS) take one from factory().
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fixtures/postgres/postgres_server.h"
#include "fixtures/server_factory.h"
#include "tests/support/test_accounts.h"

namespace cutover::tests {

/// The factory of this test executable; nullptr if no server can be had (then `*why` says why).
fixtures::ServerFactory* factory(std::string* why);

/// The factory of this test executable that insists on one body; nullptr likewise.
fixtures::ServerFactory* factory_of(fixtures::BodyKind kind, std::string* why);

/// Whether a test that finds no server must fail (CUTOVER_REQUIRE_SERVERS=1).
bool servers_required();

/// The running shared server of that version; nullptr likewise.
fixtures::PostgresServer* shared_postgres(int version, std::string* why);

/// Databases of one test on the shared server of a version. With drop(), or the object, they go
/// with all that a failed test may have left on them: slots, sessions; then their accounts.
class TestDatabases {
public:
    explicit TestDatabases(int version) : version_(version) {}
    ~TestDatabases();
    TestDatabases(const TestDatabases&) = delete;
    TestDatabases& operator=(const TestDatabases&) = delete;

    /// Call first. False if there is no server: the running test is then skipped, or fails where
    /// servers are required.
    bool find_server();
    fixtures::PostgresServer& server() { return *server_; }
    /// A new, empty database, as the superuser.
    fixtures::PostgresEndpoint make(const std::string& suffix);
    /// A new, empty database with its accounts (see test_accounts.h).
    SourceAccounts make_source(const std::string& suffix);
    fixtures::PostgresEndpoint make_destination(const std::string& suffix);
    /// Prints the end of the server's log if the running test has failed.
    void drop();

private:
    void skip_or_fail(const std::string& why) const;

    int version_;
    fixtures::PostgresServer* server_ = nullptr;
    std::vector<std::string> names_;
};

class LivePostgresBase : public testing::Test {
protected:
    explicit LivePostgresBase(int version) : databases_(version) {}

    void SetUp() override;
    void TearDown() override;

    fixtures::PostgresServer& server() { return databases_.server(); }
    /// This test's own database, as the superuser: for deeds that nobody else may do.
    const fixtures::PostgresEndpoint& endpoint() const { return endpoint_; }
    /// The same with the accounts of a source: for everything else.
    const SourceAccounts& accounts() const { return accounts_; }
    /// One more database of this test on the same server, as the superuser. Dropped with the test.
    fixtures::PostgresEndpoint make_database(const std::string& suffix) {
        return databases_.make(suffix);
    }
    /// The same, with the accounts of a source, and as who migrates into it.
    SourceAccounts make_another_source(const std::string& suffix) {
        return databases_.make_source(suffix);
    }
    fixtures::PostgresEndpoint make_destination(const std::string& suffix) {
        return databases_.make_destination(suffix);
    }
    /// A fixtures' connection to endpoint().
    fixtures::PostgresClient connect() const { return fixtures::PostgresClient(endpoint_); }

private:
    TestDatabases databases_;
    fixtures::PostgresEndpoint endpoint_;
    SourceAccounts accounts_;
};

template <int Version>
class LivePostgresOf : public LivePostgresBase {
protected:
    LivePostgresOf() : LivePostgresBase(Version) {}
};

using LivePostgres = LivePostgresOf<17>;

/// For a test that takes servers from factory() itself: skips (or fails, see above) when there are
/// none.
class LiveServers : public testing::Test {
protected:
    void SetUp() override;

    fixtures::ServerFactory& servers() { return *factory_; }

private:
    fixtures::ServerFactory* factory_ = nullptr;
};

}  // namespace cutover::tests
