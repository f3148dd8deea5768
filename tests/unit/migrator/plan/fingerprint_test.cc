// What is told of two plans that differ, and what is said to help.
#include "migrator/plan/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cutover::plan {
namespace {

using testing::HasSubstr;

constexpr const char* kBefore =
    "1;111;public.a>public.a,id>id:integer,v>v:numeric(10,2) key id;public.b>public.b,id>id:integer"
    " key id where id > 3";

std::string with(const std::string& text, const std::string& from, const std::string& to) {
    std::string out = text;
    return out.replace(out.find(from), from.size(), to);
}

TEST(PlanChange, NamesATableThatIsNewAndSaysHowToGoOnWithoutIt) {
    const PlanChange change =
        change_between(kBefore, std::string(kBefore) + ";public.c>public.c,id>id:integer key id");
    EXPECT_EQ(change.text, "new tables: public.c");
    EXPECT_TRUE(change.only_more);
    EXPECT_THAT(change.remedy, HasSubstr("objects.exclude for a table"));
}

TEST(PlanChange, NamesAColumnThatIsNew) {
    const PlanChange change = change_between(
        kBefore, with(kBefore, "v>v:numeric(10,2) key", "v>v:numeric(10,2),w>w:text key"));
    EXPECT_EQ(change.text, "new columns: public.a.w");
    EXPECT_TRUE(change.only_more);
}

TEST(PlanChange, NamesWhatIsGone) {
    const PlanChange column = change_between(kBefore, with(kBefore, ",v>v:numeric(10,2)", ""));
    EXPECT_EQ(column.text, "columns that are gone, renamed or left out: public.a.v");
    EXPECT_FALSE(column.only_more);
    const PlanChange table = change_between(kBefore,
                                            "1;111;public.a>public.a,id>id:integer,v>v:"
                                            "numeric(10,2) key id");
    EXPECT_EQ(table.text, "tables that are gone, renamed or left out: public.b");
    EXPECT_THAT(table.remedy, HasSubstr("migrate anew"));
}

TEST(PlanChange, ShowsWhatItHasNoNameFor) {
    EXPECT_THAT(change_between(kBefore, with(kBefore, "id > 3", "id > 4")).text,
                HasSubstr("table public.b: then"));
    EXPECT_THAT(change_between(kBefore, with(kBefore, "numeric(10,2)", "numeric(12,2)")).text,
                HasSubstr("numeric(12,2)"));
    EXPECT_EQ(change_between(kBefore, with(kBefore, "1;111", "1;110")).text,
              "the phases of the task");
}

TEST(PlanChange, NamesAFewOfMany) {
    std::string after = kBefore;
    for (int at = 0; at < 9; ++at) {
        after += ";public.n" + std::to_string(at) + ">public.n,id>id:integer key id";
    }
    EXPECT_THAT(change_between(kBefore, after).text, HasSubstr("public.n4 and 4 more"));
}

}  // namespace
}  // namespace cutover::plan
