#include "verify/structure/schema_compare.h"

#include <gtest/gtest.h>

#include "verify/postgres/rename_text.h"

namespace cutover::verify {
namespace {

SchemaFact fact(FactKind kind, std::string identity, std::string definition) {
    SchemaFact out;
    out.kind = kind;
    out.table = "app.t";
    out.identity = std::move(identity);
    out.definition = std::move(definition);
    out.name = out.identity;
    return out;
}

SchemaFact sequence(long long next, long long increment = 1) {
    SchemaFact out = fact(FactKind::sequence, "app.s", "bigint");
    out.next_value = next;
    out.increment = increment;
    return out;
}

TEST(SchemaCompare, FindsMissingAndDifferentFacts) {
    const SchemaFacts source{fact(FactKind::column, "a", "int"),
                             fact(FactKind::index, " USING btree (a)", "valid")};
    EXPECT_EQ(compare_structure(source, source).verdict, Verdict::consistent);
    const SchemaResult result = compare_structure(source, {fact(FactKind::column, "a", "bigint")});
    EXPECT_EQ(result.verdict, Verdict::inconsistent);
    ASSERT_EQ(result.differences.size(), 2u);
    EXPECT_EQ(result.differences[0].verdict, RowVerdict::different);
    EXPECT_EQ(result.differences[1].verdict, RowVerdict::missing);
}

TEST(SchemaCompare, CountsTwoIndexesAlike) {
    const SchemaFact index = fact(FactKind::index, " USING btree (a)", "valid");
    EXPECT_EQ(compare_structure({index, index}, {index}).differences.size(), 1u);
}

SchemaFact foreign_key(std::string name, std::string definition) {
    SchemaFact out =
        fact(FactKind::foreign_key, "(a) references app.p (id)", std::move(definition));
    out.name = std::move(name);
    return out;
}

TEST(SchemaCompare, PairsForeignKeysOfTheSameColumnsByNameAndDefinition) {
    const SchemaFact cascade = foreign_key("a_cascades", "delete c");
    const SchemaFact restrict = foreign_key("a_restricts", "delete r");
    EXPECT_EQ(compare_structure({cascade, restrict}, {restrict, cascade}).differences.size(), 0u);
    const SchemaFact renamed = foreign_key("other", "delete c");
    EXPECT_EQ(compare_structure({cascade, restrict}, {restrict, renamed}).differences.size(), 0u);
    const SchemaResult changed =
        compare_structure({cascade, restrict}, {foreign_key("a_restricts", "delete n"), cascade});
    ASSERT_EQ(changed.differences.size(), 1u);
    EXPECT_EQ(changed.differences[0].name, "a_restricts");
    EXPECT_EQ(changed.verdict, Verdict::inconsistent);
    EXPECT_EQ(compare_structure({cascade, restrict}, {restrict}).differences[0].name, "a_cascades");
}

TEST(SchemaCompare, CountsNothingThatTheTaskHasLeftOut) {
    SchemaFact key = foreign_key("k", "delete c");
    key.left_out = "it refers to app.p, which the task does not select";
    const SchemaResult result = compare_structure({key}, {});
    EXPECT_EQ(result.verdict, Verdict::consistent);
    ASSERT_EQ(result.differences.size(), 1u);
    EXPECT_EQ(result.differences[0].left_out, key.left_out);
    SchemaFact by_hand = foreign_key("k", "delete c");
    by_hand.validated = false;
    EXPECT_EQ(compare_structure({key}, {by_hand}).verdict, Verdict::consistent);

    SchemaFact exclusion = fact(FactKind::exclusion, "EXCLUDE ...", "EXCLUDE ...");
    exclusion.only_elsewhere = true;
    EXPECT_EQ(compare_structure({exclusion}, {}).verdict, Verdict::inconsistent);
    EXPECT_EQ(compare_structure({exclusion}, {}, {true, false}).verdict, Verdict::consistent);
}

TEST(SchemaCompare, WaitsForWhatATaskAtWorkBringsBeforeTheCutover) {
    const SchemaFact key = foreign_key("k", "delete c");
    SchemaFact lax = key;
    lax.validated = false;
    EXPECT_EQ(compare_structure({key}, {lax}).verdict, Verdict::inconsistent);
    EXPECT_EQ(compare_structure({key}, {lax}, {true, true}).verdict, Verdict::could_not_tell);
    EXPECT_EQ(compare_structure({key}, {}, {true, true}).verdict, Verdict::could_not_tell);
    EXPECT_EQ(compare_structure({key}, {foreign_key("k", "delete r")}, {true, true}).verdict,
              Verdict::inconsistent);
    EXPECT_EQ(compare_structure({lax}, {key}, {true, true}).verdict, Verdict::inconsistent);
}

TEST(SchemaCompare, CountsOnlySuchExtrasAsRefuseRows) {
    EXPECT_EQ(compare_structure({}, {fact(FactKind::index, " USING btree (a)", "valid")}).verdict,
              Verdict::consistent);
    EXPECT_EQ(compare_structure({}, {fact(FactKind::column, "a", "int")}).verdict,
              Verdict::consistent);
    for (const SchemaFact& extra : {fact(FactKind::index, "UNIQUE USING btree (a)", "valid"),
                                    fact(FactKind::check, "a > 0", "validated"),
                                    fact(FactKind::column, "a", "int NOT NULL")}) {
        EXPECT_EQ(compare_structure({}, {extra}).verdict, Verdict::inconsistent) << extra.identity;
    }
}

TEST(SchemaCompare, WantsSequencesNotBehind) {
    EXPECT_EQ(compare_sequences({sequence(100)}, {sequence(100)}).verdict, Verdict::consistent);
    EXPECT_EQ(compare_sequences({sequence(100)}, {sequence(150)}).verdict, Verdict::consistent);
    EXPECT_EQ(compare_sequences({sequence(100)}, {sequence(99)}).verdict, Verdict::inconsistent);
    EXPECT_EQ(compare_sequences({sequence(-5, -1)}, {sequence(-4, -1)}).verdict,
              Verdict::inconsistent);
    EXPECT_EQ(compare_sequences({sequence(1)}, {}).verdict, Verdict::inconsistent);
}

TEST(SchemaCompare, GivesNoVerdictOnASequenceThatItMayNotRead) {
    SchemaFact hidden = sequence(0);
    hidden.value_known = false;
    for (const auto& [source, destination] :
         {std::pair(sequence(100), hidden), std::pair(hidden, sequence(100))}) {
        const SchemaResult result = compare_sequences({source}, {destination});
        EXPECT_EQ(result.verdict, Verdict::could_not_tell);
        ASSERT_EQ(result.differences.size(), 1u);
        EXPECT_EQ(result.differences[0].verdict, RowVerdict::uncomparable);
    }
}

TEST(RenameInSql, RenamesColumnsAndSchemasAndNothingElse) {
    const Renames schemas{{"app", "shop"}};
    const Renames columns{{"qty", "quantity"}, {"Odd", "plain"}, {"f", "Big One"}};
    const auto renamed = [&](const char* text) { return rename_in_sql(text, schemas, columns); };
    EXPECT_EQ(renamed("CHECK ((qty > 0))"), "CHECK ((quantity > 0))");
    EXPECT_EQ(renamed("(\"Odd\" <> 'qty'::text)"), "(plain <> 'qty'::text)");
    EXPECT_EQ(renamed("nextval('app.qty_seq'::regclass)"), "nextval('shop.qty_seq'::regclass)");
    EXPECT_EQ(renamed("(e = 'app.x'::app.mood)"), "(e = 'app.x'::shop.mood)");
    EXPECT_EQ(renamed("f(f, qty_x)"), "f(\"Big One\", qty_x)");
    EXPECT_EQ(renamed("'it''s qty' || \"qty\""), "'it''s qty' || quantity");
    EXPECT_EQ(rename_in_sql("qty", {}, {}), "qty");
}

}  // namespace
}  // namespace cutover::verify
