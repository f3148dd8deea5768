// Bad task files and command lines, as the program answers them: no server is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

class BadTaskFile : public testing::Test {
protected:
    /// What the program says to a task file.
    Said said_to(const std::string& text) {
        return program_.run({"migrate", program_.write("shop.yaml", text)});
    }

    Program program_;
    const std::string ends_ =
        "source: {engine: postgres, host: a.invalid, database: d, user: u}\n"
        "destination: {engine: postgres, host: b.invalid, database: d, user: u}\n";
};

TEST_F(BadTaskFile, MalformedIsToldWithItsPlace) {
    const Said said = said_to("source: {engine: postgres\ndestination: ]\n");
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("shop.yaml:2:"));
    EXPECT_THAT(said.text, HasSubstr("remedy: "));
}

/// Whoever asked for JSON gets it, whatever goes wrong; people read the rest.
TEST_F(BadTaskFile, IsToldAsJsonWhereThatWasAskedFor) {
    const std::string bad = program_.write("bad.yaml", ends_ + "conflct: ignore\nphases: []\n");
    const std::string good = program_.write("good.yaml", ends_);
    const auto told = [&](const std::vector<std::string>& arguments, int exit_code) {
        const Said said = program_.run(arguments);
        EXPECT_EQ(said.exit_code, exit_code) << said.text;
        const std::size_t from = said.text.find("{\"event\":\"error\"");
        EXPECT_NE(from, std::string::npos) << arguments[0] << ": " << said.text;
        return from == std::string::npos ? nlohmann::json()
                                         : nlohmann::json::parse(said.text.substr(
                                               from, said.text.find('\n', from) - from));
    };
    for (const char* command :
         {"precheck", "migrate", "verify", "status", "pause", "resume", "stop", "finish"}) {
        const nlohmann::json json = told({command, bad, "--json"}, kBadUsage);
        ASSERT_EQ(json["problems"].size(), 2u) << command;
        EXPECT_EQ(json["problems"][0]["line"], 3);
        EXPECT_EQ(json["exit_code"], kBadUsage);
        EXPECT_EQ(told({command, good, "--json", "--nonsense"}, kBadUsage)["code"], "command_line");
    }
    EXPECT_EQ(told({"verify", good, "--format", "json"}, 13)["class"], "refused");
    EXPECT_THAT(program_.run({"verify", bad}).text, Not(HasSubstr("{\"event\"")));
}

TEST_F(BadTaskFile, AnUnknownKeyNamesTheNearOne) {
    const Said said = said_to(ends_ + "conflct: ignore\n");
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("shop.yaml:3:1: `conflct`"));
    EXPECT_THAT(said.text, HasSubstr("did you mean `conflict`?"));
}

TEST_F(BadTaskFile, ContradictionsAreToldTogether) {
    const Said said = said_to(ends_ +
                              "retry: {operation_minutes: 720}\n"
                              "objects: {rename: {tables: {a.x: c.x, b.x: c.x}}}\n"
                              "phases: []\n");
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("must be shorter"));
    EXPECT_THAT(said.text, HasSubstr("destination of both `a.x` and `b.x`"));
    EXPECT_THAT(said.text, HasSubstr("phases is empty"));
}

TEST_F(BadTaskFile, ALiteralPasswordIsRefusedAndNotRepeated) {
    const Said said = said_to(
        "source: {engine: postgres, host: a, database: d, user: u, password: hunter2}\n"
        "destination: {engine: postgres, host: b, database: d, user: u}\n");
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("source.password holds the password itself"));
    EXPECT_THAT(said.text, Not(HasSubstr("hunter2")));
}

TEST_F(BadTaskFile, EveryCommandRefusesIt) {
    const std::string file = program_.write("shop.yaml", "sorce: {}\n");
    for (const char* command :
         {"precheck", "migrate", "status", "pause", "resume", "stop", "finish", "release"}) {
        const Said said = program_.run({command, file});
        EXPECT_EQ(said.exit_code, kBadUsage) << command << said.text;
        EXPECT_THAT(said.text, HasSubstr("did you mean `source`?")) << command;
    }
}

