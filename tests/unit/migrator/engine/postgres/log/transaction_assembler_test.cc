#include "migrator/engine/postgres/log/transaction_assembler.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "migrator/model/error.h"
#include "tests/support/peak_memory.h"
#include "tests/unit/migrator/engine/postgres/log/message_builder.h"

namespace cutover::postgres {
namespace {

std::vector<model::Change> all(model::SourceTransaction& transaction) {
    std::vector<model::Change> out;
    model::Change change;
    while (transaction.changes->next(change)) {
        out.push_back(std::move(change));
    }
    return out;
}

class TransactionAssemblerTest : public testing::Test {
protected:
    TransactionAssemblerTest() {
        plan_.tables.push_back(planned_table(0, "item", {"id", "name"}));
        plan_.tables.push_back(planned_table(1, "loose", {"a"}, true));
    }

    TransactionAssembler& assembler() {
        if (!assembler_) {
            assembler_ = std::make_unique<TransactionAssembler>(
                plan_, [](std::uint32_t, std::int32_t) { return "text"; }, limits_, start_);
        }
        return *assembler_;
    }
    Assembled feed(const std::string& message) { return assembler().feed(message); }
    void announce(std::uint32_t xid = 0) {
        feed(relation_message(9, "item", {{"id", true}, {"name"}}, 'd', xid));
    }
    void insert(const std::string& id, std::uint32_t xid = 0) {
        feed(insert_message(9, {{'b', id}, {'b', std::string(100, 'x')}}, xid));
    }
    void block(std::uint32_t xid, const std::vector<std::pair<std::uint32_t, std::string>>& rows,
               bool first = false) {
        feed(MessageBuilder('S').number(xid, 4).byte(first ? 1 : 0).bytes());
        if (first) {
            announce(xid);
        }
        for (const auto& [subxid, id] : rows) {
            insert(id, subxid);
        }
        feed(MessageBuilder('E').bytes());
    }
    Assembled stream_commit(std::uint32_t xid, Lsn end) {
        return feed(MessageBuilder('c').number(xid, 4).bytes() + commit_message(end).substr(1));
    }
    static std::vector<std::string> ids(Assembled& assembled) {
        std::vector<std::string> out;
        EXPECT_TRUE(assembled.transaction);
        if (assembled.transaction) {
            for (const model::Change& change : all(*assembled.transaction)) {
                out.emplace_back(change.after.bytes(0));
            }
        }
        return out;
    }

