// A fault that hit nothing has not landed: links that nobody uses, statements that change nothing.
#include "scenarios/fault/fault.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "fixtures/link_proxy.h"

namespace cutover::scenarios {
namespace {

using fixtures::LinkCounters;
using fixtures::LinkProxy;
constexpr std::chrono::seconds kLong{20};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return place;
}

/// Takes connections (the kernel does) and never answers.
class Listener {
public:
    Listener() : handle_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in place = loopback(0);
        socklen_t size = sizeof place;
        EXPECT_EQ(::bind(handle_, reinterpret_cast<sockaddr*>(&place), size), 0);
        EXPECT_EQ(::listen(handle_, 8), 0);
        ::getsockname(handle_, reinterpret_cast<sockaddr*>(&place), &size);
        port_ = ntohs(place.sin_port);
    }
    ~Listener() { ::close(handle_); }
    std::uint16_t port() const { return port_; }

private:
    int handle_;
    std::uint16_t port_ = 0;
};

class Client {
public:
    explicit Client(LinkProxy& link) : handle_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const sockaddr_in place = loopback(link.address().port);
        EXPECT_EQ(::connect(handle_, reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
        EXPECT_TRUE(link.wait_until(
            [](const LinkCounters& now) { return now.open_connections > 0; }, kLong));
    }
    ~Client() { ::close(handle_); }
    void send() const { EXPECT_EQ(::send(handle_, "x", 1, MSG_NOSIGNAL), 1); }

private:
    int handle_;
};

/// One link, and a count of rows that any statement is said to write.
class FakeGround : public Ground {
public:
    std::string begin_transaction(const std::string&, bool) override { return "process 1"; }
    std::string commit_transaction() override { return "committed"; }
    explicit FakeGround(LinkProxy& link) : link_(link) {}
    LinkProxy& link(Role) override { return link_; }
    std::uint64_t run_statements(Side, const std::string&) override { return rows; }

    std::string description() const override { return {}; }
    std::string body() const override { return {}; }
    std::map<std::string, std::string> versions() override { return {}; }
    plan::Endpoint direct(Side) const override { return {}; }
    plan::Endpoint through_links(Side) const override { return {}; }
    plan::Endpoint behind_links(Side) const override { return {}; }
    bool has(Role) const override { return true; }
    LoadedData load(const DatasetChoice&, std::uint64_t) override { return {}; }
    void settle() override {}
    std::string kill(Role) override { return {}; }
    std::string start(Role) override { return {}; }
    std::string restart(Role) override { return {}; }
    std::string pause(Role) override { return {}; }
    std::string resume(Role) override { return {}; }
    std::string partition(Role) override { return {}; }
    std::string heal_partition(Role) override { return {}; }
    std::string fail_over() override { return {}; }
    std::optional<std::string> standby_ready(const std::string&) override { return {}; }
    std::string drop_capture(const std::string&) override { return {}; }
    std::string recreate_capture(const std::string&) override { return {}; }
    std::vector<AuxiliaryRecord> auxiliary(const std::string&) override { return {}; }
    std::vector<SequenceState> sequences() override { return {}; }
    std::string destination_fingerprint() override { return fingerprint; }
    std::string end_of_source_log() override { return {}; }
    bool applied(const std::string&, const std::string&) override { return true; }
    std::vector<std::string> secrets() const override { return {}; }
    std::vector<std::filesystem::path> copy_logs(const std::filesystem::path&) override {
        return {};
    }

    std::uint64_t rows = 0;
    std::string fingerprint = "shop.customer 3 rows";

private:
    LinkProxy& link_;
};

class FaultScene : public Scene {
public:
    Ground& ground() override { return ground_; }
    const std::string& task() const override { return task_; }
    Evidence& evidence() override { return evidence_; }
    void start_migrator() override { runs = true; }
    void signal_migrator(int) override {}
    void freeze_migrator() override { runs = false; }
    CommandOutcome thaw_migrator(std::chrono::seconds) override {
        ground_.fingerprint += thawed_writes ? "one more row" : "";
        return {13, R"({"event":"error","class":"refused","code":"task.finished"})"};
    }
    bool migrator_running() override { return runs; }
    char migrator_state() override { return 'S'; }
    CommandOutcome run_cutover(const std::string&, const std::vector<std::string>&,
                               std::chrono::seconds) override {
        return {};
    }
    void start_writers() override {}
    void stop_writers() override {}

