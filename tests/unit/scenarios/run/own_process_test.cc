#include "scenarios/run/own_process.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>
#include <iostream>

namespace cutover::scenarios {
namespace {

/// In a process of its own: 0 if nothing can be dumped and nothing of the environment is left.
int exit_code_of_a_kept_process() {
    ::setenv("PGHOSTADDR", "203.0.113.9", 1);
    keep_secrets_in_process(std::cerr);
    rlimit limit{1, 1};
    ::getrlimit(RLIMIT_CORE, &limit);
    return ::prctl(PR_GET_DUMPABLE) + static_cast<int>(limit.rlim_cur) +
           static_cast<int>(limit.rlim_max) + (std::getenv("PGHOSTADDR") == nullptr ? 0 : 1);
}

TEST(OwnProcess, WritesNoCoreDumpsAndSaysWhatItIgnores) {
    EXPECT_EXIT(::_exit(exit_code_of_a_kept_process()), testing::ExitedWithCode(0),
                "not used: PGHOSTADDR");
}

}  // namespace
}  // namespace cutover::scenarios
