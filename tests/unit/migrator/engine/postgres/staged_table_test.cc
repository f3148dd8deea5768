// How a table's part of a batch is sorted for its staging tables.
#include "migrator/engine/postgres/staged_table.h"

#include <gtest/gtest.h>

namespace cutover::postgres {
namespace {

using model::CellKind;
using model::TableBatch;
using model::Tuple;

/// Cells by letter: `.` absent, `-` null, anything else itself.
Tuple tuple(const std::string& cells) {
    Tuple out;
    for (const char cell : cells) {
        const CellKind kind = cell == '.'   ? CellKind::absent
                              : cell == '-' ? CellKind::null
                                            : CellKind::binary;
        out.append(kind,
                   kind == CellKind::binary ? std::string_view(&cell, 1) : std::string_view());
    }
    return out;
}

/// (a, b, c) with the key (c, a).
TargetTable target() {
    TargetTable table;
    table.columns = {{"\"a\"", "text", "", false, true},
                     {"\"b\"", "text", "", false, true},
                     {"\"c\"", "text", "", false, true}};
    table.key = {2, 0};
    return table;
}

TEST(StagedTable, TurnsCompleteMovesIntoRemovalsAndInserts) {
    const TargetTable facts = target();
    StagedTable staged(facts);
    TableBatch batch;
    batch.moves = {
        {tuple("ca"), tuple("xyz")}, {tuple("ca"), tuple(".y.")}, {tuple("ca"), tuple("x.z")}};
    staged.take(batch);
    EXPECT_EQ(staged.removals().rows(), 3u);
    // An absent cell of the key is as it was: the old key has it.
    EXPECT_EQ(staged.inserts().rows(), 2u);
    EXPECT_NE(staged.inserts().bytes().find("a\0\0\0\1y\0\0\0\1c", 0, 11), std::string::npos);
    EXPECT_EQ(staged.moves().rows(), 1u);
}

TEST(StagedTable, GroupsUpdatesByTheCellsTheyHave) {
    const TargetTable facts = target();
    StagedTable staged(facts);
    TableBatch batch;
    batch.updates = {{tuple("ca"), tuple("abc")},
                     {tuple("cb"), tuple("b.c")},
                     {tuple("cd"), tuple("d-c")},
                     {tuple("ce"), tuple("..c")}};
    staged.take(batch);
    ASSERT_EQ(staged.groups().size(), 2u);
    const MaskGroup& whole = staged.groups().at({true, true, true});
    const MaskGroup& partial = staged.groups().at({true, false, true});
    EXPECT_EQ(whole.mask, 0u);
    EXPECT_EQ(whole.updates, 2u);
    EXPECT_NE(partial.mask, 0u);
    EXPECT_EQ(partial.updates, 2u);
    staged.clear();
    EXPECT_TRUE(staged.empty());
    EXPECT_TRUE(staged.groups().empty());
}

TEST(StagedTable, GivesPartialRowsAMaskOfTheirOwnEvenWhenTheyComeFirst) {
    const TargetTable facts = target();
    StagedTable staged(facts);
    TableBatch batch;
    batch.updates = {{tuple("cb"), tuple("b.c")}, {tuple("ca"), tuple("abc")}};
    staged.take(batch);
    EXPECT_NE(staged.groups().at({true, false, true}).mask,
              staged.groups().at({true, true, true}).mask);
}

TEST(StagedTable, ReplacesRowsWhereAnIdentityColumnMayNotBeUpdated) {
    TargetTable facts = target();
    facts.columns[1].identity_always = true;
    StagedTable staged(facts);
    TableBatch batch;
    batch.updates = {{tuple("ca"), tuple("abc")}};
    staged.take(batch);
    EXPECT_TRUE(staged.updates().empty());
    EXPECT_EQ(staged.removals().rows(), 1u);
    EXPECT_EQ(staged.inserts().rows(), 1u);
}

}  // namespace
}  // namespace cutover::postgres
