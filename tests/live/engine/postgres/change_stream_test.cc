// The change stream against real servers, over a slot and publication made by hand.
#include "migrator/engine/postgres/log/change_stream.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/model/error.h"
#include "tests/live/engine/postgres/reading_support.h"
#include "tests/support/postgres_rows.h"
#include "tests/support/temporary_folder.h"

namespace cutover::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Version>
class ChangeStreamTest : public tests::LivePostgresOf<Version::value> {
protected:
    void SetUp() override {
        tests::LivePostgresOf<Version::value>::SetUp();
        if (this->IsSkipped() || this->HasFatalFailure()) {
            return;
        }
        spec_.name = this->endpoint().database;
        spec_.source = this->accounts().mover.as_plan();
        slot_ = "cutover_" + spec_.name;
        sql("CREATE TABLE item (id int PRIMARY KEY, name text, body text);"
            "ALTER TABLE item ALTER body SET STORAGE EXTERNAL;"
            "CREATE TABLE loose (a int, b text); ALTER TABLE loose REPLICA IDENTITY FULL;"
            "CREATE TABLE side (n int PRIMARY KEY)");
        // The smallest there is: every test with a few hundred rows is streamed.
        sql("ALTER DATABASE " + spec_.name + " SET logical_decoding_work_mem = '64kB'");
        start();
    }
    void TearDown() override {
        stream_.reset();
        if (this->HasFailure() || !slot_.empty()) {
            drop_slot();
        }
        tests::LivePostgresOf<Version::value>::TearDown();
    }
    /// A session of the application.
    fixtures::PostgresClient application() const {
        return fixtures::PostgresClient(this->accounts().application);
    }
    void sql(const std::string& statement) { application().query(statement); }
    std::string value(const std::string& statement) { return this->connect().value(statement); }
    void drop_slot() {
        if (slot_.empty()) {
            return;
        }
        for (int attempt = 0; attempt < 100; ++attempt) {
            if (value("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + slot_ +
                      "' AND active") == "0") {
                break;
            }
            sql("SELECT pg_sleep(0.05)");
        }
        this->connect().query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name "
            "= '" +
            slot_ + "'");
    }
    /// Publication of everything, slot, plan, stream.
    void start() {
        fixtures::PostgresClient mover(this->accounts().mover);
        mover.query("DROP PUBLICATION IF EXISTS " + slot_);
        mover.query("CREATE PUBLICATION " + slot_ + " FOR TABLE item, loose, side");
        const std::string lsn = mover.value("SELECT lsn FROM pg_create_logical_replication_slot('" +
                                            slot_ + "', 'pgoutput')");
        from_ = to_position({1, parse_lsn(lsn).value()});
        plan_ = plan_from_catalog(spec_);
        open();
    }
    void open() {
        stream_.reset();
        stream_ =
            open_change_stream(spec_, plan_, slot_, slot_, from_, engine::LogReader::task, {});
    }
    std::vector<std::string> changes_of(std::size_t transaction_count = 1) {
        std::vector<std::string> out;
        for (model::SourceTransaction& transaction : take(*stream_, transaction_count)) {
            for (std::string& change : print_all(plan_, transaction)) {
                out.push_back(std::move(change));
            }
        }
        return out;
    }
    model::Error refusal() {
        try {
            take(*stream_, 1);
        } catch (const model::Error& error) {
            return error;
        }
        ADD_FAILURE() << "no error";
        return model::Error(model::ErrorClass::operation, "", "");
    }

    plan::TaskSpec spec_;
    plan::Plan plan_;
    std::string slot_;
    model::Position from_;
    std::unique_ptr<engine::ChangeStream> stream_;
};

using Versions = testing::Types<std::integral_constant<int, 15>, std::integral_constant<int, 17>>;
TYPED_TEST_SUITE(ChangeStreamTest, Versions);

TYPED_TEST(ChangeStreamTest, BringsRowChangesOfOneTransactionTogether) {
    this->sql(
        "BEGIN; INSERT INTO item VALUES (1, 'one', ''), (2, NULL, 'x'); UPDATE item SET name = "
        "'two' "
        "WHERE id = 2; DELETE FROM item WHERE id = 1; COMMIT");
    EXPECT_THAT(this->changes_of(), ElementsAre("insert item(1,one,)", "insert item(2,-,x)",
                                                "update item(2,two,x)", "remove item[(1,~,~)]"));
}

