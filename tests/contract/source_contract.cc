#include "tests/contract/source_contract.h"

#include <algorithm>

#include "migrator/model/error.h"

namespace cutover::contract {

using model::ChangeKind;
using model::Error;
using model::ErrorClass;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SourceContract);

namespace {

/// Less than any engine's smallest chunk holds: a table of some size has several.
constexpr model::Bytes kSmall{64};

}  // namespace

void SourceContract::write(TableName table, const Row& row) {
    const int transaction = end_->begin();
    end_->insert(transaction, table, row);
    end_->commit(transaction);
}

std::vector<Row> SourceContract::copy(engine::Source& source, TableName name,
                                      const model::ChunkView& original) {
    const plan::TablePlan& table = end_->table(name);
    const std::unique_ptr<engine::ChunkReader> reader = source.open_reader();
    std::vector<Row> rows;
    for (const model::Chunk& chunk : source.split(table, kSmall)) {
        EXPECT_EQ(reader->open(table, chunk, original).stamp, original.stamp);
        for (bool more = true; more;) {
            model::RowBatch batch;
            more = reader->next(batch, {model::Bytes{1 << 16}});
            for (Row& row : end_->rows(table, batch)) {
                rows.push_back(std::move(row));
            }
        }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::vector<SourceContract::Seen> SourceContract::follow(engine::Source& source,
                                                         const engine::CaptureOrigin& origin,
                                                         const model::Position& from,
                                                         std::size_t count) {
    std::vector<Seen> seen;
    const auto stream = source.open_changes(end_->plan(), origin, from, engine::LogReader::task);
    for (int tries = 0; seen.size() < count && tries < 200; ++tries) {
        engine::StreamEvent event = stream->next(std::chrono::milliseconds(100));
        if (!event.transaction) {
            continue;
        }
        Seen& one = seen.emplace_back();
        model::Change change;
        while (event.transaction->changes->next(change)) {
            one.changes.push_back(change);
        }
        one.transaction = std::move(*event.transaction);
    }
    EXPECT_EQ(seen.size(), count);
    seen.resize(count);
    return seen;
}

TEST_P(SourceContract, TheViewOfACaptureHoldsWhatWasCommittedBeforeAndNothingElse) {
    write(TableName::keyed, {"1", "a"});
    write(TableName::keyed, {"2", "b"});
    const auto source = end_->open_source();
    source->create_capture(end_->plan());
    write(TableName::keyed, {"3", "c"});
    const model::ChunkView view = source->open_view(end_->plan());
    EXPECT_EQ(copy(*source, TableName::keyed, view), (std::vector<Row>{{"1", "a"}, {"2", "b"}}));
    source->close_view();
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ACaptureThatAnotherRoleHasMadeIsRefused) {
    end_->occupy_capture();
    const auto source = end_->open_source();
    const auto code = [&](auto work) -> std::string {
        try {
            work();
        } catch (const model::Error& error) {
            return error.code();
        }
        return "";
    };
    EXPECT_EQ(code([&] { source->create_capture(end_->plan()); }), "capture.foreign");
    EXPECT_EQ(code([&] { source->drop_capture(end_->plan()); }), "capture.foreign");
}

/// What is read is what was planned, however alike another thing of its name is.
TEST_P(SourceContract, ATableThatTookThePlaceOfAPlannedOneIsNotRead) {
    const auto source = end_->open_source();
    source->create_capture(end_->plan());
    const model::ChunkView view = source->open_view(end_->plan());
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const std::vector<model::Chunk> chunks = source->split(table, kSmall);
    end_->exchange(TableName::keyed);
    const auto reader = source->open_reader();
    std::string code;
    try {
        reader->open(table, chunks.at(0), view);
    } catch (const Error& error) {
        code = error.code();
    }
    EXPECT_EQ(code, "table.exchanged");
}

TEST_P(SourceContract, TextsAreDataWhateverTheySay) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    std::vector<Row> rows;
    for (const std::string& text : texts_that_act()) {
        rows.push_back({std::to_string(1000 + rows.size()), text});
        write(TableName::keyed, rows.back());
    }
    const std::vector<Seen> seen = follow(*source, origin, origin.start, rows.size());
    for (std::size_t at = 0; at < rows.size(); ++at) {
        ASSERT_EQ(seen[at].changes.size(), 1u);
        EXPECT_EQ(end_->row(end_->table(TableName::keyed), seen[at].changes[0].after), rows[at]);
    }
    source->drop_capture(end_->plan());
    source->create_capture(end_->plan());
    EXPECT_EQ(copy(*source, TableName::keyed, source->open_view(end_->plan())), rows);
    source->close_view();
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ASecretIsNotSentInClear) {
    const std::string secret = "hunter2-in-the-clear";
    const EndUnderTest::Trapped trapped = end_->ask_for(secret);
    EXPECT_EQ(trapped.heard.find(secret), std::string::npos);
    EXPECT_EQ(trapped.told.find(secret), std::string::npos);
    EXPECT_EQ(trapped.heard.empty(), trapped.told.empty()) << "whoever is asked says so";
}

TEST_P(SourceContract, ChunksHoldEveryRowOnce) {
    std::vector<Row> all;
    const int transaction = end_->begin();
    for (int id = 1000; id < 2000; ++id) {
        all.push_back({std::to_string(id), "row"});
        end_->insert(transaction, TableName::keyed, all.back());
    }
    end_->commit(transaction);
    const auto source = end_->open_source();
    source->create_capture(end_->plan());
    EXPECT_GT(source->split(end_->table(TableName::keyed), kSmall).size(), 1u);
    EXPECT_EQ(copy(*source, TableName::keyed, source->open_view(end_->plan())), all);
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, TheCopyHoldsOnlyRowsThatTheFilterSelects) {
    write(TableName::filtered, {"1", "5"});
    write(TableName::filtered, {"2", "50"});
    const auto source = end_->open_source();
    source->create_capture(end_->plan());
    EXPECT_EQ(copy(*source, TableName::filtered, source->open_view(end_->plan())),
              (std::vector<Row>{{"2", "50"}}));
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, TheLogBringsWholeTransactionsInCommitOrderAndNothingThatWasRolledBack) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const int early = end_->begin();
    end_->insert(early, TableName::keyed, {"1", "early"});
    const int late = end_->begin();
    end_->insert(late, TableName::keyed, {"2", "late"});
    const int never = end_->begin();
    end_->insert(never, TableName::keyed, {"3", "never"});
    end_->commit(late);
    end_->rollback(never);
    end_->insert(early, TableName::heap, {"7", "more"});
    end_->commit(early);
    const auto seen = follow(*source, origin, origin.start, 2);
    ASSERT_EQ(seen[0].changes.size(), 1u);
    EXPECT_EQ(end_->row(end_->table(TableName::keyed), seen[0].changes[0].after),
              (Row{"2", "late"}));
    ASSERT_EQ(seen[1].changes.size(), 2u);
    EXPECT_EQ(end_->row(end_->table(TableName::keyed), seen[1].changes[0].after),
              (Row{"1", "early"}));
    EXPECT_EQ(seen[1].transaction.change_count, 2u);
    EXPECT_TRUE(source->covers(seen[1].transaction.commit, seen[0].transaction.commit));
    EXPECT_FALSE(source->covers(seen[0].transaction.commit, seen[1].transaction.commit));
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, TheLogGoesOnAfterThePositionThatIsAskedFor) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    write(TableName::keyed, {"1", "a"});
    write(TableName::keyed, {"2", "b"});
    const model::Position first = follow(*source, origin, origin.start, 1)[0].transaction.commit;
    const auto seen = follow(*source, origin, first, 1);
    ASSERT_EQ(seen[0].changes.size(), 1u);
    EXPECT_EQ(end_->row(end_->table(TableName::keyed), seen[0].changes[0].after), (Row{"2", "b"}));
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ChangesSayWhichRowAndWhatItIsNow) {
    write(TableName::keyed, {"1", "a"});
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const int transaction = end_->begin();
    end_->update(transaction, TableName::keyed, "1", {"1", "b"});
    end_->update(transaction, TableName::keyed, "1", {"2", "b"});
    end_->remove(transaction, TableName::keyed, "2");
    end_->commit(transaction);
    const auto changes = follow(*source, origin, origin.start, 1)[0].changes;
    ASSERT_EQ(changes.size(), 3u);
    const plan::TablePlan& table = end_->table(TableName::keyed);
    EXPECT_EQ(changes[0].kind, ChangeKind::update);
    EXPECT_EQ(end_->row(table, changes[0].after), (Row{"1", "b"}));
    EXPECT_EQ(changes[1].kind, ChangeKind::update);
    ASSERT_FALSE(changes[1].before.empty());
    EXPECT_EQ(end_->row(table, changes[1].before)[0], "1");
    EXPECT_EQ(end_->row(table, changes[1].after)[0], "2");
    EXPECT_EQ(changes[2].kind, ChangeKind::remove);
    EXPECT_EQ(end_->row(table, changes[2].before)[0], "2");
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ChangesOfATableWithoutAKeyCarryTheWholeOldRow) {
    write(TableName::heap, {"1", "a"});
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const int transaction = end_->begin();
    end_->update(transaction, TableName::heap, "1", {"2", "b"});
    end_->remove(transaction, TableName::heap, "2");
    end_->commit(transaction);
    const auto changes = follow(*source, origin, origin.start, 1)[0].changes;
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(end_->row(end_->table(TableName::heap), changes[0].before), (Row{"1", "a"}));
    EXPECT_EQ(end_->row(end_->table(TableName::heap), changes[1].before), (Row{"2", "b"}));
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ARowThatLeavesTheFilterIsARemovalAndOneThatEntersAnInsert) {
    write(TableName::filtered, {"1", "50"});
    write(TableName::filtered, {"2", "5"});
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const int transaction = end_->begin();
    end_->update(transaction, TableName::filtered, "1", {"1", "5"});
    end_->update(transaction, TableName::filtered, "2", {"2", "50"});
    end_->insert(transaction, TableName::filtered, {"3", "5"});
    end_->commit(transaction);
    const auto changes = follow(*source, origin, origin.start, 1)[0].changes;
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].kind, ChangeKind::remove);
    EXPECT_EQ(changes[1].kind, ChangeKind::insert);
    EXPECT_TRUE(changes[1].after.complete());
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ATruncateNamesItsTables) {
    write(TableName::keyed, {"1", "a"});
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const int transaction = end_->begin();
    end_->truncate(transaction, TableName::keyed);
    end_->commit(transaction);
    const auto changes = follow(*source, origin, origin.start, 1)[0].changes;
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].kind, ChangeKind::truncate);
    EXPECT_EQ(changes[0].truncated,
              (std::vector<model::TableIndex>{end_->table(TableName::keyed).index}));
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, AStampTellsWhatItsViewHadSeen) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const model::ChunkView before = source->open_view(end_->plan());
    write(TableName::keyed, {"1", "a"});
    const auto seen = follow(*source, origin, origin.start, 1);
    EXPECT_FALSE(source->visible(before.stamp)->contains(seen[0].transaction.id));
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const engine::RowsRead after =
        source->open_row_reader()->read(table, {end_->source_key(table, {"1"})});
    EXPECT_TRUE(source->visible(after.view.stamp)->contains(seen[0].transaction.id));
    EXPECT_TRUE(source->covers(after.view.settled, seen[0].transaction.commit));
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, RowsAreReadAgainByTheirKeysUnderOneView) {
    for (const char* key : {"1", "2", "3"}) {
        write(TableName::keyed, {key, std::string("value ") + key});
    }
    const auto source = end_->open_source();
    const plan::TablePlan& table = end_->table(TableName::keyed);
    const auto reader = source->open_row_reader();
    // In the order asked for, whatever the source's is; the same twice; none for what is not there.
    std::vector<model::Tuple> keys;
    for (const char* key : {"3", "9", "1", "3"}) {
        keys.push_back(end_->source_key(table, {key}));
    }
    const engine::RowsRead read = reader->read(table, keys);
    ASSERT_EQ(read.rows.size(), 4u);
    EXPECT_FALSE(read.rows[1]);
    ASSERT_TRUE(read.rows[0] && read.rows[2] && read.rows[3]);
    EXPECT_EQ(end_->row(table, *read.rows[0]), (Row{"3", "value 3"}));
    EXPECT_EQ(end_->row(table, *read.rows[2]), (Row{"1", "value 1"}));
    EXPECT_EQ(end_->row(table, *read.rows[3]), (Row{"3", "value 3"}));
    EXPECT_TRUE(reader->read(table, {}).rows.empty());
}

