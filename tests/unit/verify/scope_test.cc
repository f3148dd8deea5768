#include "verify/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cutover::verify {
namespace {

using model::ObjectName;
using testing::ElementsAre;

struct ScopeTest : testing::Test {
    Scope choose() const { return choose_scope(catalogs, {objects, mapping, patterns}); }

    Catalogs catalogs;
    plan::ObjectSelection objects;
    plan::NameMapping mapping;
    std::vector<std::string> patterns;
};

TEST_F(ScopeTest, TakesSequencesOfNoTableThatTheSelectionTakes) {
    catalogs.source_sequences = {{"app", "tickets"}, {"app", "skipped"}, {"other", "numbers"}};
    objects.include = {"app"};
    objects.exclude = {"app.skipped"};
    mapping.schemas = {{"app", "shop"}};
    EXPECT_THAT(choose().source.sequences, ElementsAre(ObjectName{"app", "tickets"}));
    EXPECT_THAT(choose().destination.sequences, ElementsAre(ObjectName{"shop", "tickets"}));
    patterns = {"app.t"};
    EXPECT_TRUE(choose().source.sequences.empty());
    patterns = {"shop.tick*"};
    EXPECT_EQ(choose().source.sequences.size(), 1u);
}

}  // namespace
}  // namespace cutover::verify