TYPED_TEST(ChangeStreamTest, TellsKeyChangesAndUnchangedLargeValues) {
    this->sql("INSERT INTO item VALUES (1, 'one', repeat('L', 9000))");
    this->sql("UPDATE item SET name = 'uno'");
    this->sql("UPDATE item SET id = 5");
    take(*this->stream_, 1);
    EXPECT_THAT(this->changes_of(2),
                ElementsAre("update item(1,uno,~)", "update item[(1,~,~)](5,uno,~)"));
}

TYPED_TEST(ChangeStreamTest, HasWholeOldRowsOfAKeylessTable) {
    this->sql("ALTER TABLE loose ALTER b SET STORAGE EXTERNAL");
    this->sql("INSERT INTO loose VALUES (1, repeat('L', 3000))");
    this->sql("UPDATE loose SET a = 2");
    this->sql("DELETE FROM loose");
    const std::string large(3000, 'L');
    EXPECT_THAT(this->changes_of(3), ElementsAre("insert loose(1," + large + ")",
                                                 "update loose[(1," + large + ")](2," + large + ")",
                                                 "remove loose[(2," + large + ")]"));
}

TYPED_TEST(ChangeStreamTest, ListsTruncatedTables) {
    this->sql("TRUNCATE item, side");
    EXPECT_THAT(this->changes_of(), ElementsAre("truncate item side"));
}

TYPED_TEST(ChangeStreamTest, KeepsTheOrderOfCommits) {
    auto first = this->application();
    first.query("BEGIN; INSERT INTO side VALUES (1)");
    auto second = this->application();
    second.query("BEGIN; INSERT INTO side VALUES (2)");
    this->sql("INSERT INTO side VALUES (3)");
    second.query("COMMIT");
    first.query("COMMIT");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 3);
    EXPECT_THAT(print_all(this->plan_, got[0]), ElementsAre("insert side(3)"));
    EXPECT_THAT(print_all(this->plan_, got[1]), ElementsAre("insert side(2)"));
    EXPECT_THAT(print_all(this->plan_, got[2]), ElementsAre("insert side(1)"));
    EXPECT_GT(std::stoull(got[0].id.bytes), std::stoull(got[2].id.bytes));
    EXPECT_LT(to_log_point(got[0].commit).lsn, to_log_point(got[1].commit).lsn);
    EXPECT_LT(got[0].commit_time.time_since_epoch(), got[2].commit_time.time_since_epoch());
}

TYPED_TEST(ChangeStreamTest, TellsTransactionsByTheirTopLevelId) {
    auto client = this->application();
    client.query("BEGIN");
    const std::string xid = client.value("SELECT pg_current_xact_id()::text");
    client.query(
        "SAVEPOINT a; INSERT INTO side SELECT generate_series(1, 2000); SAVEPOINT b;"
        "INSERT INTO item VALUES (1, 'x', ''); COMMIT");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 1);
    EXPECT_EQ(got[0].id.bytes, xid);
    EXPECT_EQ(got[0].change_count, 2001u);
}

TYPED_TEST(ChangeStreamTest, LeavesOutRolledBackPartsOfStreamedTransactions) {
    auto one = this->application();
    auto two = this->application();
    one.query(
        "BEGIN; INSERT INTO side SELECT generate_series(1, 1000); SAVEPOINT s;"
        "INSERT INTO side SELECT generate_series(10001, 11000); SAVEPOINT t;"
        "INSERT INTO side SELECT generate_series(20001, 21000); ROLLBACK TO s");
    two.query(
        "BEGIN; INSERT INTO item SELECT n, 'gone', '' FROM generate_series(1, 1000) n; ROLLBACK");
    two.query("BEGIN; INSERT INTO item SELECT n, 'kept', '' FROM generate_series(1, 1000) n");
    one.query("INSERT INTO side SELECT generate_series(30001, 31000)");
    two.query("COMMIT");
    one.query("COMMIT");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 2);
    EXPECT_EQ(got[0].change_count, 1000u);
    EXPECT_EQ(print_all(this->plan_, got[0]).front(), "insert item(1,kept,)");
    const std::vector<std::string> rows = print_all(this->plan_, got[1]);
    ASSERT_EQ(rows.size(), 2000u);
    EXPECT_EQ(rows[999], "insert side(1000)");
    EXPECT_EQ(rows[1000], "insert side(30001)");
}

