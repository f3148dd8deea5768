#include "scenarios/evidence/judge_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cutover::scenarios {
namespace {

using testing::HasSubstr;

TEST(JudgeRecord, ReadsTablesRulesAndStructure) {
    const VerifyRecord record = judge_record(1, R"json(some text first
        {"verdict": "inconsistent", "reasons": ["one table differs"],
         "tables": [
           {"source": "a.t", "destination": "b.t", "verdict": "consistent", "method": "stream-merge",
            "rows": {"source": 10, "destination": 10}, "rules": {"rtrim_char": 3}},
           {"source": "a.u", "destination": "b.u", "verdict": "inconsistent",
            "rows": {"source": 5, "destination": 4, "missing": 1, "different": 1, "duplicate_keys": 1},
            "samples": [{"verdict": "missing", "key": "(id=5)", "columns": [{"column": "qty"}]}]}],
         "structure": {"differences": [{"kind": "index", "table": "a.t", "name": "i", "verdict": "missing"}]},
         "not_compared": ["views"]})json");
    EXPECT_TRUE(record.ran);
    EXPECT_EQ(record.exit_code, 1);
    ASSERT_EQ(record.tables.size(), 2u);
    EXPECT_EQ(record.tables[0].verdict, "equal_by_rule");
    EXPECT_EQ(record.tables[1].verdict, "different");
    EXPECT_EQ(record.tables[1].differences, 3u);
    EXPECT_EQ(record.tables[1].samples, std::vector<std::string>{"missing (id=5): qty"});
    EXPECT_EQ(record.declared_rules.at("rtrim_char"), 3u);
    ASSERT_EQ(record.structure.size(), 1u);
    EXPECT_THAT(record.structure[0], HasSubstr("missing index i"));
    EXPECT_EQ(record.not_compared, std::vector<std::string>{"views"});
}

TEST(JudgeRecord, DoesNotTakeSilenceForAVerdict) {
    const VerifyRecord record = judge_record(0, "cutover: something broke\n");
    EXPECT_FALSE(record.ran);
    EXPECT_EQ(record.verdict, "error");
    EXPECT_THAT(record.detail, HasSubstr("something broke"));
}

}  // namespace
}  // namespace cutover::scenarios
