// The fence at a source beside everything that can hold it up: readers, writers, a commit that
// waits, hands that have taken a part of it down.
#include "fixtures/link_proxy.h"
#include "tests/live/engine/postgres/source_fixture.h"

namespace cutover::postgres {
namespace {

template <typename Version>
class SourceFenceTest : public SourceTest<Version> {
protected:
    void SetUp() override {
        SourceTest<Version>::SetUp();
        if (this->IsSkipped() || this->HasFatalFailure()) {
            return;
        }
        this->sql("INSERT INTO item VALUES (1, 'x')");
        this->plan_ = plan_from_catalog(this->spec_);
        fence_ = "cutover_fence_" + this->spec_.name;
    }
    void TearDown() override {
        if (!fence_.empty()) {
            make_source(this->runtime_, this->spec_)->lift_fence();
        }
        SourceTest<Version>::TearDown();
    }
    /// As every application that was never told.
    bool may_write(const std::string& statement = "UPDATE item SET name = 'y' WHERE id = 1") {
        try {
            this->sql(statement);
            return true;
        } catch (const model::Error&) {
            return false;
        }
    }
    fixtures::PostgresClient open(const std::string& statement) {
        fixtures::PostgresClient client = this->application();
        client.query("SET application_name = 'somebody'");
        client.query("BEGIN");
        client.query(statement);
        return client;
    }
    std::string triggers() {
        return this->value("SELECT count(*) FROM pg_trigger WHERE tgname ^@ 'cutover_fence_'");
    }
    std::string fences() {
        return this->value("SELECT count(*) FROM pg_namespace WHERE nspname = '" + fence_ + "'");
    }

