// PostgreSQL as a source, against real servers: single rows, the proofs that nothing is missing,
// what stops a task, positions and sequences.
#include "tests/live/engine/postgres/source_fixture.h"
#include "tests/support/postgres_rows.h"

namespace cutover::postgres {
namespace {

template <typename Version>
class SourceProofTest : public SourceTest<Version> {
protected:
    /// A commit that is in the log and that no view shows until HeldCommits lets it go.
    std::future<void> commit_unseen(const std::string& statement) {
        auto committing = std::async(std::launch::async, [this, statement] {
            auto client = this->application();
            client.query("SET synchronous_commit = on");
            client.query(statement);
        });
        this->wait_for("EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')");
        return committing;
    }
    std::string unseen_transaction() {
        return this->value(
            "SELECT backend_xid::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    }
};
TYPED_TEST_SUITE(SourceProofTest, Versions);

TYPED_TEST(SourceProofTest, ReadsRowsAgainByKey) {
    this->sql(
        "CREATE TABLE pair (a int, b text, c text, PRIMARY KEY (b, a)); INSERT INTO pair VALUES "
        "(1, 'x', NULL), (2, 'y', '')");
    this->capture();
    const auto reader = this->source().open_row_reader();
    model::Tuple key;
    key.append(model::CellKind::binary, "x");
    key.append(model::CellKind::binary, tests::int4(1));
    const engine::RowsRead found = reader->read(this->table("pair"), {key});
    ASSERT_TRUE(found.rows.at(0));
    EXPECT_EQ(print_tuple(this->table("pair"), *found.rows[0]), "(1,x,-)");
    EXPECT_TRUE(this->source().covers(found.view.settled, this->origin_.start));
    this->sql("DELETE FROM pair");
    const engine::RowsRead gone = reader->read(this->table("pair"), {key});
    EXPECT_FALSE(gone.rows.at(0));
    const std::string xid = this->value("SELECT pg_current_xact_id()::text");
    EXPECT_FALSE(this->source().visible(found.view.stamp)->contains({xid, xid}));
    EXPECT_FALSE(this->source().visible(gone.view.stamp)->contains({xid, xid}));
    const engine::RowsRead later = reader->read(this->table("pair"), {key});
    EXPECT_TRUE(this->source().visible(later.view.stamp)->contains({xid, xid}));
}

/// Keys are what the source's operators take for equal: both spellings are of one row.
TYPED_TEST(SourceProofTest, ReadsARowAgainHoweverItsKeyIsSpelled) {
    this->sql(
        "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = "
        "false);"
        "CREATE TABLE word (w text COLLATE folding PRIMARY KEY, c text); INSERT INTO word VALUES "
        "('Word', 'c')");
    this->capture();
    std::vector<model::Tuple> keys(3);
    keys[0].append(model::CellKind::binary, "WORD");
    keys[1].append(model::CellKind::binary, "other");
    keys[2].append(model::CellKind::binary, "word");
    const auto found = this->source().open_row_reader()->read(this->table("word"), keys).rows;
    ASSERT_EQ(found.size(), 3u);
    ASSERT_TRUE(found[0] && found[2]);
    EXPECT_EQ(print_tuple(this->table("word"), *found[0]), "(Word,c)");
    EXPECT_EQ(print_tuple(this->table("word"), *found[2]), "(Word,c)");
    EXPECT_FALSE(found[1]);
}

TYPED_TEST(SourceProofTest, CopiesWithoutALog) {
    this->sql("INSERT INTO item SELECT n, 'x' FROM generate_series(1, 1000) n");
    this->spec_.phases.incremental = false;
    this->plan_ = plan_from_catalog(this->spec_);
    const model::ChunkView view = this->source().open_view(this->plan_);
    this->sql("INSERT INTO item VALUES (5000, 'later')");
    std::size_t rows = 0;
    const auto chunks = this->source().split(this->table("item"), {16 << 10});
    for (const model::Chunk& chunk : chunks) {
        rows += this->read(this->table("item"), chunk, view).size();
    }
    EXPECT_EQ(rows, 1000u);
    EXPECT_EQ(this->slots(), "0");
    this->source().close_view();
    EXPECT_EQ(this->failure([&] { this->read(this->table("item"), chunks[0], view); }).code(),
              "copy.view_lost");
}

TYPED_TEST(SourceProofTest, KeepsNoViewOpenForATaskWithoutACopy) {
    this->spec_.phases.full = false;
    this->capture();
    EXPECT_EQ(this->value("SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL "
                          "AND backend_type = 'walsender'"
                          " AND application_name = '" +
                          this->name_ + "'"),
              "0");
}

TYPED_TEST(SourceProofTest, ProvesOrRefusesToGoOn) {
    this->capture();
    this->sql("INSERT INTO item VALUES (1, 'x')");
    const model::Position applied = this->source().current_position();
    this->source_.reset();
    EXPECT_FALSE(this->source().verify_capture(this->origin_, applied).failed_over);

    engine::CaptureOrigin other = this->origin_;
    const std::size_t digit = other.identity.find("\"system\":\"") + 10;
    other.identity[digit] = other.identity[digit] == '7' ? '6' : '7';
    EXPECT_EQ(this->failure([&] { this->source().verify_capture(other, applied); }).code(),
              "source.another");
    other.identity = "{broken";
    EXPECT_EQ(this->failure([&] { this->source().verify_capture(other, applied); }).code(),
              "task.state");

    this->connect().query("SELECT pg_drop_replication_slot('" + this->name_ + "')");
    const model::Error missing =
        this->failure([&] { this->source().verify_capture(this->origin_, applied); });
    EXPECT_EQ(missing.code(), "slot.missing");
    EXPECT_EQ(missing.error_class(), model::ErrorClass::refused);
    EXPECT_THAT(missing.message(), HasSubstr(this->name_));
    EXPECT_THAT(missing.message(), HasSubstr(applied.text));

    this->connect().query("SELECT pg_create_logical_replication_slot('" + this->name_ +
                          "', 'pgoutput')");
    const model::Error gap =
        this->failure([&] { this->source().verify_capture(this->origin_, applied); });
    EXPECT_EQ(gap.code(), "slot.gap");
    EXPECT_EQ(gap.error_class(), model::ErrorClass::corrupt);
    EXPECT_THAT(gap.message(), HasSubstr(applied.text));
}

TYPED_TEST(SourceProofTest, SeesThatThePublicationWasTouched) {
    this->sql("CREATE TABLE other (a int PRIMARY KEY)");
    const std::string publication = "ALTER PUBLICATION " + this->name_;
    const std::pair<std::string, std::string> deeds[] = {
        {"ALTER TABLE other RENAME TO another", "public.other was renamed to public.another"},
        {"DROP TABLE other", "public.other was dropped"},
        {"DROP TABLE other; CREATE TABLE other (a int PRIMARY KEY)", "public.other was dropped"},
        {publication + " DROP TABLE other", "public.other was taken out of it"},
        {publication + " DROP TABLE other; " + publication + " ADD TABLE other", "put in again"},
        {publication + " SET (publish = 'insert')", "publishes other rows or operations"},
        {"DROP PUBLICATION " + this->name_, "is not at the source any more"}};
    for (const auto& [deed, said] : deeds) {
        this->sql(
            "DROP TABLE IF EXISTS another; CREATE TABLE IF NOT EXISTS other (a int PRIMARY KEY)");
        this->capture();
        this->source().heartbeat();
        fixtures::PostgresClient(this->accounts().mover).query(deed);  // the publication's owner
        for (int round = 0; round < 2; ++round) {  // the process that made it, and the next one
            const model::Error error = this->failure([&] { this->source().current_position(); });
            EXPECT_EQ(error.code(), "publication.changed") << deed;
            EXPECT_THAT(error.message(), HasSubstr(said));
            EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
            EXPECT_EQ(this->failure([&] {
                              this->source().verify_capture(this->origin_, this->origin_.start);
                          })
                          .code(),
                      "publication.changed");
        }
        this->source_.reset();
    }
}

TYPED_TEST(SourceProofTest, FollowsPartitionsAndStopsAtANewOne) {
    this->sql(
        "CREATE TABLE sales (at int PRIMARY KEY, n int) PARTITION BY RANGE (at);"
        "CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE sales_2 PARTITION OF sales FOR VALUES FROM (10) TO (20) PARTITION BY RANGE "
        "(at);"
        "CREATE TABLE sales_2a PARTITION OF sales_2 FOR VALUES FROM (10) TO (20)");
    this->capture();
    const auto stream = this->source().open_changes(this->plan_, this->origin_, this->origin_.start,
                                                    engine::LogReader::task);
    this->sql("INSERT INTO sales VALUES (1, 1), (11, 1)");
    this->sql("UPDATE sales SET at = 12 WHERE at = 1");
    this->sql("TRUNCATE sales");
    std::vector<std::string> changes;
    for (auto& transaction : take(*stream, 3)) {
        for (const std::string& change : print_all(this->plan_, transaction)) {
            changes.push_back(change);
        }
    }
    EXPECT_THAT(changes,
                ElementsAre("insert sales_1(1,1)", "insert sales_2a(11,1)", "remove sales_1[(1,~)]",
                            "insert sales_2a(12,1)", "truncate sales_1 sales_2a"));
    this->sql(
        "CREATE TABLE sales_3 PARTITION OF sales FOR VALUES FROM (20) TO (30); INSERT INTO sales "
        "VALUES (21, 1)");
    const model::Error error = this->failure([&] { take(*stream, 1); });
    EXPECT_EQ(error.code(), "table.changed");
    EXPECT_THAT(error.message(), HasSubstr("public.sales_3"));
}

TYPED_TEST(SourceProofTest, TellsPositionsClockAndSequences) {
    this->sql("CREATE SEQUENCE counter; SELECT nextval('counter'), nextval('counter')");
    this->capture();
    const model::Position before = this->source().current_position();
    this->sql("INSERT INTO item VALUES (1, 'x')");
    const model::Position after = this->source().current_position();
    EXPECT_TRUE(this->source().covers(after, before));
    EXPECT_FALSE(this->source().covers(before, after));
    EXPECT_TRUE(this->source().covers(after, after));
    const auto sequences = this->source().sequences(this->plan_);
    ASSERT_EQ(sequences.size(), 1u);
    EXPECT_EQ(sequences[0].last_value, 2);
    EXPECT_TRUE(sequences[0].is_called);
    const auto apart = this->source().clock() - this->runtime_.wall();
    EXPECT_LT(std::abs(std::chrono::duration_cast<std::chrono::seconds>(apart).count()), 60);

    // A heartbeat moves an idle log past a position and tells the source's clock.
    const auto stream =
        this->source().open_changes(this->plan_, this->origin_, after, engine::LogReader::task);
    this->source().heartbeat();
    model::Instant told{};
    for (int attempt = 0; attempt < 200 && told == model::Instant{}; ++attempt) {
        const engine::StreamEvent event = stream->next(std::chrono::milliseconds(50));
        told = event.source_time;
    }
    EXPECT_NE(told, model::Instant{});
}

/// Holds commits back after they are in the log, as a synchronous standby that does not answer;
/// those of sessions that ask for `synchronous_commit = on`.
class HeldCommits {
public:
    explicit HeldCommits(std::function<void(const std::string&)> sql) : sql_(std::move(sql)) {
        sql_("ALTER SYSTEM SET synchronous_commit = 'local'");
        sql_("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        sql_("SELECT pg_reload_conf()");
    }
    ~HeldCommits() {
        release();
        sql_("ALTER SYSTEM RESET synchronous_commit");
        sql_("SELECT pg_reload_conf()");
    }
    void release() {
        sql_("ALTER SYSTEM RESET synchronous_standby_names");
        sql_("SELECT pg_reload_conf()");
    }

private:
    const std::function<void(const std::string&)> sql_;
};

TYPED_TEST(SourceProofTest, ALaterViewWaitsForWhatTheFirstHadSeen) {
    this->sql("INSERT INTO item SELECT n, 'x' FROM generate_series(1, 100) n");
    this->capture();
    const auto chunks = this->source().split(this->table("item"), {1 << 20});
    ASSERT_EQ(chunks.size(), 1u);
    HeldCommits held([this](const std::string& statement) { this->connect().query(statement); });
    this->wait_for("current_setting('synchronous_standby_names') = 'nobody'");
    std::future<void> committing = this->commit_unseen("INSERT INTO item VALUES (2001, 'late')");
    // A view that takes the commit for done, as the snapshots of slots did until 2026.
    const std::string next = std::to_string(std::stoull(this->unseen_transaction()) + 1);
    const model::ChunkView first = {slot_stamp(next + ":" + next + ":"), this->origin_.start};
    this->source_.reset();
    std::future<std::size_t> rows = std::async(std::launch::async, [&] {
        return this->read(this->table("item"), chunks.at(0), first).size();
    });
    EXPECT_EQ(rows.wait_for(std::chrono::milliseconds(500)), std::future_status::timeout);
    held.release();
    EXPECT_EQ(rows.get(), 101u);
    committing.get();
}

TYPED_TEST(SourceProofTest, MissesNoCommitThatIsInTheLogWhenTheSlotIsMade) {
    const auto begin = [&](fixtures::PostgresClient& client, int id) {
        client.query("BEGIN; INSERT INTO item VALUES (" + std::to_string(id) + ", 'undone')");
        return client.value("SELECT pg_current_xact_id()::text");
    };
    const auto waits_for = [](const std::string& xid) {
        return "EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
               " AND transactionid::text = '" +
               xid + "')";
    };
    this->sql("INSERT INTO item SELECT n, 'x' FROM generate_series(1, 100) n");
    HeldCommits held([this](const std::string& statement) { this->connect().query(statement); });
    this->wait_for("current_setting('synchronous_standby_names') = 'nobody'");

    // A slot waits for those that are running when it looks, twice; who begins after its second
    // look and commits before its third belongs to its snapshot.
    auto first = this->application();
    const std::string first_id = begin(first, 1001);
    std::future<void> capturing = std::async(std::launch::async, [this] { this->capture(); });
    this->wait_for(waits_for(first_id));
    auto second = this->application();
    const std::string second_id = begin(second, 1002);
    first.query("ROLLBACK");
    this->wait_for(waits_for(second_id));
    std::future<void> committing = this->commit_unseen("INSERT INTO item VALUES (2001, 'late')");
    const std::string unseen = this->unseen_transaction();
    second.query("ROLLBACK");

    // Minor releases since late 2026 (17.12) hand out no snapshot before everybody sees what it
    // holds; the others do, and then the copy has to wait.
    this->wait_for(waits_for(unseen) +
                   " OR EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '" +
                   this->name_ + "' AND confirmed_flush_lsn IS NOT NULL)");
    const bool slot_waits = this->value("SELECT " + waits_for(unseen)) == "t";
    if (slot_waits) {
        held.release();
    }
    capturing.get();
    const model::ChunkView view = this->source().open_view(this->plan_);
    EXPECT_TRUE(this->source().visible(view.stamp)->contains({unseen, unseen}));
    const auto chunks = this->source().split(this->table("item"), {1 << 20});
    this->source_.reset();
    ASSERT_EQ(chunks.size(), 1u);
    std::future<std::size_t> rows = std::async(std::launch::async, [&] {
        return this->read(this->table("item"), chunks.at(0), view).size();
    });
    if (!slot_waits) {
        EXPECT_EQ(rows.wait_for(std::chrono::milliseconds(500)), std::future_status::timeout);
        held.release();
    }
    EXPECT_EQ(rows.get(), 101u);
    committing.get();
}

}  // namespace
}  // namespace cutover::postgres
