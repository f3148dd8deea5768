#include "migrator/task/finish_options.h"

#include <gtest/gtest.h>

#include "migrator/model/error.h"

namespace cutover::task {
namespace {

using namespace std::chrono_literals;

std::string code_of(const std::string& argument) {
    try {
        read_finish_options(argument);
    } catch (const model::Error& error) {
        return error.code();
    }
    return "";
}

TEST(FinishOptions, TravelAsTheyWereGiven) {
    const FinishOptions sent{90s, 0s, true};
    const FinishOptions read = read_finish_options(to_argument(sent));
    EXPECT_EQ(read.wait, sent.wait);
    EXPECT_EQ(read.quiet, sent.quiet);
    EXPECT_TRUE(read.fence_source);
    EXPECT_FALSE(read_finish_options(to_argument({1s, 2s, false})).fence_source);
}

TEST(FinishOptions, AskForAProofUnlessTheSourceIsFenced) {
    EXPECT_EQ(read_finish_options("").quiet, FinishOptions().quiet);
    EXPECT_GT(FinishOptions().quiet, 5s);
    EXPECT_EQ(code_of("quiet_ms=0"), "finish.no_proof");
    EXPECT_EQ(code_of("quiet_ms=0,fence_source"), "");
}

TEST(FinishOptions, RefuseWhatTheyDoNotKnow) {
    for (const char* argument :
         {"quiet_ms=", "quiet_ms=x", "wait_ms=-1", "fence", "now", "=", ","}) {
        EXPECT_EQ(code_of(argument), "finish.argument") << argument;
    }
}

}  // namespace
}  // namespace cutover::task
