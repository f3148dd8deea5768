// A server that lies about how it wants a password: no real one can be made to attack. It declines
// TLS, asks for what a test has written down, and keeps what it was sent.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include "migrator/engine/postgres/connecting.h"
#include "migrator/engine/postgres/connection.h"
#include "migrator/model/error.h"

namespace cutover::postgres {
namespace {

using model::Error;
using namespace std::string_literals;

constexpr const char* kPassword = "hunter2-in-the-clear";

std::string number(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift & 0xFF);
    }
    return out;
}

std::string message(char kind, const std::string& body) {
    return std::string(1, kind) + number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

std::string request(std::uint32_t code, const std::string& more = "") {
    return message('R', number(code) + more);
}

const std::string kCleartext = request(3);
const std::string kMd5 = request(5, "salt");
const std::string kScram = request(10, "SCRAM-SHA-256\0\0"s);
/// Let in, with what libpq wants to know; `in_hot_standby` makes it a primary.
const std::string kContent = request(0) + message('S', "server_version\0"s + "17.0\0"s) +
                             message('S', "in_hot_standby\0"s + "off\0"s) +
                             message('S', "default_transaction_read_only\0"s + "off\0"s) +
                             message('K', number(1) + number(2)) + message('Z', "I");

/// The answer to the first statement: one that ends the test's interest.
const std::string kGoesAway =
    message('E', "SFATAL\0"s + "C57P01\0"s + "Mgoing away\0"s + "\0"s) + message('Z', "I");

/// Says `after_ssl` when it is asked for TLS, `after_start` when somebody wants to log in, and
/// `after_answer` to what comes then, and goes away; reads until the other side hangs up.
class LyingServer {
public:
    LyingServer(std::string after_ssl, std::string after_start, std::string after_answer = "")
        : says_{std::move(after_ssl), std::move(after_start), std::move(after_answer), kGoesAway} {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof here;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&here), length), 0);
        EXPECT_EQ(::listen(listener_, 5), 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length);
        port_ = ntohs(here.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~LyingServer() { heard(); }
    LyingServer(const LyingServer&) = delete;
    LyingServer& operator=(const LyingServer&) = delete;

    plan::Endpoint endpoint(plan::TlsMode mode) const {
        plan::Endpoint out;
        out.engine = "postgres";
        out.hosts = {{"127.0.0.1", port_}};
        out.database = "shop";
        out.user = "mover";
        out.password = model::Secret(kPassword);
        out.tls = mode;
        return out;
    }
    /// Everything that it was sent. No connection is taken after that.
    const std::string& heard() {
        if (thread_.joinable()) {
            ::shutdown(listener_, SHUT_RDWR);
            thread_.join();
            ::close(listener_);
        }
        return heard_;
    }

private:
    void serve() {
        for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
            talk(peer);
        }
    }
    void talk(int peer) {
        constexpr std::uint32_t kTls = 80877103;
        std::size_t turn = 1;
        std::array<char, 4096> buffer{};
        for (ssize_t got = 0; (got = ::recv(peer, buffer.data(), buffer.size(), 0)) > 0;) {
            const std::string said(buffer.data(), static_cast<std::size_t>(got));
            heard_ += said;
            if (said == number(8) + number(kTls)) {
                say(peer, says_[0]);
            } else if (turn < says_.size()) {
                say(peer, says_[turn++]);
            }
        }
    }
    static void say(int peer, const std::string& text) {
        ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
    }

    std::array<std::string, 4> says_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::string heard_;
    std::thread thread_;
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
    LyingServer server("N", message('E', "SFATAL\0"s + "C28000\0"s + "Mnot you\0"s + "\0"s));
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
