#include "tests/support/live_postgres.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

#include "migrator/model/error.h"

namespace cutover::tests {
namespace {

// Lives from the first live test to the end of the program's tests, so that servers go before static objects do.
class Servers : public testing::Environment {
public:
    void TearDown() override {
        shared_.clear();
        factory_.reset();
    }

    fixtures::ServerFactory* factory(std::string* why) {
        if (!factory_ && why_not_.empty()) {
            try {
                factory_ = std::make_unique<fixtures::ServerFactory>();
                std::cout << "servers: " << factory_->description() << std::endl;
            } catch (const model::Error& error) {
                why_not_ = error.message() + " (" + error.hint() + ")";
            }
        }
        *why = why_not_;
        return factory_.get();
    }

    fixtures::PostgresServer* shared(int version, std::string* why) {
        fixtures::ServerFactory* servers = factory(why);
        if (servers == nullptr) return nullptr;
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
    std::string why_not_;
    std::unique_ptr<fixtures::ServerFactory> factory_;
    std::map<int, std::unique_ptr<fixtures::PostgresServer>> shared_;
};

// Registered before main, owned by GoogleTest.
Servers* const kServers =
    dynamic_cast<Servers*>(testing::AddGlobalTestEnvironment(new Servers));

bool servers_required() {
    const char* value = std::getenv("CUTOVER_REQUIRE_SERVERS");
    return value != nullptr && std::string(value) == "1";
}

}  // namespace

fixtures::ServerFactory* factory(std::string* why) { return kServers->factory(why); }

fixtures::PostgresServer* shared_postgres(int version, std::string* why) {
    return kServers->shared(version, why);
}

void LivePostgresBase::SetUp() {
    std::string why;
    server_ = shared_postgres(version_, &why);
    if (server_ == nullptr && servers_required()) {
        FAIL() << "no PostgreSQL " << version_ << " server: " << why;
    }
    if (server_ == nullptr) {
        GTEST_SKIP() << "NOT TESTED, no PostgreSQL " << version_ << " server: " << why;
    }
    endpoint_ = make_database("");
}

void LivePostgresBase::TearDown() {
    if (server_ == nullptr) return;
    if (HasFailure()) std::cerr << "The end of the server's log:\n" << server_->log_tail() << std::endl;
    auto client = server_->connect();
    for (const auto& name : databases_) {
        for (const auto& row : client.query(
                 "select slot_name from pg_replication_slots where database = " +
                 fixtures::quoted_text(name))) {
            const std::string slot = fixtures::quoted_text(*row[0]);
            client.query("select pg_terminate_backend(active_pid, 5000) from pg_replication_slots "
                         "where active and slot_name = " + slot);
            client.query("select pg_drop_replication_slot(" + slot + ")");
        }
        client.query("drop database if exists " + fixtures::quoted_name(name) + " with (force)");
    }
}

fixtures::PostgresEndpoint LivePostgresBase::make_database(const std::string& suffix) {
    static int number = 0;
    const std::string name = fmt::format("test_{}{}{}", ++number, suffix.empty() ? "" : "_", suffix);
    server_->connect().query("create database " + fixtures::quoted_name(name));
    databases_.push_back(name);
    return server_->endpoint(name);
}

void LiveServers::SetUp() {
    std::string why;
    factory_ = factory(&why);
    if (factory_ == nullptr && servers_required()) FAIL() << "no servers: " << why;
    if (factory_ == nullptr) GTEST_SKIP() << "NOT TESTED, no servers: " << why;
}

}  // namespace cutover::tests