TYPED_TEST(ChangeStreamTest, SpillsWhatIsLargerThanMemory) {
    const tests::TemporaryFolder folder;
    this->spec_.spill_directory = folder.path();
    this->open();
    this->sql(
        "INSERT INTO item SELECT n, repeat('n', 100), repeat('b', 1000) FROM generate_series(1, "
        "20000) n");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 1);
    EXPECT_EQ(got[0].change_count, 20000u);
    EXPECT_LT(got[0].footprint_bytes, std::size_t{8} << 20);
    std::size_t rows = 0;
    model::Change change;
    while (got[0].changes->next(change)) {
        ++rows;
        ASSERT_EQ(change.after.bytes(0), tests::int4(static_cast<std::int32_t>(rows)));
        ASSERT_EQ(change.after.bytes(2).size(), 1000u);
    }
    EXPECT_EQ(rows, 20000u);
    EXPECT_TRUE(std::filesystem::is_empty(this->spec_.spill_directory));  // the file has no name
    std::filesystem::remove(this->spec_.spill_directory);
}

/// Whoever waits for a large transaction is let look up while it comes: after each of its messages,
/// if no longer wait was granted.
TYPED_TEST(ChangeStreamTest, GivesTheCallerBackItsTimeWithinATransaction) {
    this->sql("INSERT INTO side SELECT generate_series(1, 1000)");
    auto client = this->connect();
    const std::string sent = "SELECT bool_and(sent_lsn >= '" +
                             client.value("SELECT pg_current_wal_lsn()") +
                             "') FROM pg_stat_replication WHERE state = 'streaming'";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (client.value(sent) != "t" && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::size_t looks = 0;
    engine::StreamEvent event;
    while (!event.transaction && std::chrono::steady_clock::now() < deadline) {
        event = this->stream_->next(std::chrono::milliseconds(0));
        ++looks;
    }
    ASSERT_TRUE(event.transaction);
    EXPECT_EQ(event.transaction->change_count, 1000u);
    EXPECT_GT(looks, 1000u);
}

TYPED_TEST(ChangeStreamTest, DoesNotRepeatWhatLiesBeforeItsStart) {
    this->sql("INSERT INTO side VALUES (1)");
    this->sql("INSERT INTO side VALUES (2)");
    this->sql("INSERT INTO side VALUES (3)");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 3);
    this->from_ = got[1].commit;  // nothing was acknowledged: the slot would send them all again
    this->open();
    EXPECT_THAT(this->changes_of(), ElementsAre("insert side(3)"));
}

TYPED_TEST(ChangeStreamTest, LetsTheSourceForgetWhatWasAcknowledgedAndNothingMore) {
    this->sql("INSERT INTO side VALUES (1)");
    this->sql("INSERT INTO side VALUES (2)");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 2);
    const auto confirmed = [&] {
        return parse_lsn(
                   this->value(
                       "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
                       this->slot_ + "'"))
            .value();
    };
    EXPECT_LE(confirmed(), to_log_point(this->from_).lsn);
    this->stream_->acknowledge(got[0].commit);
    for (int attempt = 0; attempt < 100 && confirmed() != to_log_point(got[0].commit).lsn;
         ++attempt) {
        this->stream_->next(std::chrono::milliseconds(50));
    }
    EXPECT_EQ(confirmed(), to_log_point(got[0].commit).lsn);
}

TYPED_TEST(ChangeStreamTest, SaysHowFarAQuietLogIsRead) {
    this->sql("CREATE TABLE elsewhere AS SELECT generate_series(1, 1000)");
    const std::string end = this->value("SELECT pg_current_wal_insert_lsn()");
    this->sql("SELECT pg_logical_emit_message(true, 'cutover_heartbeat', '1700000000000000')");
    std::vector<model::SourceTransaction> none;
    take_until_quiet(*this->stream_, end, &none);
    EXPECT_TRUE(none.empty());
}

