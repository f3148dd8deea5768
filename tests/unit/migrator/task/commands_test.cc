// What the commands say of themselves.
#include "migrator/task/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace cutover::task {
namespace {

/// Whoever scripts `migrate` has to know each way in which it ends.
TEST(Commands, TheHelpOfMigrateNamesItsExitCodes) {
    const engine::Registry registry;
    std::ostringstream out;
    int exit_code = 0;
    CLI::App app;
    add_commands(app, registry, out, exit_code);
    const std::string help = app.get_subcommand("migrate")->help();
    const std::string codes = help.substr(help.find("exit:"));
    for (const int code : {0, 1, 2, 3, 10, 11, 12, 13, 14, 15}) {
        EXPECT_THAT(codes, testing::HasSubstr(" " + std::to_string(code) + " ")) << code;
    }
}

}  // namespace
}  // namespace cutover::task
