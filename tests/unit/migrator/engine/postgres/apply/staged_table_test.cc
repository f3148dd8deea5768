// How a table's part of a batch is sorted for its staging tables.
#include "migrator/engine/postgres/apply/staged_table.h"

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
TargetTable staged_target() {
    TargetTable table;
    table.columns = {{"\"a\"", "text", "", false, true, "text"},
                     {"\"b\"", "text", "", false, true, "text"},
                     {"\"c\"", "text", "", false, true, "text"}};
    table.key = {2, 0};
    return table;
}

/// What is sent, field by field; `-` is NULL.
std::string fields(const StagedTable& staged, StageKind kind) {
    BinaryParameters parameters;
    staged.rows(kind).append_to(parameters);
    EXPECT_EQ(staged.rows(kind).fields(), parameters.size());
    std::string out;
    for (const auto& parameter : parameters) {
        out += (out.empty() ? "" : " ") + std::string(parameter.value_or("-"));
    }
    return out;
}

TEST(StagedTable, TurnsCompleteMovesIntoRemovalsAndInserts) {
    const TargetTable facts = staged_target();
    StagedTable staged(facts);
    TableBatch batch;
    batch.moves = {
        {tuple("ca"), tuple("xyz")}, {tuple("ca"), tuple(".y.")}, {tuple("ca"), tuple("x.z")}};
    staged.take(batch);
    EXPECT_EQ(staged.rows(StageKind::removals).rows(), 2u);
    // An absent cell of the key is as it was: the old key has it.
    EXPECT_EQ(fields(staged, StageKind::rows), "x y z a y c");
    EXPECT_EQ(staged.rows(StageKind::moves).rows(), 1u);
    EXPECT_EQ(fields(staged, StageKind::moves), std::string("\0\0\0\1", 4) + " c a x - z");
}

TEST(StagedTable, GroupsUpdatesByTheCellsTheyHave) {
    const TargetTable facts = staged_target();
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
    const TargetTable facts = staged_target();
    StagedTable staged(facts);
    TableBatch batch;
    batch.updates = {{tuple("cb"), tuple("b.c")}, {tuple("ca"), tuple("abc")}};
    staged.take(batch);
    EXPECT_NE(staged.groups().at({true, false, true}).mask,
              staged.groups().at({true, true, true}).mask);
}

TEST(StagedTable, ReplacesRowsWhereAnIdentityColumnMayNotBeUpdated) {
    TargetTable facts = staged_target();
    facts.columns[1].identity_always = true;
    StagedTable staged(facts);
    TableBatch batch;
    batch.updates = {{tuple("ca"), tuple("abc")}};
    staged.take(batch);
    EXPECT_TRUE(staged.rows(StageKind::updates).empty());
    EXPECT_EQ(staged.rows(StageKind::removals).rows(), 1u);
    EXPECT_EQ(staged.rows(StageKind::rows).rows(), 1u);
}

TEST(StagedTable, SendsFewAndSmallRowsAlongWithTheirStatements) {
    const TargetTable facts = staged_target();
    StagedTable staged(facts, {.fields = 6, .bytes = 1000});
    TableBatch batch;
    batch.inserts = {tuple("abc"), tuple("abc")};
    staged.take(batch);
    EXPECT_TRUE(staged.inlined(StageKind::rows));
    EXPECT_TRUE(staged.inlined(StageKind::moves));
    staged.take(batch);
    EXPECT_FALSE(staged.inlined(StageKind::rows));

    StagedTable large(facts, {.fields = 6, .bytes = 1000});
    Tuple row = tuple("ab");
    row.append(CellKind::binary, std::string(1000, 'x'));
    TableBatch one;
    one.inserts = {row};
    large.take(one);
    EXPECT_FALSE(large.inlined(StageKind::rows));
}

/// Each set of cells is a statement of its own, which takes the rows of all along.
TEST(StagedTable, StagesRowsOfManyDifferentSetsOfCells) {
    TargetTable facts;
    facts.key = {0};
    std::string cells = "k";
    for (int column = 0; column < 10; ++column) {
        facts.columns.push_back({"c", "text", "", false, true, "text"});
        cells += column == 0 ? "" : ".";
    }
    StagedTable staged(facts);
    TableBatch batch;
    for (std::size_t column = 1; column < 10; ++column) {
        std::string row = cells;
        row.resize(10, '.');
        row[column] = 'x';
        batch.updates.push_back({tuple("k"), tuple(row)});
    }
    staged.take(batch);
    EXPECT_FALSE(staged.inlined(StageKind::updates));
}

}  // namespace
}  // namespace cutover::postgres