    plan::Plan plan_;
    SpoolLimits limits_;
    TransactionAssembler::Start start_{1, 0, 1000, {{"public", "root"}}};
    std::unique_ptr<TransactionAssembler> assembler_;
};

using Ids = std::vector<std::string>;

TEST_F(TransactionAssemblerTest, HandsOverAWholeTransaction) {
    feed(begin_message(7));
    EXPECT_TRUE(assembler().within());
    announce();
    insert("1");
    insert("2");
    Assembled done = feed(commit_message(0x200));
    EXPECT_FALSE(assembler().within());
    ASSERT_TRUE(done.transaction);
    EXPECT_EQ(done.transaction->id.bytes, "7");
    EXPECT_EQ(done.transaction->commit.text, "0/200");
    EXPECT_EQ(done.transaction->change_count, 2u);
    EXPECT_GT(done.transaction->footprint_bytes, 200u);
    EXPECT_EQ(ids(done), (Ids{"1", "2"}));
}

/// On its way to the file no more than the connection holds of it; on its way out as a tuple, and
/// nowhere else.
TEST_F(TransactionAssemblerTest, HoldsALargeRowOnce) {
    if (!tests::PeakMemory::means_something()) {
        GTEST_SKIP() << "a sanitizer's own memory is counted too";
    }
    constexpr std::uint64_t kRow = 64 << 20;
    constexpr std::uint64_t kElse = 8 << 20;
    feed(begin_message(7));
    announce();
    const std::string message = insert_message(9, {{'b', "1"}, {'b', std::string(kRow, 'x')}});
    const tests::PeakMemory arriving;
    feed(message);
    EXPECT_LT(arriving.growth(), kElse);
    insert("2");
    Assembled done = feed(commit_message(0x200));
    const tests::PeakMemory leaving;
    model::Change change;
    ASSERT_TRUE(done.transaction->changes->next(change));
    EXPECT_LT(leaving.growth(), kRow + kElse);
    EXPECT_EQ(change.after.bytes(1).size(), kRow);
    ASSERT_TRUE(done.transaction->changes->next(change));
    EXPECT_EQ(change.after.bytes(0), "2");
    EXPECT_FALSE(done.transaction->changes->next(change));
}

TEST_F(TransactionAssemblerTest, RefusesARowThatIsTooLargeByTableKeyAndSize) {
    limits_.row_bytes = 1 << 20;
    plan_.tables[0].columns[0].source.type_id = 25;
    plan_.tables[0].columns[0].source.name = "id";
    const std::string most((1 << 20) - 1, 'x');
    const auto refusal = [&](const std::string& message) -> std::string {
        feed(begin_message(7));
        announce();
        feed(relation_message(8, "loose", {{"a"}}, 'f'));
        feed(message);
        try {
            feed(commit_message(0x200));
        } catch (const model::Error& error) {
            EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
            EXPECT_EQ(error.code(), "row.too_large");
            return error.message();
        }
        return "";
    };
    EXPECT_EQ(refusal(insert_message(9, {{'b', "7"}, {'b', most}})), "");
    EXPECT_EQ(refusal(insert_message(9, {{'b', "7"}, {'b', most + "x"}})),
              "a row of table public.item (id = '7') has 1.0 MB; rows of up to 1 MB are carried");
    // Old and new form are one row: neither is too large.
    const auto update = [](const std::string& before, const std::string& after) {
        return MessageBuilder('U')
            .number(8, 4)
            .tuple('O', {{'b', before}})
            .tuple('N', {{'b', after}})
            .bytes();
    };
    EXPECT_EQ(refusal(update(most, most)), "");
    EXPECT_EQ(refusal(update("", most + most)),
              "a row of table public.loose (which has no key) has 2.0 MB; rows of up to 1 MB are "
              "carried");
}

TEST_F(TransactionAssemblerTest, DoesNotMindALargeRowThatIsRolledBack) {
    limits_.row_bytes = 1 << 20;
    block(10, {{10, "kept"}}, true);
    feed(MessageBuilder('S').number(10, 4).byte(0).bytes());
    feed(insert_message(9, {{'b', "gone"}, {'b', std::string(2 << 20, 'x')}}, 11));
    feed(MessageBuilder('E').bytes());
    feed(MessageBuilder('A').number(10, 4).number(11, 4).bytes());
    Assembled done = stream_commit(10, 0x300);
    EXPECT_EQ(ids(done), (Ids{"kept"}));
}

TEST_F(TransactionAssemblerTest, WidensTransactionIds) {
    start_.reference = (Xid8{5} << 32) + 3;
    feed(begin_message(0xFFFFFFFEu));
    announce();
    insert("1");
    EXPECT_EQ(feed(commit_message(0x200)).transaction->id.bytes,
              std::to_string((Xid8{5} << 32) - 2));
    feed(begin_message(4));
    insert("1");
    EXPECT_EQ(feed(commit_message(0x300)).transaction->id.bytes,
              std::to_string((Xid8{5} << 32) + 4));
}

TEST_F(TransactionAssemblerTest, HandsStreamedTransactionsOverInTheOrderOfTheirCommits) {
    block(10, {{10, "a1"}}, true);
    block(11, {{11, "b1"}}, true);
    block(10, {{10, "a2"}});
    feed(begin_message(12));
    announce();
    insert("c1");
    EXPECT_EQ(feed(commit_message(0x100)).transaction->id.bytes, "12");
    Assembled second = stream_commit(11, 0x200);
    EXPECT_EQ(ids(second), Ids{"b1"});
    Assembled first = stream_commit(10, 0x300);
    EXPECT_EQ(ids(first), (Ids{"a1", "a2"}));
    EXPECT_EQ(assembler().memory_bytes(), 0u);
}

TEST_F(TransactionAssemblerTest, LeavesOutRolledBackSubtransactions) {
    for (const std::size_t memory :
         {std::size_t{8} << 20, std::size_t{80}}) {  // in memory, in a file
        assembler_.reset();
        limits_.memory_bytes = memory;
        block(10, {{10, "1"}, {20, "2"}, {21, "3"}, {10, "4"}}, true);
        feed(MessageBuilder('A').number(10, 4).number(21, 4).bytes());
        feed(MessageBuilder('A').number(10, 4).number(20, 4).bytes());
        block(10, {{22, "5"}});
        Assembled done = stream_commit(10, 0x300);
        EXPECT_EQ(done.transaction->change_count, 3u);
        EXPECT_EQ(ids(done), (Ids{"1", "4", "5"}));
    }
}

TEST_F(TransactionAssemblerTest, ForgetsRolledBackTransactions) {
    block(10, {{10, "1"}}, true);
    feed(MessageBuilder('A').number(10, 4).number(10, 4).bytes());
    EXPECT_EQ(assembler().memory_bytes(), 0u);
    EXPECT_THROW(stream_commit(10, 0x300), model::Error);
}

TEST_F(TransactionAssemblerTest, SpillsLargeTransactionsToAFile) {
    limits_.memory_bytes = 4096;
    feed(begin_message(7));
    announce();
    Ids expected;
    for (int at = 0; at < 5000; ++at) {
        expected.push_back(std::to_string(at));
        insert(expected.back());
        ASSERT_LE(assembler().memory_bytes(), std::size_t{2} << 20);
    }
    Assembled done = feed(commit_message(0x200));
    EXPECT_EQ(done.transaction->footprint_bytes < (std::size_t{2} << 20), true);
    EXPECT_EQ(ids(done), expected);
}

TEST_F(TransactionAssemblerTest, NamesTheSpillDirectoryItCannotUse) {
    limits_.memory_bytes = 10;
    limits_.directory = "/nonexistent/spill";
    feed(begin_message(7));
    announce();
    try {
        insert("1");
        FAIL();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "spill.failed");
        EXPECT_NE(error.message().find("/nonexistent/spill"), std::string::npos);
    }
}

TEST_F(TransactionAssemblerTest, SkipsWhatEndsBeforeTheStart) {
    start_.from = 0x200;
    feed(begin_message(7));
    announce();
    insert("1");
    EXPECT_FALSE(feed(commit_message(0x200)).transaction);
    feed(begin_message(8));
    insert("2");
    EXPECT_TRUE(feed(commit_message(0x208)).transaction);
}

TEST_F(TransactionAssemblerTest, TellsHeartbeatsAndEmptyTransactionsAsQuiet) {
    const auto message = [](int flags) {
        return MessageBuilder('M')
            .byte(flags)
            .number(0x500, 8)
            .text("cutover_heartbeat")
            .number(2, 4)
            .byte('4')
            .byte('2')
            .bytes();
    };
    const Assembled plain = feed(message(0));
    EXPECT_EQ(plain.quiet_until, 0x500u);
    EXPECT_EQ(plain.source_time->time_since_epoch().count(), 42);
    feed(begin_message(7));
    EXPECT_EQ(feed(message(1)).quiet_until, 0u);
    const Assembled committed = feed(commit_message(0x600));
    EXPECT_FALSE(committed.transaction);
    EXPECT_EQ(committed.quiet_until, 0x600u);
    EXPECT_EQ(committed.source_time->time_since_epoch().count(), 42);
}

TEST_F(TransactionAssemblerTest, DoesNotTakeAHeartbeatWithinATransactionAsQuiet) {
    feed(begin_message(7));
    const Assembled inside = feed(MessageBuilder('M')
                                      .byte(0)
                                      .number(0x500, 8)
                                      .text("cutover_heartbeat")
                                      .number(1, 4)
                                      .byte('1')
                                      .bytes());
    EXPECT_EQ(inside.quiet_until, 0u);
}

TEST_F(TransactionAssemblerTest, ListsEveryTruncatedTable) {
    feed(begin_message(7));
    announce();
    feed(relation_message(10, "loose", {{"a", true}}, 'f'));
    feed(MessageBuilder('T').number(2, 4).byte(1).number(10, 4).number(9, 4).bytes());
    Assembled done = feed(commit_message(0x200));
    const std::vector<model::Change> changes = all(*done.transaction);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].kind, model::ChangeKind::truncate);
    EXPECT_EQ(changes[0].truncated, (std::vector<model::TableIndex>{1, 0}));
}

