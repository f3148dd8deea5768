// A child process as the rehearsal sees it; `sleep` stands for the program.
#include "scenarios/run/migrator_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace cutover::scenarios {
namespace {

constexpr std::chrono::seconds kLongLife{20};

Launch sleeping() {
    static const tests::TemporaryFolder folder;
    Launch launch;
    launch.argv = {"sleep", "600"};
    launch.log_file = (folder / "sleep.log").string();
    return launch;
}

TEST(MigratorProcess, ShowsTheArgumentsOfTheProgramAndNotOfWhatStartedIt) {
    const Launch launch = sleeping();
    const MigratorProcess process(launch);
    EXPECT_EQ(process.arguments(), "sleep 600");
    EXPECT_EQ(process.name(), std::filesystem::path(launch.log_file).stem());
}

TEST(MigratorProcess, TellsWhetherItIsStopped) {
    MigratorProcess process(sleeping());
    EXPECT_NE(process.state(), 'T');
    process.signal(SIGSTOP);
    for (int asked = 0; process.state() != 'T' && asked < 2000; ++asked) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(process.state(), 'T');
    EXPECT_FALSE(process.ended());
    process.signal(SIGKILL);
    const auto end = process.wait_ended(kLongLife);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->signal, SIGKILL);
    EXPECT_EQ(process.state(), '\0');
}

}  // namespace
}  // namespace cutover::scenarios
