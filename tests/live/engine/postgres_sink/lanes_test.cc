// Lanes at a real server where the order in which they commit and the locks that they hold
// disagree: waits that no server can see, as one side of them is ours.
#include "migrator/stage/lanes.h"

#include <gmock/gmock.h>

#include <thread>

#include "migrator/engine/postgres/sink.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/flow/thread_runtime.h"
#include "tests/live/engine/postgres_sink/sink_fixture.h"

namespace cutover::postgres {
namespace {

using std::chrono::steady_clock;

class NobodyLooksOn final : public stage::Observer {
public:
    void on(const stage::Event&) override {}
};

class Lanes : public SinkTest {
protected:
    void TearDown() override {
        stop_.request();  // lanes that wait for a server give up
        lanes_.reset();
        SinkTest::TearDown();
    }
    /// Two tables, a batch for each, and a lane for each batch.
    void open() {
        sql("CREATE TABLE a (k int PRIMARY KEY, v int); CREATE TABLE b (k int PRIMARY KEY, v int);"
            "INSERT INTO a VALUES (1, 0); INSERT INTO b VALUES (1, 0)");
        plan_ = plan_of({"public.a", "public.b"});
        own_sink_ = make_sink(runtime_, spec_, &waits_);
        own_control_ = own_sink_->open_control();
        control_->release("shop");
        own_control_->claim("shop", "fingerprint");
        source_ = make_source(runtime_, spec_, &waits_);
        context_.emplace(stage::Context{runtime_, plan_, *source_, *own_sink_, *own_control_,
                                        record_, stop_, waits_, throttle_, throttle_, observer_,
                                        [this] {
                                            if (steady_clock::now() > deadline_) {
                                                throw model::Error(model::ErrorClass::operation,
                                                                   "test.deadline", "hangs");
                                            }
                                        },
                                        [] {}, [] {}});
        lanes_.emplace(*context_, engine::SinkTraits(), 2, model::Bytes{1 << 20});
    }
    void submit(std::uint64_t batch, model::TableIndex table) {
        stage::Part part;
        part.batch = batch;
        part.net.tables.resize(1);
        part.net.tables[0].table = table;
        part.net.tables[0].updates = {{tuple("SELECT 1"), tuple("SELECT 1, 7")}};
        part.footprint.add(table, 0, "1");
        part.modes = modes(plan_, engine::ApplyMode::strict);
        part.row_keys.resize(2);
        part.marker = marker("0/" + std::to_string(batch), batch + 1);
        lanes_->submit(std::move(part));
    }
    /// Until a query of a bystander's gives this.
    void wait_for(const std::string& query, const std::string& answer) {
        while (rows(query) != answer) {
            ASSERT_LT(steady_clock::now(), deadline_) << query;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    std::string locks(const std::string& table) const {
        return "SELECT count(*) > 0 FROM pg_locks l JOIN pg_stat_activity s USING (pid) WHERE "
               "l.relation = '" +
               table +
               "'::regclass AND s.application_name LIKE 'cutover/%' AND "
               "l.mode = 'RowExclusiveLock' AND l.granted";
    }
    Connection another() {
        Connection connection = Connection::open(spec_.destination, {});
        connection.exec("SET search_path = public");
        connection.exec("SET statement_timeout = '50s'");
        connection.exec("BEGIN");
        return connection;
    }

    flow::ThreadRuntime runtime_;
    flow::StopSignal stop_{runtime_};
    flow::Waits waits_{runtime_, stop_};
    flow::Throttle throttle_{runtime_, {}};
    NobodyLooksOn observer_;
    engine::TaskRecord record_;
    plan::Plan plan_;
    std::unique_ptr<engine::Sink> own_sink_;
    std::unique_ptr<engine::Control> own_control_;
    std::unique_ptr<engine::Source> source_;
    std::optional<stage::Context> context_;
    const steady_clock::time_point deadline_ = steady_clock::now() + std::chrono::seconds(40);
    std::optional<stage::Lanes> lanes_;
};

/// A trigger at the destination writes one row for the changes of both.
TEST_F(Lanes, ALaterBatchGivesWayToAnEarlierOneThatATriggerBringsToItsLock) {
    tests::grant_replication_role(server(), destination_);  // triggers and foreign keys rest
    open();
    sql("CREATE TABLE counter (n int); INSERT INTO counter VALUES (0);"
        "CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN UPDATE public.counter SET n = n + 1; RETURN NULL; END';"
        "CREATE TRIGGER c AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION count_up();"
        "CREATE TRIGGER c AFTER UPDATE ON b FOR EACH ROW EXECUTE FUNCTION count_up();"
        "ALTER TABLE a ENABLE ALWAYS TRIGGER c; ALTER TABLE b ENABLE ALWAYS TRIGGER c");
    Connection holds_the_first = another();
    holds_the_first.exec("SELECT FROM a FOR UPDATE");
    submit(0, 0);
    submit(1, 1);
    wait_for("SELECT count(*) FROM (SELECT FROM counter FOR UPDATE SKIP LOCKED) free", "0");
    holds_the_first.exec("COMMIT");
    lanes_->drain();
    EXPECT_EQ(rows("SELECT a.v, b.v, n FROM a, b, counter"), "7|7|2");
    EXPECT_EQ(lanes_->committed()->transactions, 2u);
}

/// Somebody locks one table and then the next; the earlier batch waits behind them, and they behind
/// the later one.
TEST_F(Lanes, ALaterBatchGivesWayToWhomeverAnEarlierOneWaitsFor) {
    open();
    Connection observer = another();
    observer.exec("LOCK TABLE a");
    submit(0, 0);
    submit(1, 1);
    wait_for(locks("b"), "t");
    std::jthread goes_on([&] {
        try {
            observer.exec("LOCK TABLE b");
            observer.exec("COMMIT");
        } catch (const model::Error& error) {
            ADD_FAILURE() << error.message();
        }
    });
    lanes_->drain();
    goes_on.join();
    EXPECT_EQ(rows("SELECT a.v, b.v FROM a, b"), "7|7");
}

}  // namespace
}  // namespace cutover::postgres