/// More keys than a statement of any engine takes.
TEST_P(SourceContract, AnyNumberOfRowsIsReadAgain) {
    write(TableName::keyed, {"1", "first"});
    write(TableName::keyed, {"70000", "last"});
    const auto source = end_->open_source();
    const plan::TablePlan& table = end_->table(TableName::keyed);
    std::vector<model::Tuple> keys;
    for (int key = 1; key <= 70'000; ++key) {
        keys.push_back(end_->source_key(table, {std::to_string(key)}));
    }
    const engine::RowsRead read = source->open_row_reader()->read(table, keys);
    ASSERT_EQ(read.rows.size(), keys.size());
    ASSERT_TRUE(read.rows.front() && read.rows.back());
    EXPECT_EQ(end_->row(table, *read.rows.back()), (Row{"70000", "last"}));
    EXPECT_FALSE(read.rows[1]);
}

TEST_P(SourceContract, AnIdleSourceMovesOnWithAHeartbeat) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    const auto stream =
        source->open_changes(end_->plan(), origin, origin.start, engine::LogReader::task);
    source->heartbeat();
    const model::Position wanted = source->current_position();
    source->heartbeat();
    bool reached = false;
    for (int tries = 0; tries < 200 && !reached; ++tries) {
        const engine::StreamEvent event = stream->next(std::chrono::milliseconds(100));
        EXPECT_FALSE(event.transaction);
        reached = !event.quiet_until.empty() && source->covers(event.quiet_until, wanted);
    }
    EXPECT_TRUE(reached);
    source->drop_capture(end_->plan());
}