    LinkProxy& link() { return link_; }
    FakeGround& fake_ground() { return ground_; }
    bool runs = true;
    bool thawed_writes = false;

private:
    Listener listener_;
    LinkProxy link_{{"127.0.0.1", listener_.port()}};
    FakeGround ground_{link_};
    Evidence evidence_;
    std::string task_ = "t";
};

struct FaultTest : testing::Test {
    std::unique_ptr<Fault> injected(const std::string& action,
                                    std::map<std::string, std::string> with) {
        Step step;
        step.action = action;
        step.with = std::move(with);
        EXPECT_EQ(fault_mistake(step), "");
        auto fault = make_fault(step);
        fault->inject(scene);
        return fault;
    }

    FaultScene scene;
};

using FreezeMigrator = FaultTest;
using ThawMigrator = FaultTest;
using BlockLink = FaultTest;
using HalfOpenLink = FaultTest;
using SlowLink = FaultTest;
using Statements = FaultTest;

TEST_F(BlockLink, LandsWithTheConnectionsThatItCut) {
    const Client client(scene.link());
    EXPECT_TRUE(injected("block_link", {{"link", "source"}})->landed(scene));
}

TEST_F(BlockLink, LandsOnAnIdleLinkOnlyOnceSomebodyWasRefused) {
    const auto fault = injected("block_link", {{"link", "source"}});
    EXPECT_FALSE(fault->landed(scene));
    scene.evidence().retries.emplace_back();
    EXPECT_TRUE(fault->landed(scene));
}

TEST_F(HalfOpenLink, LandsWithAConnectionThatIsSilent) {
    const Client client(scene.link());
    EXPECT_TRUE(injected("half_open_link", {{"link", "source"}})->landed(scene));
}

TEST_F(HalfOpenLink, LandsOnAnIdleLinkOnlyOnceSomebodyGotNoAnswer) {
    const auto fault = injected("half_open_link", {{"link", "source"}});
    EXPECT_FALSE(fault->landed(scene));
    scene.evidence().retries.emplace_back();
    EXPECT_TRUE(fault->landed(scene));
}

TEST_F(SlowLink, LandsOnceBytesHavePassedSlowly) {
    const Client client(scene.link());
    client.send();
    ASSERT_TRUE(scene.link().wait_until(
        [](const LinkCounters& now) { return now.bytes_to_target > 0; }, kLong));
    const auto fault = injected("slow_link", {{"link", "source"}, {"latency_ms", "1"}});
    EXPECT_FALSE(fault->landed(scene)) << "what passed before was not slow";
    client.send();
    ASSERT_TRUE(scene.link().wait_until(
        [](const LinkCounters& now) { return now.bytes_to_target > 1; }, kLong));
    EXPECT_TRUE(fault->landed(scene));
}

TEST_F(FreezeMigrator, HandsTheTaskToAnotherProcess) {
    const auto nobody = injected("freeze_migrator", {});
    EXPECT_FALSE(nobody->landed(scene)) << "it had no connection that could be cut";
    scene.runs = true;
    const Client client(scene.link());
    const auto fault = injected("freeze_migrator", {});
    EXPECT_TRUE(fault->landed(scene));
    EXPECT_FALSE(scene.runs);
    fault->heal(scene);
    EXPECT_TRUE(scene.runs);
}

TEST_F(ThawMigrator, SeesWhetherTheFrozenOneWrote) {
    EXPECT_FALSE(injected("thaw_migrator", {})->landed(scene)) << "the task still runs";
    EXPECT_FALSE(scene.evidence().zombie.attempted);
    scene.runs = false;
    EXPECT_TRUE(injected("thaw_migrator", {})->landed(scene));
    const ZombieRecord& zombie = scene.evidence().zombie;
    EXPECT_TRUE(zombie.compared);
    EXPECT_FALSE(zombie.destination_changed);
    EXPECT_EQ(zombie.exit_code, 13);
    EXPECT_EQ(zombie.error_code, "task.finished");
    scene.thawed_writes = true;
    injected("thaw_migrator", {});
    EXPECT_TRUE(zombie.destination_changed);
}

TEST_F(Statements, LandWhenTheyWroteARow) {
    EXPECT_FALSE(injected("foreign_write", {{"statements", "UPDATE"}})->landed(scene));
    scene.fake_ground().rows = 1;
    EXPECT_TRUE(injected("foreign_write", {{"statements", "UPDATE"}})->landed(scene));
    EXPECT_TRUE(injected("source_statements", {{"statements", "UPDATE"}})->landed(scene));
}

}  // namespace
}  // namespace cutover::scenarios
