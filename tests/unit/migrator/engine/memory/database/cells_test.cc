#include "migrator/engine/memory/database/cells.h"

#include <gtest/gtest.h>

#include "migrator/engine/memory/chunk_range.h"
#include "migrator/model/error.h"

namespace cutover::memory {
namespace {

using model::CellKind;
using model::Tuple;

std::string key(CellType type, const std::string& text) {
    Tuple tuple;
    tuple.append(CellKind::text, text);
    return key_bytes({type}, tuple, {0});
}

TEST(Cells, KeysAreEqualAndOrderedAsTheirTypeSays) {
    EXPECT_EQ(key(CellType::number, "+7"), key(CellType::number, "007"));
    EXPECT_LT(key(CellType::integer, "-5"), key(CellType::integer, "3"));
    EXPECT_LT(key(CellType::integer, "9"), key(CellType::integer, "10"));
    EXPECT_EQ(key(CellType::word, "Elm"), key(CellType::word, "elm"));
    EXPECT_NE(key(CellType::text, "Elm"), key(CellType::text, "elm"));
    EXPECT_LT(key(CellType::text, "a"), key(CellType::text, "ab"));
    EXPECT_EQ(unpack(pack(-42)), -42);
}

/// Each end has a form and a rule of its own, and one end's rule is none for the other's form.
TEST(Cells, ATermIsTheSameKeyAtBothEndsThoughItsBytesAreNot) {
    const auto folded = [](const std::string& sealed) {
        std::string out;
        fold_sealed(sealed, out);
        return out;
    };
    EXPECT_NE(seal("Elm"), "Elm");
    EXPECT_EQ(unseal(seal("Elm")), "Elm");
    EXPECT_EQ(key(CellType::sealed, seal("Elm")), key(CellType::sealed, seal("elm")));
    EXPECT_EQ(key(CellType::sealed, seal("Elm")), key(CellType::term, "elm"));
    EXPECT_EQ(folded(seal("Elm")), folded(seal("elm")));
    EXPECT_NE(folded(seal("Elm")), folded(seal("oak")));
    std::string as_the_source_would;
    fold_word(seal("Elm"), as_the_source_would);
    EXPECT_EQ(as_the_source_would, seal("Elm"));
    EXPECT_THROW(folded("elm"), model::Error);
}

TEST(Cells, ARowSurvivesItsWireForm) {
    Tuple row;
    row.append(CellKind::null);
    row.append(CellKind::text, std::string("a\0b", 3));
    row.append(CellKind::binary, pack(5));
    model::RowBatch batch;
    append_row(row, batch);
    append_row(row, batch);
    std::size_t offset = 0;
    Tuple back;
    ASSERT_TRUE(take_row(batch.bytes, offset, back));
    EXPECT_EQ(back, row);
    ASSERT_TRUE(take_row(batch.bytes, offset, back));
    EXPECT_FALSE(take_row(batch.bytes, offset, back));
}

TEST(Cells, ADamagedRowIsCorrupt) {
    std::size_t offset = 0;
    Tuple row;
    EXPECT_THROW(take_row(std::string("\x01\x00\x02\x09", 4), offset, row), model::Error);
}

TEST(ChunkRange, SurvivesItsBytes) {
    const KeyRange keys{std::string("a\0:<", 4), std::string("b<\0", 3)};
    const auto back = key_range(to_chunk_range(keys));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->low, keys.low);
    EXPECT_EQ(back->high, keys.high);
    EXPECT_TRUE(back->contains("b"));
    EXPECT_FALSE(back->contains("c"));
    const auto places = place_range(to_chunk_range(PlaceRange{3, std::nullopt}));
    ASSERT_TRUE(places);
    EXPECT_FALSE(places->contains(2));
    EXPECT_TRUE(places->contains(1000));
    EXPECT_FALSE(place_range(whole_range()) || key_range(whole_range()));
}

}  // namespace
}  // namespace cutover::memory
