// A source that is no plain primary: a standby that spares it, a pooler that stands in front of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using fixtures::PostgresClient;
using testing::HasSubstr;
using testing::Not;

constexpr int kNoGo = 1;
constexpr const char* kOnce = "phases: [schema, full]\nignore: [phases.writes_must_stop]";

int connected_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return descriptor;
}

/// Passes sessions on to a server, but for those that are to read the log, as PgBouncer did before
/// version 1.23.
class Pooler {
public:
    explicit Pooler(std::uint16_t server) : server_(server) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~Pooler() {
        ending_ = true;
        acceptor_.join();
        for (std::thread& session : sessions_) {
            session.join();
        }
        ::close(listener_);
    }
    Pooler(const Pooler&) = delete;
    Pooler& operator=(const Pooler&) = delete;

    std::uint16_t port() const { return port_; }

private:
    void accept_all() {
        while (!ending_) {
            pollfd ready{listener_, POLLIN, 0};
            if (::poll(&ready, 1, 50) > 0) {
                const int client = ::accept(listener_, nullptr, nullptr);
                sessions_.emplace_back([this, client] { serve(client); });
            }
        }
    }

    /// A start packet: its length, then the rest. Empty if the client has gone.
    static std::string packet(int client) {
        std::string bytes(4, '\0');
        if (::recv(client, bytes.data(), 4, MSG_WAITALL) != 4) {
            return "";
        }
        std::uint32_t length = 0;
        std::memcpy(&length, bytes.data(), 4);
        bytes.resize(ntohl(length));
        const auto rest = static_cast<ssize_t>(bytes.size() - 4);
        return ::recv(client, bytes.data() + 4, bytes.size() - 4, MSG_WAITALL) == rest ? bytes : "";
    }

    void serve(int client) {
        std::string start = packet(client);
        if (start.size() == 8) {  // may it be encrypted? no
            ::send(client, "N", 1, MSG_NOSIGNAL);
            start = packet(client);
        }
        if (start.find("replication") != std::string::npos &&
            start.find(std::string("replication\0database", 20)) != std::string::npos) {
            refuse(client);
        } else if (!start.empty()) {
            const int server = connected_to(server_);
            ::send(server, start.data(), start.size(), MSG_NOSIGNAL);
            pass(client, server);
            ::close(server);
        }
        ::close(client);
    }

    static void refuse(int client) {
        const std::string fields = std::string("SFATAL\0", 7) + std::string("C08P01\0", 7) +
                                   "Munsupported startup parameter: replication" +
                                   std::string("\0\0", 2);
        const std::uint32_t length = htonl(static_cast<std::uint32_t>(fields.size() + 4));
        std::string message = "E";
        message.append(reinterpret_cast<const char*>(&length), 4);
        message += fields;
        ::send(client, message.data(), message.size(), MSG_NOSIGNAL);
    }

    void pass(int one, int other) {
        std::array<pollfd, 2> ends = {{{one, POLLIN, 0}, {other, POLLIN, 0}}};
        std::vector<char> bytes(1 << 16);
        while (!ending_) {
            ::poll(ends.data(), ends.size(), 50);
            for (std::size_t from = 0; from < ends.size(); ++from) {
                if (ends[from].revents == 0) {
                    continue;
                }
                const ssize_t got = ::recv(ends[from].fd, bytes.data(), bytes.size(), 0);
                if (got <= 0) {
                    return;
                }
                ::send(ends[1 - from].fd, bytes.data(), static_cast<std::size_t>(got),
                       MSG_NOSIGNAL);
            }
        }
    }

    const std::uint16_t server_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> ending_ = false;
    std::thread acceptor_;
    std::vector<std::thread> sessions_;
};

class OtherSources : public LiveServers {
protected:
    void begin(const std::string& name) {
        server_ = servers().postgres({name, 17, {}, {}});
        source_ = make_source_database(*server_, "source");
        destination_ = make_destination_database(*server_, "destination");
        PostgresClient(source_.application)
            .query(
                "CREATE TABLE public.rows (id int PRIMARY KEY, note text);"
                "CREATE SEQUENCE public.counter; SELECT setval('public.counter', 42);"
                "INSERT INTO public.rows SELECT g, 'n' || g FROM generate_series(1, 5000) g");
    }

