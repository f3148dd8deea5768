// Foreign keys of the memory database: what they refuse, and whom they make wait.
#include <gtest/gtest.h>

#include "migrator/engine/memory/database/statement.h"
#include "migrator/model/error.h"

namespace cutover::memory {
namespace {

using Kind = Outcome::Kind;

class References : public ::testing::Test {
protected:
    References() {
        for (const char* statement :
             {"table app parent id:int:notnull", "key app parent primary primary id",
              "table app child id:int:notnull p:int", "reference app child fk p app parent id"}) {
            execute(database_, statement, IfDone::refuse);
        }
    }
    static model::Tuple row(std::initializer_list<const char*> cells) {
        model::Tuple row;
        for (const char* cell : cells) {
            row.append(cell == nullptr ? model::CellKind::null : model::CellKind::text,
                       cell == nullptr ? "" : cell);
        }
        return row;
    }
    Outcome insert(TransactionNumber transaction, const char* table,
                   std::initializer_list<const char*> cells) {
        return database_.insert(transaction, database_.table({"app", table}), row(cells));
    }
    Outcome remove_parent(TransactionNumber transaction) {
        Table& parent = database_.table({"app", "parent"});
        return database_.remove(transaction, parent, database_.scan(transaction, parent).at(0));
    }
    void commit(TransactionNumber transaction) { database_.commit(transaction, {}); }

    Database database_{"server"};
};

TEST_F(References, AChildNeedsAParentThatItCanSee) {
    const TransactionNumber other = database_.begin();
    insert(other, "parent", {"1"});
    const TransactionNumber own = database_.begin();
    EXPECT_EQ(insert(own, "child", {"7", "1"}).kind, Kind::violated);
    EXPECT_EQ(insert(own, "child", {"7", nullptr}).kind, Kind::done);
    commit(other);
    EXPECT_EQ(insert(own, "child", {"8", "1"}).kind, Kind::done);
}

TEST_F(References, AParentStaysWhileAnybodyRefersToIt) {
    TransactionNumber own = database_.begin();
    insert(own, "parent", {"1"});
    commit(own);
    const TransactionNumber child = database_.begin();
    insert(child, "child", {"7", "1"});
    own = database_.begin();
    const Outcome waits = remove_parent(own);
    EXPECT_EQ(waits.kind, Kind::blocked);
    EXPECT_EQ(waits.by, child);
    commit(child);
    EXPECT_EQ(remove_parent(own).kind, Kind::violated);
    EXPECT_EQ(database_.truncate(own, {&database_.table({"app", "parent"})}).kind, Kind::violated);
}

TEST_F(References, AChildWaitsForWhoeverTakesItsParentAway) {
    TransactionNumber own = database_.begin();
    insert(own, "parent", {"1"});
    commit(own);
    const TransactionNumber other = database_.begin();
    remove_parent(other);
    own = database_.begin();
    EXPECT_EQ(insert(own, "child", {"7", "1"}).kind, Kind::blocked);
    commit(other);
    EXPECT_EQ(insert(own, "child", {"7", "1"}).kind, Kind::violated);
}

TEST_F(References, WhoIsNotHeldIsFoundOutByTheValidation) {
    EXPECT_NO_THROW(execute(database_, "validate app child fk", IfDone::refuse));
    const TransactionNumber free = database_.begin(false);
    EXPECT_EQ(insert(free, "child", {"7", "1"}).kind, Kind::done);
    commit(free);
    EXPECT_THROW(execute(database_, "validate app child fk", IfDone::refuse), model::Error);
    execute(database_, "unreference app child fk", IfDone::refuse);
    const TransactionNumber held = database_.begin();
    EXPECT_EQ(insert(held, "child", {"8", "2"}).kind, Kind::done);
}

}  // namespace
}  // namespace cutover::memory
