// PostgreSQL as a source, against real servers: what is made and removed, views and chunks, what is
// read after the view has died.
#include "migrator/engine/postgres/log/log_message.h"
#include "tests/live/engine/postgres/source_fixture.h"

namespace cutover::postgres {
namespace {

TYPED_TEST_SUITE(SourceTest, Versions);

TYPED_TEST(SourceTest, MakesWhatTheLogNeedsAndTakesItAwayAgain) {
    this->sql(
        "CREATE TABLE loose (a int); CREATE TABLE nothing (a int PRIMARY KEY);"
        "CREATE TABLE by_index (a int NOT NULL); CREATE UNIQUE INDEX \"Odd Index\" ON by_index (a);"
        "ALTER TABLE by_index REPLICA IDENTITY USING INDEX \"Odd Index\"");
    this->capture();
    EXPECT_EQ(this->identity_of("loose"), "f");
    EXPECT_EQ(this->identity_of("by_index"), "f");
    EXPECT_EQ(this->identity_of("item"), "d");
    EXPECT_EQ(this->value("SELECT count(*) FROM pg_publication_tables WHERE pubname = '" +
                          this->name_ + "'"),
              "4");
    if (TypeParam::value >= 17) {
        EXPECT_EQ(this->value("SELECT failover FROM pg_replication_slots WHERE slot_name = '" +
                              this->name_ + "'"),
                  "t");
    }
    EXPECT_EQ(this->source().auxiliary_objects(this->plan_).size(), 2u);
    this->source().drop_capture(this->plan_);
    EXPECT_EQ(this->identity_of("loose"), "d");
    EXPECT_EQ(this->identity_of("by_index"), "i");
    EXPECT_EQ(this->source().auxiliary_objects(this->plan_).size(), 0u);
    this->source().drop_capture(this->plan_);  // nothing there: fine
}

/// What this program asks the source for itself, whatever it is, is none of the others there.
TYPED_TEST(SourceTest, TakesNoSessionOfThisProgramForOneOfOthers) {
    this->capture();
    std::vector<fixtures::PostgresClient> sessions;
    const auto open = [&](const fixtures::PostgresEndpoint& account, const std::string& name) {
        sessions.emplace_back(account);
        sessions.back().query("SET application_name = '" + name + "'");
    };
    std::vector<std::string> others = {"cutover", "cutover workload bank", "psql"};
    std::vector<std::string> names = {"cutover inspector", "cutover slot copies",
                                      "cutover verify",    "cutover who waits",
                                      this->name_,         this->name_ + " reader"};
    names.insert(names.end(), others.begin(), others.end());
    for (const std::string& name : names) {
        open(this->accounts().mover, name);
    }
    // Whoever only calls himself so is one of others.
    open(this->accounts().application, "cutover verify");
    others.emplace_back("cutover verify");
    std::vector<std::string> told;
    for (const engine::SourceWriter& writer : this->source().writers(this->plan_)) {
        told.push_back(writer.application);
    }
    EXPECT_THAT(told, testing::UnorderedElementsAreArray(others));
}

TYPED_TEST(SourceTest, ReplacesWhatAnUnrecordedAttemptHasLeft) {
    this->sql("CREATE TABLE loose (a int)");
    this->capture();
    const model::Position first = this->origin_.start;
    this->sql("INSERT INTO item VALUES (1, 'x')");
    this->source_.reset();  // killed before the origin was recorded
    this->capture();        // the plan is made anew: it sees FULL
    EXPECT_FALSE(this->source().covers(first, this->origin_.start));
    this->source().drop_capture(this->plan_);
    EXPECT_EQ(this->identity_of("loose"), "d");
}

TYPED_TEST(SourceTest, DoesNotTouchASlotOfSomebodyElse) {
    this->connect().query("SELECT pg_create_physical_replication_slot('" + this->name_ + "')");
    EXPECT_EQ(this->failure([&] { this->capture(); }).code(), "slot.foreign");
    EXPECT_EQ(this->slots(), "1");
    this->connect().query("SELECT pg_drop_replication_slot('" + this->name_ + "')");
}

TYPED_TEST(SourceTest, RefusesToPublishATableWhoseUpdatesWouldThenFail) {
    this->sql("CREATE TABLE loose (a int)");
    this->plan_ = plan_from_catalog(this->spec_);
    for (plan::TablePlan& table : this->plan_.tables) {
        table.sets_replica_identity = false;
    }
    EXPECT_EQ(this->failure([&] { this->source().create_capture(this->plan_); }).code(),
              "source.replica_identity");
    this->sql("INSERT INTO loose VALUES (1); UPDATE loose SET a = 2");

    this->sql("DROP TABLE loose");
    this->spec_.filters[{"public", "item"}] = "name <> 'secret'";
    this->plan_ = plan_from_catalog(this->spec_);
    this->plan_.tables[0].sets_replica_identity = false;
    const model::Error error = this->failure([&] { this->source().create_capture(this->plan_); });
    EXPECT_EQ(error.code(), "source.filter_identity");
    EXPECT_THAT(error.message(), HasSubstr("name"));
    this->sql("INSERT INTO item VALUES (1, 'x'); UPDATE item SET name = 'y'");
}

TYPED_TEST(SourceTest, AppliesFiltersInTheCopyAndInTheLog) {
    this->sql("INSERT INTO item VALUES (1, 'in'), (2, 'out'), (3, 'in')");
    this->spec_.filters[{"public", "item"}] = "name = 'in'";
    this->capture();
    const model::ChunkView view = this->source().open_view(this->plan_);
    const auto chunks = this->source().split(this->table("item"), {1 << 20});
    EXPECT_EQ(this->read(this->table("item"), chunks[0], view).size(), 2u);
    this->sql("UPDATE item SET name = 'out' WHERE id = 1");
    this->sql("UPDATE item SET name = 'in' WHERE id = 2");
    this->sql("UPDATE item SET name = 'other' WHERE name = 'out'");
    this->sql("INSERT INTO item VALUES (4, 'out'), (5, 'in')");
    const auto stream = this->source().open_changes(this->plan_, this->origin_, this->origin_.start,
                                                    engine::LogReader::task);
    std::vector<std::string> changes;
    for (auto& transaction : take(*stream, 3)) {
        for (const std::string& change : print_all(this->plan_, transaction)) {
            changes.push_back(change);
        }
    }
    EXPECT_THAT(changes,
                ElementsAre("remove item[(1,in)]", "insert item(2,in)", "insert item(5,in)"));
}

TYPED_TEST(SourceTest, LosesAndDoublesNothingBetweenTheViewAndTheLog) {
    // Writers insert ever new keys, in transactions that commit out of order, while the capture is
    // made.
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
        writers.emplace_back([&, writer] {
            auto client = this->application();
            for (int at = 0; !stop; ++at) {
                const int key = writer * 1000000 + at;
                client.query("BEGIN; INSERT INTO item VALUES (" + std::to_string(key) + ", 'a')");
                if (at % 3 == 0) {
                    client.query("SAVEPOINT s; INSERT INTO item VALUES (" +
                                 std::to_string(key + 500000) + ", 'b')" +
                                 (at % 2 == 0 ? "; ROLLBACK TO s" : ""));
                }
                client.query(at % 7 == 0 ? "ROLLBACK" : "COMMIT");
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    this->capture();
    const model::ChunkView view = this->source().open_view(this->plan_);
    EXPECT_EQ(view.settled, this->origin_.start);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    std::map<std::string, int> seen;
    for (const model::Chunk& chunk : this->source().split(this->table("item"), {32 << 10})) {
        for (const model::Tuple& row : this->read(this->table("item"), chunk, view)) {
            ++seen[std::string(row.bytes(0))];
        }
    }
    const std::size_t copied = seen.size();
    stop = true;
    for (std::thread& writer : writers) {
        writer.join();
    }
    const auto stream = this->source().open_changes(this->plan_, this->origin_, this->origin_.start,
                                                    engine::LogReader::task);
    const std::string end = this->source().current_position().text;
    this->source().heartbeat();
    std::vector<model::SourceTransaction> transactions;
    take_until_quiet(*stream, end, &transactions);
    model::Change change;
    for (model::SourceTransaction& transaction : transactions) {
        EXPECT_FALSE(this->source().visible(view.stamp)->contains(transaction.id));
        while (transaction.changes->next(change)) {
            ++seen[std::string(change.after.bytes(0))];
        }
    }
    EXPECT_GT(copied, 0u);
    EXPECT_GT(seen.size(), copied);
    EXPECT_EQ(std::to_string(seen.size()), this->value("SELECT count(*) FROM item"));
    for (const auto& [key, count] : seen) {
        EXPECT_EQ(count, 1);
    }
}

TYPED_TEST(SourceTest, CutsATableIntoChunksThatHoldEachRowOnce) {
    this->sql(
        "INSERT INTO item SELECT n, repeat('x', 200) FROM generate_series(1, 5000) n; CREATE TABLE "
        "empty (a int PRIMARY KEY)");
    this->capture();
    const model::ChunkView view = this->source().open_view(this->plan_);
    this->sql(
        "INSERT INTO item SELECT n, 'late' FROM generate_series(6001, 7000) n; DELETE FROM item "
        "WHERE id < 100");
    const plan::TablePlan& item = this->table("item");
    const std::vector<model::Chunk> chunks = this->source().split(item, {100 << 10});
    EXPECT_GT(chunks.size(), 5u);
    Replica replica(this->plan_);
    std::size_t rows = 0;
    for (const model::Chunk& chunk : chunks) {
        model::ChunkView got;
        const auto read = this->read(item, chunk, view, &got);
        EXPECT_EQ(got.stamp, view.stamp);
        replica.add(item, read);
        rows += read.size();
    }
    EXPECT_EQ(rows, 5000u);
    EXPECT_EQ(this->source().split(this->table("empty"), {1 << 20}).size(), 1u);
}

// The promise under which a killed copy goes on: what is read later is exactly what the dead view
// had seen and nobody has changed since, whatever subtransactions were open when the slot was made.
TYPED_TEST(SourceTest, GoesOnAfterTheViewHasDiedWithWhatItHadSeen) {
    this->sql("INSERT INTO item SELECT n, repeat('x', 200) FROM generate_series(1, 4000) n");
    this->plan_ = plan_from_catalog(this->spec_);
    // A slot waits for what runs when it begins, and again for what runs half-way: only a
    // transaction that begins in its last phase is open when the view is made.
    auto first = this->application();
    first.query("BEGIN; INSERT INTO item VALUES (10001, 'first')");
    auto made = std::async(std::launch::async,
                           [&] { this->origin_ = this->source().create_capture(this->plan_); });
    const auto wait_for_slot = [&](const std::string& pid) {
        this->wait_for(
            "EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE "
            "a.backend_type ="
            " 'walsender' AND NOT l.granted AND l.transactionid = (SELECT backend_xid FROM"
            " pg_stat_activity WHERE pid = " +
            pid + "))");
    };
    wait_for_slot(first.value("SELECT pg_backend_pid()"));
    auto second = this->application();
    second.query("BEGIN; INSERT INTO item VALUES (10002, 'second')");
    first.query("COMMIT");
    wait_for_slot(second.value("SELECT pg_backend_pid()"));
    auto open = this->application();
    this->begin_subtransactions(open);
    const std::string subxids = open.value(
        "SELECT string_agg(DISTINCT xmin::text, ',') FROM item WHERE id IN (10003, 10004, 10006)");
    const std::string top = open.value("SELECT pg_current_xact_id()::text");
    // Committed after those began: their numbers lie below the view's end, in its list.
    this->sql("INSERT INTO item VALUES (10010, 'third')");
    second.query("COMMIT");
    made.get();
    const model::ChunkView original = this->source().open_view(this->plan_);
    const Snapshot snapshot = Snapshot::parse(snapshot_text(original.stamp));
    EXPECT_FALSE(snapshot.sees(std::stoull(top)));
    for (std::size_t at = 0; at < subxids.size();) {
        const std::size_t end = std::min(subxids.find(',', at), subxids.size());
        EXPECT_FALSE(snapshot.sees(std::stoull(subxids.substr(at, end - at))))
            << original.stamp.text;
        at = end + 1;
    }
    const plan::TablePlan& item = this->table("item");
    std::vector<model::Chunk> chunks = this->source().split(item, {100 << 10});
    ASSERT_GT(chunks.size(), 3u);
    Replica replica(this->plan_);
    replica.add(item, this->read(item, chunks.front(), original));
    chunks.erase(chunks.begin());

    this->source_.reset();  // kill -9
    this->change_items(open);
    this->source().verify_capture(this->origin_, this->origin_.start);
    ASSERT_EQ(this->source().resume_mode(item, chunks, original, true),
              ResumeMode::remaining_chunks);
    std::size_t residue = 0;
    for (const model::Chunk& chunk : chunks) {
        model::ChunkView view;
        const auto rows = this->read(item, chunk, original, &view);
        EXPECT_EQ(view.stamp, original.stamp);
        EXPECT_FALSE(this->source().covers(original.settled, view.settled));
        for (const model::Tuple& row : rows) {
            EXPECT_THAT(std::string(row.bytes(1)),  // unchanged since the view
                        testing::AnyOf(std::string(200, 'x'), "first", "second", "third"));
        }
        replica.add(item, rows);
        residue += rows.size();
    }
    EXPECT_GT(residue, 2000u);
    this->replay(replica, this->origin_.start);
    EXPECT_EQ(replica.rows(), this->rows_now("item"));
}

TYPED_TEST(SourceTest, FlushesTheLogWhateverTheServersDefaultIs) {
    this->sql("ALTER DATABASE " + this->endpoint().database + " SET synchronous_commit = off");
    Connection connection = Connection::open(this->spec_.source, {});
    for (int attempt = 0; attempt < 5; ++attempt) {
        this->sql("INSERT INTO item VALUES (" + std::to_string(attempt) + ", 'x')");
        const std::string lsn = this->value("SELECT pg_current_wal_insert_lsn()");
        emit_message(connection, kFlushPrefix, "''");
        EXPECT_EQ(this->value("SELECT pg_current_wal_flush_lsn() >= '" + lsn + "'"), "t");
    }
}

/// As the usual way to freeze a source before the cutover: new sessions may not write.
TYPED_TEST(SourceTest, WorksAtADatabaseThatIsFrozen) {
    this->sql("INSERT INTO item VALUES (1, 'x')");
    this->capture();
    this->sql("INSERT INTO item VALUES (2, 'y')");
    this->sql("ALTER DATABASE " + this->endpoint().database +
              " SET default_transaction_read_only = on");
    this->source_.reset();  // from here on every session is a new one
    this->source().verify_capture(this->origin_, this->origin_.start);
    const model::ChunkView view = this->source().open_view(this->plan_);
    const auto chunks = this->source().split(this->table("item"), {1 << 20});
    EXPECT_EQ(this->read(this->table("item"), chunks[0], view).size(), 2u);
    const auto stream = this->source().open_changes(this->plan_, this->origin_, this->origin_.start,
                                                    engine::LogReader::task);
    const std::string end = this->source().current_position().text;
    this->source().heartbeat();
    std::vector<model::SourceTransaction> transactions;
    take_until_quiet(*stream, end, &transactions);
    EXPECT_EQ(transactions.size(), 1u);
    this->source().drop_capture(this->plan_);
    EXPECT_EQ(this->slots(), "0");
}

TYPED_TEST(SourceTest, OpensAViewBesideTheSlotOfOneWhoseLinkIsHalfOpen) {
    this->capture();
    fixtures::PostgresClient ghost(this->accounts().mover);
    ghost.query("SELECT pg_create_logical_replication_slot('" + this->name_ +
                "_view', 'pgoutput', true)");
    this->source_.reset();
    EXPECT_FALSE(this->source().open_view(this->plan_).stamp.empty());
}

TYPED_TEST(SourceTest, CopiesAnewWhatCannotBeToldByTheDeadView) {
    this->sql(
        "INSERT INTO item SELECT n, 'x' FROM generate_series(1, 1000) n; CREATE TABLE loose (a "
        "int);"
        "INSERT INTO loose SELECT generate_series(1, 1000); CREATE TABLE rewritten (a int PRIMARY "
        "KEY);"
        "INSERT INTO rewritten SELECT generate_series(1, 1000)");
    this->capture();
    const model::ChunkView original = this->source().open_view(this->plan_);
    std::map<std::string, std::vector<model::Chunk>> chunks;
    for (const plan::TablePlan& table : this->plan_.tables) {
        chunks[table.source.name] = this->source().split(table, {16 << 10});
    }
    this->source_.reset();
    this->sql("VACUUM FULL rewritten");
    this->source().verify_capture(this->origin_, this->origin_.start);
    const auto mode = [&](const std::string& name, bool with_log) {
        return this->source().resume_mode(this->table(name), chunks[name], original, with_log);
    };
    EXPECT_EQ(mode("item", true), ResumeMode::remaining_chunks);
    EXPECT_EQ(mode("item", false), ResumeMode::whole_table);
    EXPECT_EQ(mode("loose", true), ResumeMode::whole_table);
    EXPECT_EQ(mode("rewritten", true), ResumeMode::whole_table);
    EXPECT_EQ(this->failure([&] { this->read(this->table("loose"), chunks["loose"][0], original); })
                  .code(),
              "copy.view_lost");
    EXPECT_EQ(this->failure([&] {
                      this->read(this->table("rewritten"), chunks["rewritten"][0], original);
                  })
                  .code(),
              "copy.table_rewritten");

    model::ChunkView view;
    const auto rows = this->read(this->table("loose"), this->source().whole(this->table("loose")),
                                 original, &view);
    EXPECT_EQ(rows.size(), 1000u);
    EXPECT_NE(view.stamp, original.stamp);
    EXPECT_FALSE(this->source().covers(original.settled, view.settled));
}

TYPED_TEST(SourceTest, ReadsATableThatWasRewrittenAfterTheViewUnderAViewOfItsOwn) {
    this->sql("INSERT INTO item SELECT n, 'x' FROM generate_series(1, 1000) n");
    this->capture();
    // The rewrite is done by a transaction that the view does not see: under it the table looks
    // empty.
    this->sql("ALTER TABLE item ALTER name TYPE text USING name || ''");
    const model::ChunkView original = this->source().open_view(this->plan_);
    const auto chunks = this->source().split(this->table("item"), {16 << 10});
    ASSERT_EQ(chunks.size(), 1u);
    model::ChunkView view;
    EXPECT_EQ(this->read(this->table("item"), chunks[0], original, &view).size(), 1000u);
    EXPECT_NE(view.stamp, original.stamp);
}

TYPED_TEST(SourceTest, OpensAViewThatCanBeResumedThoughTheCaptureIsOlder) {
    this->sql("INSERT INTO item SELECT n, 'x' FROM generate_series(1, 1000) n");
    this->capture();
    this->source_.reset();
    this->sql("UPDATE item SET name = 'y' WHERE id = 1");
    this->source().verify_capture(this->origin_, this->origin_.start);
    const model::ChunkView view = this->source().open_view(this->plan_);
    EXPECT_TRUE(is_slot_stamp(view.stamp));
    EXPECT_FALSE(this->source().covers(this->origin_.start, view.settled));
    EXPECT_EQ(this->slots(), "2");
    const auto chunks = this->source().split(this->table("item"), {16 << 10});
    EXPECT_GT(chunks.size(), 1u);
    std::size_t rows = 0;
    for (const model::Chunk& chunk : chunks) {
        rows += this->read(this->table("item"), chunk, view).size();
    }
    EXPECT_EQ(rows, 1000u);
    this->source().close_view();
    this->wait_for("NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '" +
                   this->name_ + "_view')");
}

}  // namespace
}  // namespace cutover::postgres