TEST_F(TransactionAssemblerTest, LeavesAPartitionedTableOutOfATruncate) {
    feed(begin_message(7));
    announce();
    feed(relation_message(11, "root", {{"id", true}}));
    feed(MessageBuilder('T').number(2, 4).byte(0).number(11, 4).number(9, 4).bytes());
    Assembled done = feed(commit_message(0x200));
    EXPECT_EQ(all(*done.transaction)[0].truncated, std::vector<model::TableIndex>{0});
}

TEST_F(TransactionAssemblerTest, RefusesAChangedTableOnlyIfItsTransactionCommits) {
    const auto changed = [&](std::uint32_t xid) {
        feed(MessageBuilder('S').number(10, 4).byte(1).bytes());
        feed(relation_message(9, "item", {{"id"}, {"name"}}, 'n', xid));
        feed(insert_message(9, {{'b', "1"}, {'b', "x"}}, xid));
        feed(MessageBuilder('E').bytes());
    };
    block(10, {{10, "1"}}, true);
    changed(11);
    feed(MessageBuilder('A').number(10, 4).number(11, 4).bytes());
    Assembled kept = stream_commit(10, 0x300);
    EXPECT_EQ(ids(kept), Ids{"1"});

    changed(11);
    try {
        stream_commit(10, 0x300);
        FAIL();
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
        EXPECT_NE(error.message().find("the old value of key column id"), std::string::npos);
    }
}

