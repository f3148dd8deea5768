// What is told of a wait, and when it is over: on real time, but for a stop that lies in the past.
#include "migrator/flow/waits.h"

#include <gtest/gtest.h>

#include "migrator/flow/thread_runtime.h"

namespace cutover::flow {
namespace {

using model::Holder;
using model::Side;

class WaitsTest : public testing::Test {
protected:
    void listen(const ToldWait& told, bool ended) {
        heard_.push_back((ended ? "ended " : "") + told.wait.what + ": " +
                         model::to_text(told.wait.holders));
    }

    ThreadRuntime runtime_;
    StopSignal stop_{runtime_};
    std::vector<std::string> heard_;
    Waits waits_{runtime_, stop_, Duration(0),
                 [this](const ToldWait& told, bool ended) { listen(told, ended); }};
};

TEST_F(WaitsTest, AreOverOnceAStopIsAskedFor) {
    EXPECT_FALSE(waits_.over());
    waits_.throw_if_over("a lock");
    stop_.request();
    EXPECT_TRUE(waits_.over());
    try {
        waits_.throw_if_over("a lock");
        FAIL() << "nothing was thrown";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.error_class(), model::ErrorClass::stopped);
        EXPECT_NE(error.message().find("waiting for a lock"), std::string::npos);
    }
}

TEST_F(WaitsTest, LeaveAStopItsGrace) {
    Waits patient(runtime_, stop_, std::chrono::hours(1));
    stop_.request();
    EXPECT_FALSE(patient.over());
}

/// What must be undone at a server is not given up because a stop was heard a while ago.
TEST_F(WaitsTest, LeaveAReprieveItsOwnTime) {
    stop_.request();
    EXPECT_TRUE(waits_.over());
    {
        const Reprieve reprieve(waits_, std::chrono::hours(1));
        EXPECT_FALSE(waits_.over());
        waits_.throw_if_over("a lock");
        {
            const Reprieve none(waits_, Duration(0));
            EXPECT_TRUE(waits_.over());
        }
        EXPECT_FALSE(waits_.over());
    }
    EXPECT_TRUE(waits_.over());
}

TEST_F(WaitsTest, AreToldWithWhoIsInTheWayAndWithTheirEnd) {
    const Holder holder{"process", "7", "psql", std::chrono::seconds(40)};
    {
        Notice notice(&waits_);
        EXPECT_TRUE(waits_.present().empty());
        notice.tell(Side::source, "a slot", {holder});
        ASSERT_EQ(waits_.present().size(), 1u);
        EXPECT_EQ(waits_.present()[0].wait.holders[0], holder);
        EXPECT_EQ(model::to_text({"nobody knows who", "", "", std::nullopt}), "nobody knows who");
    }
    EXPECT_TRUE(waits_.present().empty());
    const std::string who = "a slot: process 7 ('psql'), its transaction open for 40 s";
    EXPECT_EQ(heard_, (std::vector<std::string>{who, "ended " + who}));
}

TEST_F(WaitsTest, AreToldAgainOnlyWhenOthersAreInTheWay) {
    Notice notice(&waits_);
    notice.tell(Side::source, "a slot", {{"process", "7", "", std::chrono::seconds(1)}});
    notice.tell(Side::source, "a slot", {{"process", "7", "", std::chrono::seconds(3)}});
    EXPECT_EQ(heard_.size(), 1u);
    EXPECT_EQ(waits_.present()[0].wait.holders[0].open_for, std::chrono::seconds(3));
    notice.tell(Side::source, "a slot", {{"prepared transaction", "'x'", "", std::nullopt}});
    EXPECT_EQ(heard_.back(), "a slot: prepared transaction 'x'");
}

TEST_F(WaitsTest, ThatNobodyTellsEndUnheard) {
    { const Notice notice(&waits_); }
    {
        Notice nobody(nullptr);
        nobody.tell(Side::source, "a slot", {});
        EXPECT_FALSE(nobody.due());
    }
    EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace cutover::flow