TEST_P(SourceContract, ACaptureIsProvedWhileItStandsAndRefusedWhenItIsGone) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    EXPECT_FALSE(source->verify_capture(origin, origin.start).failed_over);
    EXPECT_FALSE(source->auxiliary_objects(end_->plan()).empty());
    source->drop_capture(end_->plan());
    EXPECT_TRUE(source->auxiliary_objects(end_->plan()).empty());
    try {
        source->verify_capture(origin, origin.start);
        FAIL() << "a capture that is gone was proved";
    } catch (const Error& error) {
        EXPECT_TRUE(error.error_class() == ErrorClass::refused ||
                    error.error_class() == ErrorClass::corrupt);
    }
    source->drop_capture(end_->plan());  // nothing there: fine
}

TEST_P(SourceContract, ACaptureThatWasMadeAnewIsNotTakenForTheOldOne) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    source->drop_capture(end_->plan());
    source->create_capture(end_->plan());
    EXPECT_THROW(source->verify_capture(origin, origin.start), Error);
    source->drop_capture(end_->plan());
}

/// Tables that are named with writers who have not ended.
std::vector<std::string> unfinished(engine::Source& source, const plan::Plan& plan) {
    std::vector<std::string> tables;
    for (const engine::SourceWriter& writer : source.writers(plan)) {
        EXPECT_FALSE(writer.id.empty());
        for (const model::ObjectName& table : writer.wrote) {
            tables.push_back(table.display());
        }
    }
    return tables;
}

