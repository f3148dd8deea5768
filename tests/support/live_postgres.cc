#include "tests/support/live_postgres.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::tests {
namespace {

// Lives from the first live test to the end of the program's tests, so that servers go before
// static objects do.
class Servers : public testing::Environment {
public:
    void TearDown() override {
        shared_.clear();
        factories_.clear();
    }

    fixtures::ServerFactory* factory(std::optional<fixtures::BodyKind> kind, std::string* why) {
        Attempt& attempt = factories_[kind];
        if (!attempt.made && attempt.why_not.empty()) {
            try {
                attempt.made = std::make_unique<fixtures::ServerFactory>(kind);
                std::cout << "servers: " << attempt.made->description() << std::endl;
            } catch (const model::Error& error) {
                attempt.why_not = error.message() + " (" + error.hint() + ")";
            }
        }
        *why = attempt.why_not;
        return attempt.made.get();
    }

    fixtures::PostgresServer* shared(int version, std::string* why) {
        fixtures::ServerFactory* servers = factory(std::nullopt, why);
        if (servers == nullptr)
            return nullptr;
        auto& server = shared_[version];
        if (!server) {
            try {
                server = servers->postgres({fmt::format("shared_{}", version), version, {}, {}});
            } catch (const model::Error& error) {
                *why = error.message() + " (" + error.hint() + ")";
            }
        }
        return server.get();
    }

private:
    struct Attempt {
        std::unique_ptr<fixtures::ServerFactory> made;
        std::string why_not;
    };

    std::map<std::optional<fixtures::BodyKind>, Attempt> factories_;
    std::map<int, std::unique_ptr<fixtures::PostgresServer>> shared_;
};

// Registered before main, owned by GoogleTest.
Servers* const kServers = dynamic_cast<Servers*>(testing::AddGlobalTestEnvironment(new Servers));

}  // namespace

bool servers_required() {
    const char* value = std::getenv("CUTOVER_REQUIRE_SERVERS");
    return value != nullptr && std::string(value) == "1";
}

fixtures::ServerFactory* factory(std::string* why) {
    return kServers->factory(std::nullopt, why);
}

fixtures::ServerFactory* factory_of(fixtures::BodyKind kind, std::string* why) {
    return kServers->factory(kind, why);
}

fixtures::PostgresServer* shared_postgres(int version, std::string* why) {
    return kServers->shared(version, why);
}

TestDatabases::~TestDatabases() {
    try {
        drop();
    } catch (const model::Error& error) {
        ADD_FAILURE() << "a test's databases cannot be dropped: " << error.message();
    }
}

bool TestDatabases::find_server() {
    std::string why;
    server_ = shared_postgres(version_, &why);
    if (server_ == nullptr) {
        skip_or_fail(why);
    }
    return server_ != nullptr;
}

void TestDatabases::skip_or_fail(const std::string& why) const {
    if (servers_required()) {
        FAIL() << "no PostgreSQL " << version_ << " server: " << why;
    }
    GTEST_SKIP() << "NOT TESTED, no PostgreSQL " << version_ << " server: " << why;
}

fixtures::PostgresEndpoint TestDatabases::make(const std::string& suffix) {
    static int number = 0;
    const std::string name =
        fmt::format("test_{}{}{}", ++number, suffix.empty() ? "" : "_", suffix);
    server_->connect().query("create database " + fixtures::quoted_name(name));
    names_.push_back(name);
    return server_->endpoint(name);
}

SourceAccounts TestDatabases::make_source(const std::string& suffix) {
    return make_source_accounts(*server_, make(suffix).database);
}

fixtures::PostgresEndpoint TestDatabases::make_destination(const std::string& suffix) {
    return make_destination_account(*server_, make(suffix).database);
}

void TestDatabases::drop() {
    if (names_.empty())
        return;
    if (testing::Test::HasFailure())
        std::cerr << "The end of the server's log:\n" << server_->log_tail() << std::endl;
    auto client = server_->connect();
    for (const auto& name : std::exchange(names_, {})) {
        for (const auto& row :
             client.query("select slot_name from pg_replication_slots where database = " +
                          fixtures::quoted_text(name))) {
            const std::string slot = fixtures::quoted_text(*row[0]);
            client.query(
                "select pg_terminate_backend(active_pid, 5000) from pg_replication_slots "
                "where active and slot_name = " +
                slot);
            client.query("select pg_drop_replication_slot(" + slot + ")");
        }
        client.query("drop database if exists " + fixtures::quoted_name(name) + " with (force)");
        drop_accounts(*server_, name);
    }
}

void LivePostgresBase::SetUp() {
    if (databases_.find_server()) {
        endpoint_ = make_database("");
        accounts_ = make_source_accounts(server(), endpoint_.database);
    }
}

void LivePostgresBase::TearDown() {
    databases_.drop();
}

void LiveServers::SetUp() {
    std::string why;
    factory_ = factory(&why);
    if (factory_ == nullptr && servers_required())
        FAIL() << "no servers: " << why;
    if (factory_ == nullptr)
        GTEST_SKIP() << "NOT TESTED, no servers: " << why;
}

}  // namespace cutover::tests
