// The applier's statements to the letter, where a letter matters.
#include "migrator/engine/postgres/apply/apply_sql.h"

#include <gmock/gmock.h>

namespace cutover::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

TargetTable target() {
    TargetTable table;
    table.display = "s.t";
    table.quoted = "\"s\".\"t\"";
    table.only = "ONLY ";
    table.columns = {{"\"a\"", "integer", "", true, true, "integer"},
                     {"\"B b\"", "text", " COLLATE \"C\"", false, true, "text"},
                     {"\"j\"", "json", "", false, false, "json"}};
    table.key = {0};
    table.key_operators = {"OPERATOR(pg_catalog.=)"};
    table.key_indexed = true;
    return table;
}

TEST(ApplySql, StagesWithTheTablesTypesAndCollations) {
    const TargetTable facts = target();
    const ApplySql sql(facts, 7);
    EXPECT_EQ(sql.create_stage(StageKind::updates),
              "CREATE TEMPORARY TABLE cutover_updates_7 (mask integer, k0 integer, c0 integer, "
              "c1 text COLLATE \"C\", c2 json) ON COMMIT DELETE ROWS");
    EXPECT_EQ(sql.create_stage(StageKind::removals),
              "CREATE TEMPORARY TABLE cutover_removals_7 (k0 integer) ON COMMIT DELETE ROWS");
}

/// Collations are the columns', as in a staging table; a length would cut what is longer.
TEST(ApplySql, TakesFewRowsAsParameters) {
    TargetTable facts = target();
    facts.columns[1].type = "character varying(5)";
    facts.columns[1].parameter_type = "character varying";
    const ApplySql sql(facts, 0);
    EXPECT_EQ(sql.values(StageKind::updates, 2),
              "(VALUES ($1::integer, $2::integer, $3::integer, "
              "$4::character varying COLLATE \"C\", $5::json), "
              "($6::integer, $7::integer, $8::integer, $9::character varying, $10::json))"
              " AS s (mask, k0, c0, c1, c2)");
    EXPECT_EQ(sql.values(StageKind::removals, 1), "(VALUES ($1::integer)) AS s (k0)");
}

TEST(ApplySql, SetsOnlyPresentCellsAndNoIdentity) {
    const TargetTable facts = target();
    const ApplySql sql(facts, 0);
    const std::string staged = sql.staged(StageKind::updates);
    EXPECT_EQ(sql.update(staged, 3, {true, true, false}),
              "UPDATE ONLY \"s\".\"t\" AS t SET \"B b\" = s.c1 FROM pg_temp.cutover_updates_0 AS s "
              "WHERE t.\"a\" OPERATOR(pg_catalog.=) s.k0 AND s.mask = 3");
    EXPECT_THAT(sql.update(staged, 3, {true, false, false}), testing::StartsWith("SELECT 1 FROM"));
}

TEST(ApplySql, TakesWhatAMoveLacksFromTheOldRow) {
    const TargetTable facts = target();
    const ApplySql sql(facts, 0);
    EXPECT_THAT(sql.complete_moves(2, {true, false, true}),
                HasSubstr("SELECT s.c0 AS c0, t.\"B b\" AS c1, s.c2 AS c2 FROM"));
    EXPECT_THAT(
        sql.step_replace({true, false, true}),
        HasSubstr("RETURNING t.\"B b\" AS c1) INSERT INTO \"s\".\"t\" (\"a\", \"B b\", \"j\") "
                  "OVERRIDING SYSTEM VALUE SELECT $2::integer, base.c1, $3::json FROM base"));
}

TEST(ApplySql, HashesOnlyWhatHasAHash) {
    TargetTable facts = target();
    facts.key.clear();
    const ApplySql sql(facts, 0);
    EXPECT_THAT(sql.delete_multiset(sql.staged(StageKind::removals)),
                HasSubstr("hash_record_extended(ROW(x.\"a\", x.\"B b\"), 0)"));
    facts.columns = {facts.columns[2]};
    EXPECT_THAT(ApplySql(facts, 0).delete_multiset("s"), Not(HasSubstr("hash_record")));
}

}  // namespace
}  // namespace cutover::postgres
