// Whoever answers in a server's place may ask for the password in any way.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "migrator/engine/postgres/session/connecting.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/error.h"
#include "tests/support/lying_server.h"

namespace cutover::postgres {
namespace {

using model::Error;
using namespace std::string_literals;

constexpr const char* kPassword = "hunter2-in-the-clear";

using tests::wire_message;
using tests::wire_number;
using tests::wire_request;

const std::string kCleartext = wire_request(3);
const std::string kMd5 = wire_request(5, "salt");
const std::string kScram = wire_request(10, "SCRAM-SHA-256\0\0"s);
/// Let in, with what libpq wants to know; `in_hot_standby` makes it a primary.
const std::string kContent = wire_request(0) + wire_message('S', "server_version\0"s + "17.0\0"s) +
                             wire_message('S', "in_hot_standby\0"s + "off\0"s) +
                             wire_message('S', "default_transaction_read_only\0"s + "off\0"s) +
                             wire_message('K', wire_number(1) + wire_number(2)) +
                             wire_message('Z', "I");

/// The answer to the first statement: one that ends the test's interest.
const std::string kGoesAway = tests::LyingServer::goes_away();

class LyingServer : public tests::LyingServer {
public:
    using tests::LyingServer::LyingServer;
    plan::Endpoint endpoint(plan::TlsMode mode) const {
        return tests::LyingServer::endpoint(mode, kPassword);
    }
};

/// The code of the error that opening ends with.
std::string refusal(const plan::Endpoint& endpoint) {
    ConnectOptions options;
    options.connect_timeout = std::chrono::seconds(5);
    try {
        Connection::open(endpoint, options);
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find(kPassword), std::string::npos);
        return error.code();
    }
    return "none";
}

bool knows_password(LyingServer& server) {
    return server.heard().find(kPassword) != std::string::npos;
}

TEST(Authentication, SendsNoPasswordInClearToAServerThatDeclinesTls) {
    for (const plan::TlsMode mode : {plan::TlsMode::prefer, plan::TlsMode::disable}) {
        LyingServer server("N", kCleartext, kContent);
        EXPECT_EQ(refusal(server.endpoint(mode)), "postgres.cleartext_password");
        EXPECT_FALSE(knows_password(server)) << plan::to_string(mode);
    }
}

TEST(Authentication, IsNotOutrunByARequestThatComesEarly) {
    // In one segment with the refusal of TLS, and behind a request that looks well.
    for (const auto& [after_ssl, after_start] :
         {std::pair{"N" + kCleartext, kGoesAway}, std::pair{"N"s, kScram + kCleartext},
          std::pair{"N"s, kMd5 + kCleartext}}) {
        LyingServer server(after_ssl, after_start, kContent);
        EXPECT_NE(refusal(server.endpoint(plan::TlsMode::prefer)), "none");
        EXPECT_FALSE(knows_password(server));
    }
}

TEST(Authentication, KeepsToTheMethodThatTheTaskFileNames) {
    for (const std::string& asked : {kMd5, kContent}) {
        LyingServer server("N", asked, kContent);
        plan::Endpoint endpoint = server.endpoint(plan::TlsMode::prefer);
        endpoint.require_auth = "scram-sha-256";
        EXPECT_EQ(refusal(endpoint), "postgres.require_auth");
    }
}

TEST(Authentication, GivesLibpqItsServerBackOnceItIsLetIn) {
    // The session's settings are the first thing that is said then.
    LyingServer server("N", kMd5, kContent);
    EXPECT_EQ(refusal(server.endpoint(plan::TlsMode::prefer)), "postgres.57P01");
    EXPECT_NE(server.heard().find("SET client_encoding"), std::string::npos);
    EXPECT_FALSE(knows_password(server));
}

TEST(Authentication, PassesOnWhyAServerRefuses) {
    LyingServer server("N", wire_message('E', "SFATAL\0"s + "C28000\0"s + "Mnot you\0"s + "\0"s));
    try {
        Connection::open(server.endpoint(plan::TlsMode::prefer), {});
        FAIL() << "it was let in";
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("not you"), std::string::npos) << error.message();
    }
}

TEST(Authentication, GoesNowhereUnencryptedIfTheLoginMustBeBoundToTls) {
    LyingServer server("N", kMd5, kContent);
    plan::Endpoint endpoint = server.endpoint(plan::TlsMode::prefer);
    endpoint.channel_binding = plan::ChannelBinding::require;
    EXPECT_EQ(refusal(endpoint), "postgres.connect_refused");
    EXPECT_EQ(server.heard().find("mover"), std::string::npos);
}

/// A variable of the environment for one test.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

TEST(Environment, GivesNoEndAPasswordThatItsTaskFileDoesNotName) {
    const Variable variable("PGPASSWORD", kPassword);
    LyingServer server("N", kMd5, kContent);
    plan::Endpoint endpoint = server.endpoint(plan::TlsMode::prefer);
    endpoint.password = model::Secret("");
    EXPECT_EQ(refusal(endpoint), "postgres.environment");
    EXPECT_EQ(server.heard(), "");
}

TEST(Environment, LosesWhatLibpqWouldObeyAndKeepsThePasswordFile) {
    const Variable address("PGHOSTADDR", "203.0.113.9");
    const Variable service("PGSERVICE", "elsewhere");
    const Variable options("PGOPTIONS", "-c row_security=on");
    const Variable file("PGPASSFILE", "/some/file");
    const Variable own("PG_OLD", "a user's own");
    const std::vector<std::string> ignored = ignore_environment();
    EXPECT_EQ(ignored, (std::vector<std::string>{"PGHOSTADDR", "PGOPTIONS", "PGSERVICE"}));
    EXPECT_EQ(std::getenv("PGHOSTADDR"), nullptr);
    EXPECT_EQ(std::getenv("PGSERVICE"), nullptr);
    EXPECT_STREQ(std::getenv("PGPASSFILE"), "/some/file");
    EXPECT_STREQ(std::getenv("PG_OLD"), "a user's own");
}

}  // namespace
}  // namespace cutover::postgres