TEST_F(TransactionAssemblerTest, KnowsARelationFromAStreamedTransactionOnlyOnceThatHasCommitted) {
    block(10, {{10, "1"}}, true);
    feed(begin_message(7));
    EXPECT_THROW(insert("2"), model::Error);  // announced within 10 alone
    assembler_.reset();
    block(10, {{10, "1"}}, true);
    EXPECT_TRUE(stream_commit(10, 0x300).transaction);
    feed(begin_message(7));
    insert("2");  // the server does not announce it again
    EXPECT_TRUE(feed(commit_message(0x400)).transaction);
}

TEST_F(TransactionAssemblerTest, RefusesNonsense) {
    for (const std::string& message :
         {insert_message(9, {{'b', "1"}}), commit_message(0x10), MessageBuilder('E').bytes(),
          MessageBuilder('?').bytes(), std::string()}) {
        assembler_.reset();
        EXPECT_THROW(feed(message), model::Error) << message;
    }
    feed(begin_message(7));
    EXPECT_THROW(insert("1"), model::Error);  // a relation that was never announced
    EXPECT_THROW(feed(begin_message(8)), model::Error);
}

/// Real messages, see captured/capture.sql.
std::vector<std::string> captured(const std::string& version) {
    std::ifstream file("tests/unit/migrator/engine/postgres/log/captured/pgoutput_" + version +
                       ".hex");
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) {
        std::string bytes;
        for (std::size_t at = 0; at + 1 < line.size(); at += 2) {
            bytes += static_cast<char>(std::stoi(line.substr(at, 2), nullptr, 16));
        }
        out.push_back(std::move(bytes));
    }
    return out;
}

class CapturedStream : public testing::TestWithParam<std::string> {
protected:
    CapturedStream() {
        plan_.tables.push_back(planned_table(0, "item", {"id", "name", "body", "price"}));
        of_type(0, 0, "integer");
        of_type(0, 3, "numeric(12,2)");
        plan_.tables.push_back(planned_table(1, "loose", {"a", "b"}, true));
        of_type(1, 0, "integer");
    }
    void of_type(std::size_t table, std::size_t column, const std::string& type) {
        plan_.tables[table].schema.columns[column].type = type;
        plan_.tables[table].columns[column].source.type = type;
    }
    TransactionAssembler make(SpoolLimits limits = {}) {
        const auto names = [](std::uint32_t type, std::int32_t) {
            return std::string(type == 23 ? "integer" : type == 1700 ? "numeric(12,2)" : "text");
        };
        return TransactionAssembler(plan_, names, limits, {1, 0, 700, {}});
    }
    plan::Plan plan_;
};

