#include "migrator/engine/row_effect.h"

#include <gtest/gtest.h>

namespace cutover::engine {
namespace {

using Kind = RowEffect::Kind;
using model::ChangeKind;

constexpr Kept kAll[] = {Kept::no, Kept::yes, Kept::unknown};

TEST(RowEffect, OfAnUpdateFollowsFromBothImages) {
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::yes, Kept::yes),
              (RowEffect{Kind::update, true}));
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::yes, Kept::no), (RowEffect{Kind::remove, true}));
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::no, Kept::yes), (RowEffect{Kind::insert, true}));
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::no, Kept::no), (RowEffect{Kind::nothing, true}));
}

/// The old row is not in the log: what takes effect must be right whether it was kept or not.
TEST(RowEffect, OfAnUpdateFromAnUnknownRowIsRightEitherWay) {
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::unknown, Kept::no),
              (RowEffect{Kind::remove, false}));
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::unknown, Kept::yes),
              (RowEffect{Kind::put, false}));
}

TEST(RowEffect, OfAnUpdateToAnUnknownRowAsksTheSource) {
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::yes, Kept::unknown),
              (RowEffect{Kind::read_again, true}));
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::no, Kept::unknown),
              (RowEffect{Kind::read_again, true}));
    EXPECT_EQ(row_effect(ChangeKind::update, Kept::unknown, Kept::unknown),
              (RowEffect{Kind::read_again, false}));
}

TEST(RowEffect, OfInsertsAndRemovalsFollowsFromTheOneImage) {
    for (const Kept other : kAll) {
        EXPECT_EQ(row_effect(ChangeKind::insert, other, Kept::yes),
                  (RowEffect{Kind::insert, true}));
        EXPECT_EQ(row_effect(ChangeKind::insert, other, Kept::no),
                  (RowEffect{Kind::nothing, true}));
        EXPECT_EQ(row_effect(ChangeKind::remove, Kept::yes, other),
                  (RowEffect{Kind::remove, true}));
        EXPECT_EQ(row_effect(ChangeKind::remove, Kept::no, other),
                  (RowEffect{Kind::nothing, true}));
        EXPECT_EQ(row_effect(ChangeKind::remove, Kept::unknown, other),
                  (RowEffect{Kind::remove, false}));
        EXPECT_EQ(row_effect(ChangeKind::insert, other, Kept::unknown).kind, Kind::read_again);
    }
}

TEST(RowEffect, AConditionThatIsNeitherTrueNorFalseKeepsNothing) {
    EXPECT_EQ(kept(expression::Truth::yes), Kept::yes);
    EXPECT_EQ(kept(expression::Truth::no), Kept::no);
    EXPECT_EQ(kept(expression::Truth::unknown), Kept::no);
}

}  // namespace
}  // namespace cutover::engine