    std::string fence_;
};
TYPED_TEST_SUITE(SourceFenceTest, Versions);

TYPED_TEST(SourceFenceTest, IsLiftedBesideAReader) {
    ASSERT_TRUE(this->source().fence(this->plan_).set);
    auto reader = this->open("SELECT * FROM item");
    EXPECT_FALSE(this->may_write());
    this->source().lift_fence();
    EXPECT_TRUE(this->may_write());
    EXPECT_TRUE(this->may_write("DELETE FROM item"));
    EXPECT_TRUE(this->may_write("INSERT INTO item VALUES (1, 'back')"));
    EXPECT_EQ(this->triggers(), "2");  // in use, and without effect
    // A new fence is made of what is left.
    ASSERT_TRUE(this->source().fence(this->plan_).set);
    EXPECT_FALSE(this->may_write());
    EXPECT_FALSE(this->may_write("TRUNCATE item"));
    reader.query("COMMIT");
    this->source().lift_fence();
    EXPECT_TRUE(this->may_write("TRUNCATE item"));
    EXPECT_EQ(this->triggers(), "0");
    EXPECT_EQ(this->fences(), "0");
}

/// Somebody has helped himself: what is left of the fence proves nothing.
TYPED_TEST(SourceFenceTest, IsNoFenceWhereItsTriggersAreGoneOrOff) {
    for (const char* breach :
         {"DROP TRIGGER %f ON item; DROP TRIGGER %f_empty ON item",
          "ALTER TABLE item DISABLE TRIGGER %f", "ALTER TABLE item ENABLE REPLICA TRIGGER %f"}) {
        ASSERT_TRUE(this->source().fence(this->plan_).set);
        std::string sql = breach;
        for (auto at = sql.find("%f"); at != std::string::npos; at = sql.find("%f")) {
            sql.replace(at, 2, this->fence_);
        }
        this->sql(sql);
        auto writer = this->open("UPDATE item SET name = 'late' WHERE id = 1");
        EXPECT_FALSE(this->source().fence(this->plan_).set) << sql;
        writer.query("COMMIT");
        EXPECT_TRUE(this->source().fence(this->plan_).set) << sql;
        EXPECT_FALSE(this->may_write()) << sql;
        EXPECT_FALSE(this->may_write("TRUNCATE item")) << sql;
        this->source().lift_fence();
    }
}

/// It need not have written.
TYPED_TEST(SourceFenceTest, NamesWhoeverIsInTheWay) {
    auto tidying = this->open("LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE");  // as VACUUM does
    auto reading = this->open("SELECT * FROM item");
    const engine::FenceTry tried = this->source().fence(this->plan_);
    EXPECT_FALSE(tried.set);
    ASSERT_EQ(tried.holders.size(), 1u);
    EXPECT_EQ(tried.holders[0].kind, "process");
    EXPECT_EQ(tried.holders[0].id, tidying.value("SELECT pg_backend_pid()"));
    EXPECT_EQ(tried.holders[0].application, "somebody");
    EXPECT_TRUE(tried.holders[0].open_for);
    EXPECT_TRUE(this->may_write());
}

/// However many tables have a writer who is gone in time: those that are locked already must not
/// wait for all of the others.
TYPED_TEST(SourceFenceTest, GivesUpOnAllTablesTogether) {
    std::vector<fixtures::PostgresClient> writers;
    std::vector<std::string> tables;
    for (const char* name : {"a", "b", "c", "d"}) {
        tables.emplace_back(name);
        this->sql("CREATE TABLE " + tables.back() + " (id int)");
        writers.push_back(this->open("INSERT INTO " + tables.back() + " VALUES (1)"));
    }
    this->plan_ = plan_from_catalog(this->spec_);
    std::future<engine::FenceTry> fencing =
        std::async(std::launch::async, [&] { return this->source().fence(this->plan_); });
    // Each ends when he has been waited for for most of what one lock may take.
    for (std::size_t at = 0; at < tables.size(); ++at) {
        const std::string waits =
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = '" + tables[at] +
            "'::regclass AND waitstart < clock_timestamp() - interval '1 s')";
        while (this->value(waits) != "t" &&
               fencing.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
        }
        writers[at].query("COMMIT");
    }
    EXPECT_FALSE(fencing.get().set);
    EXPECT_TRUE(this->may_write());
}

/// A commit that waits for a synchronous standby is in the log, and nobody sees it yet.
TYPED_TEST(SourceFenceTest, DoesNotComeIntoForceBehindItsLift) {
    const auto here = [](const std::string& what) {
        return "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND " +
               what + ")";
    };
    this->connect().query("ALTER SYSTEM SET synchronous_commit = 'local'");
    this->connect().query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    this->sql("ALTER DATABASE \"" + this->spec_.name + "\" SET synchronous_commit = 'on'");
    this->connect().query("SELECT pg_reload_conf()");
    this->wait_for("current_setting('synchronous_standby_names') = 'nobody'");
    std::future<engine::FenceTry> fencing =
        std::async(std::launch::async, [&] { return this->source().fence(this->plan_); });
    // First the switch, which nobody minds.
    this->wait_for(here("wait_event = 'SyncRep'"));
    this->value("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    this->wait_for(here("wait_event = 'SyncRep' AND query ~ 'LOCK TABLE'"));
    std::future<void> lifting = std::async(
        std::launch::async, [&] { make_source(this->runtime_, this->spec_)->lift_fence(); });
    while (this->value("SELECT " + here("wait_event_type = 'Lock'")) != "t" &&
           lifting.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
    }
    this->connect().query("ALTER SYSTEM RESET synchronous_standby_names");
    this->connect().query("ALTER SYSTEM RESET synchronous_commit");
    this->connect().query("SELECT pg_reload_conf()");
    lifting.get();
    EXPECT_TRUE(fencing.get().set);
    EXPECT_TRUE(this->may_write());
    EXPECT_EQ(this->triggers(), "0");
}

/// A packet that was long on its way: the lift has come before it, and a reader keeps what it meets
/// from being taken down.
TYPED_TEST(SourceFenceTest, DoesNotComeIntoForceIfItArrivesBehindItsLift) {
    ASSERT_TRUE(this->source().fence(this->plan_).set);
    const auto reader = this->open("SELECT * FROM item");
    this->source().lift_fence();
    const std::string permission =
        "obj_description('" + this->fence_ + ".refuse()'::regprocedure, 'pg_proc')";
    ASSERT_EQ(this->value("SELECT " + permission), "lifted");
    plan::TaskSpec far = this->spec_;
    plan::HostPort& host = far.source.hosts.front();
    fixtures::LinkProxy link({host.host, host.port});
    host = {link.address().host, link.address().port};
    const auto far_source = make_source(this->runtime_, far);
    link.set_latency(std::chrono::milliseconds(800));
    std::future<engine::FenceTry> fencing =
        std::async(std::launch::async, [&] { return far_source->fence(this->plan_); });
    this->wait_for(permission + " <> 'lifted'");
    this->source().lift_fence();
    EXPECT_FALSE(fencing.get().set);
    EXPECT_TRUE(this->may_write());
    link.set_latency(std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace cutover::postgres