TEST_F(BadTaskFile, AFileThatIsNotThereIsNamed) {
    const Said said = program_.run({"migrate", "/no/such/shop.yaml"});
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("/no/such/shop.yaml"));
}

TEST_F(BadTaskFile, AnUnknownEngineNamesTheKnownOnes) {
    const Said said = said_to(
        "source: {engine: postgress, host: 'a:5432', database: d, user: u}\n"
        "destination: {engine: postgres, host: b, database: d, user: u}\n");
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("shop.yaml:1:"));
    EXPECT_THAT(said.text, HasSubstr("`postgress`; it must be one of: postgres"));
    EXPECT_THAT(said.text, HasSubstr("did you mean `postgres`?"));
}

TEST_F(BadTaskFile, AnUnknownCommandNamesTheNearOne) {
    const Said said = program_.run({"migrat", "shop.yaml"});
    EXPECT_EQ(said.exit_code, kBadUsage);
    EXPECT_THAT(said.text, HasSubstr("did you mean `migrate`?"));
}

/// Outputs that cannot be written are refused before any server is asked or started.
class BadOutput : public BadTaskFile {
protected:
    static constexpr int kRefused = 13;
    void expect_refused(const std::vector<std::string>& arguments, const std::string& words) {
        const Said said = program_.run(arguments);
        EXPECT_EQ(said.exit_code, kRefused) << said.text;
        EXPECT_THAT(said.text, HasSubstr(words));
        EXPECT_THAT(said.text, HasSubstr("[output.path]\nhint: name a "));
        EXPECT_THAT(said.text, Not(HasSubstr("filesystem error")));
    }
    const std::string folder_ = program_.folder().string();
    const std::string task_ = program_.write("shop.yaml", ends_);
};

TEST_F(BadOutput, AReportFolderThatIsAFileIsRefused) {
    expect_refused({"rehearse", "main", "--report-dir", task_},
                   "--report-dir is `" + task_ + "`, which is a file, not a folder");
}

TEST_F(BadOutput, AReportFolderThatCannotBeWrittenIsRefused) {
    expect_refused({"rehearse", "main", "--report-dir", "/proc/reports"},
                   "--report-dir is `/proc/reports`, which cannot be made: ");
    expect_refused({"rehearse", "main", "--report-dir", "/proc"},
                   "--report-dir is `/proc`, in which nothing can be written: ");
}

TEST_F(BadOutput, AReportThatCannotBeWrittenIsRefused) {
    for (const char* option : {"--output", "--repair-file"}) {
        expect_refused({"verify", task_, option, folder_},
                       std::string(option) + " is `" + folder_ + "`, which is a folder");
        expect_refused({"verify", task_, option, task_ + "/report"},
                       "which cannot be written: Not a directory");
    }
    std::filesystem::create_directory(program_.folder() / "repair.undo");
    expect_refused({"verify", task_, "--repair-file", folder_ + "/repair"},
                   "repair.undo`, which is a folder");
}

TEST_F(BadTaskFile, ALimitThatCannotBeReadIsRefusedBeforeAServerIsAsked) {
    const std::string file = program_.write("shop.yaml", ends_);
    for (const char* limit : {"full.rows_per_second=many", "ful.rows_per_second=1",
                              "full.rows_per_second", "incremental.queries_per_second=0"}) {
        const Said said = program_.run({"throttle", file, limit});
        EXPECT_EQ(said.exit_code, kBadUsage) << limit << said.text;
        EXPECT_THAT(said.text, HasSubstr(limit));
        EXPECT_THAT(said.text, HasSubstr("full.rows_per_second=N"));
    }
}

TEST_F(BadTaskFile, TheProgramSaysItsVersion) {
    const Said said = program_.run({"--version"});
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_THAT(said.text, testing::StartsWith("cutover "));
}

TEST_F(BadTaskFile, EveryCommandExplainsItselfWithAnExample) {
    for (const char* command : {"precheck", "migrate", "status", "pause", "resume", "throttle",
                                "stop", "finish", "release"}) {
        const Said said = program_.run({command, "--help"});
        EXPECT_EQ(said.exit_code, 0) << command;
        EXPECT_THAT(said.text, HasSubstr(std::string("example:  cutover ") + command)) << command;
    }
}

}  // namespace
}  // namespace cutover::tests