TEST_P(SourceContract, AWriterIsNamedUntilItsTransactionHasEnded) {
    const auto source = end_->open_source();
    EXPECT_TRUE(unfinished(*source, end_->plan()).empty());
    const int first = end_->begin();
    EXPECT_TRUE(unfinished(*source, end_->plan()).empty());  // it has not written
    end_->insert(first, TableName::keyed, {"1", "a"});
    EXPECT_EQ(unfinished(*source, end_->plan()), (std::vector<std::string>{"app.keyed"}));
    const int second = end_->begin();
    end_->insert(second, TableName::heap, {"1", "a"});
    EXPECT_EQ(unfinished(*source, end_->plan()).size(), 2u);
    end_->commit(first);
    EXPECT_EQ(unfinished(*source, end_->plan()), (std::vector<std::string>{"app.heap"}));
    end_->rollback(second);
    EXPECT_TRUE(unfinished(*source, end_->plan()).empty());
}

TEST_P(SourceContract, AFenceWaitsForWritersAndStopsAllUntilItIsLifted) {
    const auto source = end_->open_source();
    const int transaction = end_->begin();
    end_->insert(transaction, TableName::heap, {"1", "a"});
    const engine::FenceTry tried = source->fence(end_->plan());
    EXPECT_FALSE(tried.set);
    EXPECT_EQ(tried.holders.size(), 1u);
    EXPECT_TRUE(end_->may_write(TableName::keyed));  // nothing is half set
    end_->commit(transaction);
    EXPECT_TRUE(source->fence(end_->plan()).set);
    EXPECT_TRUE(source->fence(end_->plan()).set);  // again, after a lost answer
    for (const TableName table : kTables) {
        EXPECT_FALSE(end_->may_write(table)) << table_text(table);
    }
    EXPECT_FALSE(source->fence_text().empty());
    source->lift_fence();
    for (const TableName table : kTables) {
        EXPECT_TRUE(end_->may_write(table)) << table_text(table);
    }
    source->lift_fence();  // nothing there: fine
}

/// Another process of the task finds it.
TEST_P(SourceContract, AFenceOutlivesWhoHasSetIt) {
    EXPECT_TRUE(end_->open_source()->fence(end_->plan()).set);
    EXPECT_FALSE(end_->may_write(TableName::keyed));
    end_->open_source()->lift_fence();
    EXPECT_TRUE(end_->may_write(TableName::keyed));
}

TEST_P(SourceContract, ARowsKeyIsShownAsPeopleWriteIt) {
    const auto source = end_->open_source();
    const engine::CaptureOrigin origin = source->create_capture(end_->plan());
    write(TableName::keyed, {"17", "a"});
    const auto changes = follow(*source, origin, origin.start, 1)[0].changes;
    EXPECT_EQ(source->key_text(end_->table(TableName::keyed), changes.at(0).after), "id = 17");
    source->drop_capture(end_->plan());
}

}  // namespace cutover::contract