    Program program_;
    std::unique_ptr<fixtures::PostgresServer> server_;
    SourceAccounts source_;
    fixtures::PostgresEndpoint destination_;
};

TEST_F(OtherSources, APoolerIsToldFromAServerThatIsAway) {
    begin("pooled");
    const Pooler pooler(source_.mover.port);
    source_.mover.port = pooler.port();
    const std::string file = program_.task(source_.mover, destination_);
    const Said asked = program_.run({"precheck", file});
    EXPECT_EQ(asked.exit_code, kNoGo) << asked.text;
    EXPECT_THAT(asked.text, HasSubstr("source.replication_session"));
    EXPECT_THAT(asked.text, HasSubstr("unsupported startup parameter: replication"));
    EXPECT_THAT(asked.text, HasSubstr("name the server itself"));
    const Said refused = program_.run({"migrate", file});
    EXPECT_EQ(refused.exit_code, kRefused) << refused.text;
    const Said once = program_.run({"migrate", program_.task(source_.mover, destination_, kOnce)});
    EXPECT_EQ(once.exit_code, 0) << once.text;  // rows are read through it all the same
}

/// A task that was begun at the server itself, and comes back through a pooler.
TEST_F(OtherSources, APoolerIsARefusalInTheMiddleOfATaskToo) {
    begin("moved");
    const std::string file = program_.task(source_.mover, destination_);
    RunningProgram running = program_.start({"migrate", file, "--json"});
    ASSERT_TRUE(running.wait_for("\"consistent\":true")) << running.text();
    EXPECT_EQ(program_.run({"stop", file}).exit_code, 0);
    running.wait();
    const Pooler pooler(source_.mover.port);
    source_.mover.port = pooler.port();
    const Said refused = program_.run({"migrate", program_.task(source_.mover, destination_)});
    EXPECT_EQ(refused.exit_code, kRefused) << refused.text;
    EXPECT_THAT(refused.text, HasSubstr("name the server itself"));
    EXPECT_THAT(refused.text, Not(HasSubstr("trying again")));
}

TEST_F(OtherSources, AStandbyIsCopiedFrom) {
    begin("spared");
    const auto standby = servers().standby_of(*server_, {"sparing", false});
    const std::string file = program_.task(source_.on(*standby).mover, destination_, kOnce);
    const Said asked = program_.run({"precheck", file});
    EXPECT_THAT(asked.text, HasSubstr("the source is a standby")) << asked.text;
    const Said done = program_.run({"migrate", file});
    EXPECT_EQ(done.exit_code, 0) << done.text;
    EXPECT_EQ(PostgresClient(destination_).value("SELECT count(*) || '/' || max(note) FROM rows"),
              "5000/n999");
    EXPECT_EQ(PostgresClient(destination_).value("SELECT last_value FROM counter"), "42");
}

TEST_F(OtherSources, AStandbySaysWhatItCannotDo) {
    begin("limited");
    PostgresClient(source_.application)
        .query("CREATE UNLOGGED TABLE public.cache (id int PRIMARY KEY)");
    const auto standby = servers().standby_of(*server_, {"limiting", false});
    const fixtures::PostgresEndpoint source = source_.on(*standby).mover;
    const Said unlogged = program_.run({"precheck", program_.task(source, destination_, kOnce)});
    EXPECT_EQ(unlogged.exit_code, kNoGo) << unlogged.text;
    EXPECT_THAT(unlogged.text, HasSubstr("public.cache"));
    EXPECT_THAT(unlogged.text, HasSubstr("source.standby_unlogged"));
    const Said followed = program_.run({"migrate", program_.task(source, destination_)});
    EXPECT_EQ(followed.exit_code, kRefused) << followed.text;
    EXPECT_THAT(followed.text, HasSubstr("name the primary"));
}

}  // namespace
}  // namespace cutover::tests
