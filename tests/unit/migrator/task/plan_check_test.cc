#include "migrator/task/plan_check.h"

#include <gtest/gtest.h>

#include <string>

namespace cutover::task {
namespace {

plan::Plan plan_of(const std::string& fingerprint, const std::vector<std::string>& sequences) {
    plan::Plan plan;
    plan.fingerprint = fingerprint;
    for (const std::string& name : sequences) {
        plan.sequences.push_back({{"app", name}, {"app", name}, {}, ""});
    }
    return plan;
}

engine::Planned planned(const std::string& fingerprint, const std::vector<std::string>& sequences) {
    engine::Planned out;
    out.plan = plan_of(fingerprint, sequences);
    return out;
}

bool says(const model::Error& error, const std::string& words) {
    return error.message().find(words) != std::string::npos;
}

TEST(PlanCheck, NamesEveryKindOfBlockAndNothingElse) {
    engine::Planned now = planned("a", {});
    now.findings = {{"types.note", model::Severity::note, "n", "seen", "", "", {}}};
    EXPECT_FALSE(cannot_be_run(now, {}));
    for (const char* object : {"app.a", "app.b"}) {
        now.findings.push_back({"types.cannot_carry",
                                model::Severity::block,
                                object,
                                "no form",
                                "why",
                                "exclude",
                                {}});
    }
    const model::Error error = cannot_be_run(now, {}).value();
    EXPECT_EQ(error.code(), "plan.blocked");
    EXPECT_TRUE(says(error, "app.a, app.b: no form [types.cannot_carry]; exclude"));
    EXPECT_FALSE(says(error, "types.note"));
}

TEST(PlanCheck, RefusesTablesWithoutAKeyWhereTheDestinationHasNoTransactions) {
    engine::Planned now = planned("a", {});
    for (const char* name : {"heap", "keyed"}) {
        plan::TablePlan& table = now.plan.tables.emplace_back();
        table.source = {"app", name};
    }
    now.plan.tables.back().key.columns = {{0, nullptr}};
    engine::SinkTraits traits;
    EXPECT_FALSE(cannot_be_run(now, traits));
    traits.atomic = false;
    const model::Error error = cannot_be_run(now, traits).value();
    EXPECT_TRUE(says(error, "app.heap: has no key, and the destination has no transactions"));
    EXPECT_FALSE(says(error, "app.keyed"));
}

TEST(PlanCheck, FindsTheEndsAsTheyWere) {
    EXPECT_FALSE(no_longer_fits(plan_of("a;b", {"s"}), planned("a;b", {"s"})));
    EXPECT_FALSE(no_longer_fits(plan_of("a;b", {"s", "t"}), planned("a;b", {"s"})));
}

TEST(PlanCheck, SaysWhatHasChanged) {
    const model::Error error =
        no_longer_fits(plan_of("1;app.a>app.a,i>i:int4;app.b>app.b,i>i:int4", {}),
                       planned("1;app.a>app.a,i>i:int4;app.b>app.b,i>i:text", {}))
            .value();
    EXPECT_EQ(error.code(), "source.changed");
    EXPECT_TRUE(says(error, "table app.b: then"));
    EXPECT_EQ(error.side(), model::Side::source);
    engine::Planned unfit = planned("a;b", {});
    unfit.findings = {{"types.label_missing",
                       model::Severity::block,
                       "app.mood",
                       "no label 'x'",
                       "",
                       "add it",
                       {}}};
    EXPECT_TRUE(says(no_longer_fits(plan_of("a;b", {}), unfit).value(), "no label 'x'"));
}

TEST(PlanCheck, NamesASequenceThatWasMadeSince) {
    const model::Error error =
        no_longer_fits(plan_of("a", {"old"}), planned("a", {"old", "fresh"})).value();
    EXPECT_EQ(error.code(), "source.new_sequence");
    EXPECT_TRUE(says(error, "app.fresh"));
    EXPECT_FALSE(says(error, "app.old"));
}

}  // namespace
}  // namespace cutover::task
