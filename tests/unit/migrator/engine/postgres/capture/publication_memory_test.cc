#include "migrator/engine/postgres/capture/publication_memory.h"

#include <gtest/gtest.h>

namespace cutover::postgres {
namespace {

using Kind = TableIdentity::Kind;

TEST(PublicationMemory, ComesBackAsItWasSaid) {
    PublicationMemory memory;
    memory.destination = "new:5432/shop";
    memory.identities[{"s", "a"}] = {Kind::by_default, ""};
    memory.identities[{"s", "b"}] = {Kind::full, ""};
    memory.identities[{"s", "c'\"\\"}] = {Kind::nothing, ""};
    memory.identities[{"s", "d"}] = {Kind::index, "x\"; DROP TABLE t; --"};
    const auto again = parse_publication_memory(to_comment(memory));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->destination, memory.destination);
    EXPECT_EQ(again->identities, memory.identities);
}

TEST(PublicationMemory, IsNothingUnlessItIsWordForWordOurs) {
    const std::string first = R"({"destination":"d"})";
    const std::string table = R"("schema":"s","table":"t")";
    EXPECT_TRUE(parse_publication_memory("[" + first + "]"));
    EXPECT_TRUE(parse_publication_memory("[" + first + ",{" + table + R"(,"identity":"FULL"}])"));
    for (const std::string& text : {
             std::string(),
             std::string("[]"),
             first,
             "[" + first,
             "[{" + table + R"(,"identity":"FULL"}])",
             "[" + first + "," + first + "]",
             "[" + first + ",{" + table + "}]",
             "[" + first + ",{" + table + R"(,"identity":"DEFAULT; ALTER ROLE eve SUPERUSER"}])",
             "[" + first + ",{" + table + R"(,"identity":"full"}])",
             "[" + first + ",{" + table + R"(,"identity":"INDEX"}])",
             "[" + first + ",{" + table + R"(,"identity":"FULL","index":"i"}])",
             "[" + first + ",{" + table + R"(,"identity":7}])",
             "[" + first + ",{" + table + R"(,"identity":"FULL","more":"m"}])",
             "[" + first + ",{" + table + R"(,"identity":"FULL"},{)" + table +
                 R"(,"identity":"FULL"}])",
         }) {
        EXPECT_FALSE(parse_publication_memory(text)) << text;
    }
}

TEST(PublicationMemory, AnIdentityIsOneOfFourAndItsIndexQuoted) {
    EXPECT_EQ(to_sql({Kind::by_default, ""}), "DEFAULT");
    EXPECT_EQ(to_sql({Kind::index, "i\"; DROP"}), "USING INDEX \"i\"\"; DROP\"");
}

}  // namespace
}  // namespace cutover::postgres
