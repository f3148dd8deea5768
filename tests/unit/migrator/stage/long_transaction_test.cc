// However long a transaction is: what is only to be told of is read no further than it is told.
#include <gtest/gtest.h>

#include "migrator/stage/incremental_stage.h"
#include "migrator/stage/late_writes.h"

namespace cutover::stage {
namespace {

/// A cursor over changes that go on and on, to one table after the other.
class Endless final : public model::ChangeCursor {
public:
    explicit Endless(std::uint64_t& read) : read_(read) {}
    bool next(model::Change& change) override {
        change = model::Change();
        change.kind = model::ChangeKind::update;
        change.table = static_cast<model::TableIndex>(read_++ % 3);
        return read_ < kTooMany;
    }

    static constexpr std::uint64_t kTooMany = 1'000'000;

private:
    std::uint64_t& read_;
};

TEST(LateWrites, ReadNoMoreOfATransactionThanTheyShow) {
    std::uint64_t read = 0;
    model::SourceTransaction transaction;
    transaction.change_count = Endless::kTooMany;
    transaction.changes = std::make_unique<Endless>(read);
    LateWrites found;
    const auto describe = [](const model::Change& change) {
        return LateWrite{"t" + std::to_string(change.table), "update", "", "", {}};
    };
    add_late(found, transaction, describe);
    EXPECT_EQ(found.transactions, 1u);
    EXPECT_EQ(found.changes, Endless::kTooMany);
    ASSERT_FALSE(found.first.empty());
    EXPECT_EQ(read, found.first.size());

    const std::size_t shown = found.first.size();
    add_late(found, transaction, describe);  // another one: it is counted
    EXPECT_EQ(found.transactions, 2u);
    EXPECT_EQ(found.changes, 2 * Endless::kTooMany);
    EXPECT_EQ(read, shown);
}

TEST(LateWrites, CountNoTransactionThatChangesNothing) {
    model::SourceTransaction transaction;
    transaction.changes = std::make_unique<model::MemoryChanges>(std::vector<model::Change>());
    LateWrites found;
    add_late(found, transaction, [](const model::Change&) { return LateWrite(); });
    EXPECT_EQ(found.transactions, 0u);
}

TEST(FirstTables, AreThoseOfTheFirstChanges) {
    std::uint64_t read = 0;
    Endless changes(read);
    EXPECT_EQ(first_tables(changes), (std::vector<model::TableIndex>{0, 1, 2}));
    EXPECT_LE(read, 1000u);
    model::Change emptied;
    emptied.kind = model::ChangeKind::truncate;
    emptied.truncated = {4, 5};
    emptied.table = 4;
    model::MemoryChanges one({emptied});
    EXPECT_EQ(first_tables(one), (std::vector<model::TableIndex>{4, 5}));
}

}  // namespace
}  // namespace cutover::stage
