// What other programs read from a rehearsal does not change by accident.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "scenarios/report/report.h"
#include "tests/support/sample_evidence.h"

namespace cutover::scenarios::report {
namespace {

void expect_golden(const std::string& file, const std::string& text) {
    const std::string path = "tests/golden/" + file;
    if (std::getenv("CUTOVER_WRITE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream golden;
    golden << in.rdbuf();
    EXPECT_EQ(golden.str(), text) << path;
}

TEST(JunitReport, IsTheGoldenOne) {
    expect_golden("junit.xml", junit_report({tests::failed_rehearsal()}));
}

TEST(JsonReport, IsTheGoldenOne) {
    expect_golden("report.json", json_report(tests::failed_rehearsal()));
}

}  // namespace
}  // namespace cutover::scenarios::report