TEST_P(CapturedStream, IsReadAsItWasWritten) {
    TransactionAssembler assembler = make();
    std::vector<std::vector<model::Change>> transactions;
    std::vector<std::int64_t> beats;
    for (const std::string& message : captured(GetParam())) {
        Assembled assembled = assembler.feed(message);
        if (assembled.transaction) {
            transactions.push_back(all(*assembled.transaction));
            EXPECT_EQ(transactions.back().size(), assembled.transaction->change_count);
        } else if (assembled.source_time) {
            beats.push_back(assembled.source_time->time_since_epoch().count());
        }
    }
    ASSERT_EQ(transactions.size(), 9u);
    EXPECT_EQ(beats, (std::vector<std::int64_t>{1700000000000000, 1700000000000001}));
    const std::string one("\0\0\0\1", 4);
    EXPECT_EQ(transactions[0][0].after.bytes(0), one);
    EXPECT_EQ(transactions[0][0].after.bytes(2), std::string(3000, 'x'));
    EXPECT_EQ(transactions[0][1].after.kind(1), model::CellKind::null);
    EXPECT_EQ(transactions[0][1].after.bytes(2), "");
    EXPECT_EQ(transactions[1][0].kind, model::ChangeKind::update);
    EXPECT_TRUE(transactions[1][0].before.empty());
    EXPECT_EQ(transactions[1][0].after.kind(2), model::CellKind::absent);  // unchanged TOAST
    EXPECT_EQ(transactions[2][0].before.bytes(0), one);
    EXPECT_EQ(transactions[2][0].before.kind(1), model::CellKind::absent);
    EXPECT_EQ(transactions[3][0].kind, model::ChangeKind::remove);
    EXPECT_EQ(transactions[5][0].before.bytes(1), "a");  // REPLICA IDENTITY FULL
    EXPECT_EQ(transactions[5][0].after.bytes(1), "b");
    ASSERT_EQ(transactions[7].size(), 600u);  // streamed; two subtransactions rolled back
    for (const model::Change& change : transactions[7]) {
        EXPECT_EQ(change.after.bytes(1), "kept");
    }
    EXPECT_EQ(transactions[8][0].truncated.size(), 2u);
    EXPECT_EQ(assembler.memory_bytes(), 0u);
}

TEST_P(CapturedStream, SurvivesDamage) {
    // Whatever is flipped, cut or repeated: transactions or an error, never anything else. The seed
    // is fixed; CUTOVER_FUZZ_ROUNDS runs more.
    const std::vector<std::string> messages = captured(GetParam());
    ASSERT_GT(messages.size(), 1000u);
    const char* rounds = std::getenv("CUTOVER_FUZZ_ROUNDS");
    std::mt19937 random(20);
    for (int round = 0; round < (rounds != nullptr ? std::atoi(rounds) : 60); ++round) {
        TransactionAssembler assembler = make({"", 16u << 10});
        const unsigned rarity = 20u << (round % 8);  // from an error at once to damage far inside
        try {
            for (std::string message : messages) {
                if (random() % rarity == 0) {
                    message[random() % message.size()] = static_cast<char>(random());
                } else if (random() % (10 * rarity) == 0) {
                    message.resize(random() % (message.size() + 1));
                }
                Assembled assembled = assembler.feed(message);
                if (assembled.transaction) {
                    all(*assembled.transaction);
                }
            }
        } catch (const model::Error& error) {
            EXPECT_TRUE(error.error_class() == model::ErrorClass::corrupt ||
                        error.error_class() == model::ErrorClass::refused);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Versions, CapturedStream, testing::Values("15", "17"));

}  // namespace
}  // namespace cutover::postgres