TYPED_TEST(ChangeStreamTest, SaysWhichRowsHaveAnotherShapeThanThePlan) {
    const std::vector<std::pair<std::string, bool>> cases = {
        {"ALTER TABLE item ADD COLUMN extra int; INSERT INTO item VALUES (1, 'a', 'b', 2)", true},
        {"ALTER TABLE item DROP COLUMN body; INSERT INTO item VALUES (1, 'a')", true},
        {"ALTER TABLE item ALTER name TYPE varchar(9); INSERT INTO item VALUES (1, 'a', 'b')",
         true},
        {"ALTER TABLE item RENAME TO thing; INSERT INTO thing VALUES (1, 'a', 'b')", false}};
    for (const auto& [statements, unreadable] : cases) {
        this->stream_.reset();
        this->drop_slot();
        this->sql(
            "DROP TABLE IF EXISTS item, thing CASCADE; CREATE TABLE item (id int PRIMARY KEY, name "
            "text, "
            "body text)");
        this->start();
        this->sql("INSERT INTO item VALUES (0, '', '')");
        EXPECT_EQ(take(*this->stream_, 1).size(), 1u);
        this->sql(statements);
        std::vector<model::SourceTransaction> got = take(*this->stream_, 1);
        ASSERT_EQ(got.size(), 1u);
        model::Change change;
        ASSERT_TRUE(got[0].changes->next(change));
        EXPECT_EQ(change.unreadable, unreadable) << statements;
        EXPECT_EQ(change.table, 0u);
    }
}

TYPED_TEST(ChangeStreamTest, DoesNotMindASchemaChangeThatIsRolledBack) {
    this->sql(
        "BEGIN; ALTER TABLE item ADD COLUMN extra int; INSERT INTO item SELECT n, '', '', 1 FROM "
        "generate_series(1, 2000) n; ROLLBACK");
    this->sql("INSERT INTO item VALUES (1, 'a', 'b')");
    EXPECT_THAT(this->changes_of(), ElementsAre("insert item(1,a,b)"));
}

TYPED_TEST(ChangeStreamTest, RefusesASlotThatWasMadeAgain) {
    this->sql("INSERT INTO side VALUES (1)");
    std::vector<model::SourceTransaction> got = take(*this->stream_, 1);
    this->stream_.reset();
    this->drop_slot();
    this->sql("INSERT INTO side VALUES (2)");
    this->connect().query("SELECT pg_create_logical_replication_slot('" + this->slot_ +
                          "', 'pgoutput')");
    this->from_ = got[0].commit;
    try {
        this->open();
        FAIL() << "a gap was not seen";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "slot.gap");
        EXPECT_THAT(error.message(), HasSubstr(got[0].commit.text));
    }
    this->drop_slot();
    try {
        this->open();
        FAIL() << "a missing slot was not seen";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "slot.missing");
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
        EXPECT_THAT(error.message(), HasSubstr(this->slot_));
    }
}

TYPED_TEST(ChangeStreamTest, TakesTheSlotFromAConnectionItHasLeftBehind) {
    const auto ghost = open_change_stream(this->spec_, this->plan_, this->slot_, this->slot_,
                                          this->from_, engine::LogReader::task, {});
    this->sql("INSERT INTO side VALUES (1)");
    this->stream_ = open_change_stream(this->spec_, this->plan_, this->slot_, this->slot_,
                                       this->from_, engine::LogReader::task, {});
    EXPECT_THAT(this->changes_of(), ElementsAre("insert side(1)"));
}

/// Two commands that look behind one cutover: neither takes the log from the other.
TYPED_TEST(ChangeStreamTest, WaitsForAnOnlookerToEnd) {
    const auto open = [this] {
        return open_change_stream(this->spec_, this->plan_, this->slot_, this->slot_, this->from_,
                                  engine::LogReader::onlooker, {});
    };
    this->stream_.reset();
    this->stream_ = open();
    auto second = std::async(std::launch::async, open);
    EXPECT_EQ(second.wait_for(std::chrono::seconds(3)), std::future_status::timeout);
    this->sql("INSERT INTO side VALUES (1)");
    EXPECT_THAT(this->changes_of(), ElementsAre("insert side(1)"));
    this->stream_.reset();
    this->stream_ = second.get();
    EXPECT_THAT(this->changes_of(), ElementsAre("insert side(1)"));
}

TYPED_TEST(ChangeStreamTest, RefusesAPublicationThatIsGone) {
    this->connect().query("DROP PUBLICATION " + this->slot_);
    this->sql("INSERT INTO side VALUES (1)");
    const model::Error error = this->refusal();
    EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
    EXPECT_THAT(error.message(), HasSubstr("publication"));
}

}  // namespace
}  // namespace cutover::postgres
