#include "migrator/plan/task_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace cutover::plan {
namespace {

using std::chrono::minutes;

const std::string kEnds = R"(
source: {engine: postgres, host: a.example, database: shop, user: mover}
destination: {engine: postgres, host: b.example, port: 6543, database: shop, user: mover}
)";

/// One engine with all that there is, and one that wants little.
EngineRules engines() {
    EndpointRules postgres;
    postgres.usual_port = 5432;
    postgres.channel_binding = true;
    postgres.login_methods = {"scram-sha-256", "none"};
    EndpointRules plain;
    plain.needs_database = plain.needs_user = plain.needs_ca = false;
    plain.tls_modes = {TlsMode::disable, TlsMode::verify_full};
    plain.usual_tls = TlsMode::disable;
    return {{"postgres", postgres}, {"plain", plain}};
}

TaskSpec parse(const std::string& text) {
    return parse_task_file(text, "shop.yaml", engines());
}

std::vector<Problem> problems_of(const std::string& text) {
    try {
        parse(text);
    } catch (const FileError& error) {
        return error.problems();
    }
    return {};
}

/// The one problem of a file that is good but for `lines`.
Problem problem_of(const std::string& lines) {
    const std::vector<Problem> problems = problems_of(kEnds + lines);
    EXPECT_EQ(problems.size(), 1U) << lines;
    return problems.empty() ? Problem{} : problems.front();
}

std::string text_of(const std::string& text) {
    try {
        parse(text);
    } catch (const FileError& error) {
        return error.what();
    }
    return "";
}

/// A file of its own for one test.
class File {
public:
    File(const std::string& content, unsigned mode) : path_(folder_ / "password") {
        std::ofstream(path_) << content;
        EXPECT_EQ(::chmod(path_.c_str(), mode), 0);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    std::string path() const { return path_.string(); }

private:
    tests::TemporaryFolder folder_;
    std::filesystem::path path_;
};

TEST(TaskFile, GivesDocumentedDefaultsToWhatIsLeftOut) {
    const TaskSpec spec = parse(kEnds);
    EXPECT_EQ(spec.name, "shop");  // of the file: G199
    EXPECT_EQ(spec.source.hosts.at(0).port, 5432);
    EXPECT_EQ(spec.destination.hosts.at(0).port, 6543);
    EXPECT_TRUE(spec.phases.schema && spec.phases.full && spec.phases.incremental);
    EXPECT_EQ(spec.retry.connection, minutes(720));
    EXPECT_EQ(spec.retry.operation, minutes(10));
    EXPECT_EQ(spec.conflict, ConflictRule::precheck);
    EXPECT_FALSE(spec.limits.full.rows_per_second);
    EXPECT_TRUE(spec.set_replica_identity);
    EXPECT_FALSE(spec.spill_directory.empty());
}

TEST(TaskFile, ReadsEveryKey) {
    ASSERT_EQ(::setenv("CUTOVER_TEST_PASSWORD", "s3cret", 1), 0);
    const TaskSpec spec = parse(R"(
task: move_1
source:
  engine: postgres
  hosts: ["10.0.0.1:5432", "10.0.0.2:5433", "[::1]:5434", "db"]
  port: 5435
  database: shop
  user: mover
  password: {env: CUTOVER_TEST_PASSWORD}
  tls: {mode: require}
destination: {engine: postgres, host: b, database: shop, user: mover}
phases: [full, incremental]
objects:
  include: [public, app.orders]
  exclude: ["*.tmp_*"]
  rename:
    schemas: {public: shop}
    tables: {app.orders: sales.orders}
    columns: {app.orders: {qty: quantity}}
  exclude_columns: {app.orders: [note]}
  filters: {app.orders: "id > 100"}
conflict: ignore
limits:
  workers: 3
  lanes: 4
  memory_mb: 64
  chunk_mb: 0.5
  batch_mb: 8
  batch_transactions: 7
  batch_delay_ms: 9
  full: {rows_per_second: 1000, mb_per_second: 2, queries_per_second: 5}
  incremental: {rows_per_second: 10, mb_per_second: 1}
retry: {connection_minutes: 60, operation_minutes: 20}
replica_identity: require
heartbeat_seconds: 0
ignore: [tables.keyless]
spill_directory: /tmp
)");
    EXPECT_EQ(spec.name, "move_1");
    ASSERT_EQ(spec.source.hosts.size(), 4U);
    EXPECT_EQ(spec.source.hosts[2].host, "::1");
    EXPECT_EQ(spec.source.hosts[2].port, 5434);
    EXPECT_EQ(spec.source.hosts[3].port, 5435);
    EXPECT_EQ(spec.source.password.reveal(), "s3cret");
    EXPECT_EQ(spec.source.tls, TlsMode::require);
    EXPECT_FALSE(spec.phases.schema);
    EXPECT_EQ(spec.mapping.table({"public", "a"}), (model::ObjectName{"shop", "a"}));
    EXPECT_EQ(spec.mapping.table({"app", "orders"}), (model::ObjectName{"sales", "orders"}));
    EXPECT_EQ(spec.mapping.column({"app", "orders"}, "qty"), "quantity");
    EXPECT_EQ(spec.mapping.column({"app", "orders"}, "id"), "id");
    EXPECT_TRUE(spec.mapping.excluded_columns.at({"app", "orders"}).contains("note"));
    EXPECT_EQ(spec.filters.at({"app", "orders"}), "id > 100");
    EXPECT_EQ(spec.conflict, ConflictRule::ignore);
    EXPECT_EQ(spec.limits.chunk_bytes, model::Bytes{512 << 10});
    EXPECT_EQ(spec.limits.full.bytes_per_second, model::Bytes{2 << 20});
    EXPECT_EQ(spec.limits.full.queries_per_second, 5U);
    EXPECT_EQ(spec.limits.incremental.rows_per_second, model::Rows{10});
    EXPECT_EQ(spec.retry.connection, minutes(60));
    EXPECT_FALSE(spec.set_replica_identity);
    EXPECT_EQ(spec.heartbeat.count(), 0);
    EXPECT_TRUE(spec.ignored_findings.contains("tables.keyless"));
}

TEST(TaskFile, NamesPlaceKeyAndNearKeyOfAnUnknownOne) {
    const Problem problem = problem_of("retry:\n  conection_minutes: 60\n");
    EXPECT_EQ(problem.code, "task_file.unknown_key");
    EXPECT_EQ(problem.place.line, 5);
    EXPECT_EQ(problem.place.column, 3);
    EXPECT_NE(problem.message.find("`conection_minutes`"), std::string::npos);
    EXPECT_NE(problem.remedy.find("`connection_minutes`"), std::string::npos);
}

TEST(TaskFile, TellsAllMistakesAtOnceInTheOrderOfTheFile) {
    const std::vector<Problem> problems =
        problems_of(kEnds + "conflict: maybe\nlimits: {workers: 0, lanes: many}\nphases: [ful]\n");
    ASSERT_EQ(problems.size(), 4U);
    EXPECT_EQ(problems[0].code, "task_file.choice");
    EXPECT_EQ(problems[1].code, "task_file.range");
    EXPECT_EQ(problems[2].code, "task_file.type");
    EXPECT_EQ(problems[3].place.line, 6);
    EXPECT_NE(problems[3].remedy.find("`full`"), std::string::npos);
}

TEST(TaskFile, ShowsFileLineAndColumnInItsText) {
    const std::string text = text_of(kEnds + "conflict: maybe\n");
    EXPECT_NE(text.find("shop.yaml:4:11: conflict is `maybe`"), std::string::npos) << text;
    EXPECT_NE(text.find("remedy: "), std::string::npos);
}

TEST(TaskFile, RefusesTextThatIsNotYaml) {
    const std::vector<Problem> problems = problems_of("task: [unclosed\nsource: {");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].code, "task_file.syntax");
    EXPECT_GT(problems[0].place.line, 0);
}

TEST(TaskFile, RefusesAnEmptyFileAListAndTwoDocuments) {
    EXPECT_EQ(problems_of("").at(0).code, "task_file.empty");
    EXPECT_EQ(problems_of("- a\n- b\n").at(0).code, "task_file.type");
    EXPECT_EQ(problem_of("---\ntask: second\n").code, "task_file.documents");
}

TEST(TaskFile, RefusesAKeyGivenTwice) {
    const Problem problem = problem_of("conflict: ignore\nconflict: precheck\n");
    EXPECT_EQ(problem.code, "task_file.duplicate_key");
    EXPECT_NE(problem.message.find("line 4"), std::string::npos);
}

TEST(TaskFile, EndsOnAnAliasBombWithoutBuildingIt) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int level = 1; level < 9; ++level) {
        const std::string below = "*a" + std::to_string(level - 1);
        text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below;
        for (int copy = 1; copy < 10; ++copy) {
            text += ", " + below;
        }
        text += "]\n";
    }
    EXPECT_NE(text_of(kEnds + text).find("task_file.too_large"), std::string::npos);
}

TEST(TaskFile, RefusesALiteralPasswordWithoutRepeatingIt) {
    const std::string text = text_of(R"(
source: {engine: postgres, host: a, database: d, user: u, password: hunter2}
destination: {engine: postgres, host: b, database: d, user: u, password: {env: X, file: y}}
)");
    EXPECT_NE(text.find("task_file.literal_password"), std::string::npos) << text;
    EXPECT_NE(text.find("exactly one of"), std::string::npos) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(TaskFile, RefusesAConnectionStringWithoutRepeatingIt) {
    const std::string text = text_of(R"(
source: {engine: postgres, host: "postgres://u:hunter2@a", database: d, user: u}
destination: {engine: postgres, hosts: ["u:hunter2@b"], database: d, user: u}
)");
    EXPECT_NE(text.find("source.host is a connection string"), std::string::npos) << text;
    EXPECT_NE(text.find("destination.hosts is a connection string"), std::string::npos) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(TaskFile, NeverShowsAPasswordThatStandsInTheWrongPlace) {
    for (const char* wrong : {"source: hunter2", "source: {password: {env: [hunter2]}}",
                              "source: {password: [hunter2]}", "source: {pasword: hunter2}"}) {
        EXPECT_EQ(text_of(wrong).find("hunter2"), std::string::npos) << text_of(wrong);
    }
}

TEST(TaskFile, NamesTheEnvironmentVariableThatIsNotSet) {
    ::unsetenv("CUTOVER_TEST_UNSET");
    const std::string text = text_of(R"(
source: {engine: postgres, host: a, database: d, user: u, password: {env: CUTOVER_TEST_UNSET}}
destination: {engine: postgres, host: b, database: d, user: u}
)");
    EXPECT_NE(text.find("`CUTOVER_TEST_UNSET` of source.password.env is not set"),
              std::string::npos);
}

std::string with_password_file(const std::string& path) {
    return "source: {engine: postgres, host: a, database: d, user: u, password: {file: " + path +
           "}}\ndestination: {engine: postgres, host: b, database: d, user: u}\n";
}

TEST(TaskFile, ReadsAPasswordFileOfTightPermissions) {
    const File file("s3cret\n", 0600);
    EXPECT_EQ(parse(with_password_file(file.path())).source.password.reveal(), "s3cret");
}

TEST(TaskFile, RefusesAPasswordFileThatOthersMayRead) {
    const File file("s3cret\n", 0644);
    const std::string text = text_of(with_password_file(file.path()));
    EXPECT_NE(text.find("mode 0644"), std::string::npos) << text;
    EXPECT_NE(text.find("chmod 0600"), std::string::npos) << text;
    EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
}

TEST(TaskFile, RefusesAPasswordFileThatIsMissingOrEmpty) {
    EXPECT_NE(text_of(with_password_file("/no/such/file")).find("/no/such/file"),
              std::string::npos);
    const File file("", 0600);
    EXPECT_NE(text_of(with_password_file(file.path())).find("is empty"), std::string::npos);
}

TEST(TaskFile, HoldsRetryWindowsToTheDocumentedRanges) {
    EXPECT_EQ(problem_of("retry: {connection_minutes: 9}").code, "task_file.range");     // G22
    EXPECT_EQ(problem_of("retry: {connection_minutes: 1441}").code, "task_file.range");  // G22
    EXPECT_EQ(problem_of("retry: {operation_minutes: 0}").code, "task_file.range");      // G25
    EXPECT_EQ(problem_of("retry: {operation_minutes: 1441}").code, "task_file.range");   // G25
    EXPECT_EQ(
        parse(kEnds + "retry: {connection_minutes: 1440, operation_minutes: 1}").retry.connection,
        minutes(1440));
}

TEST(TaskFile, RefusesAnOperationWindowThatIsNotShorter) {  // G27
    EXPECT_EQ(problem_of("retry: {connection_minutes: 10}").code, "task_file.contradiction");
    EXPECT_EQ(problem_of("retry: {operation_minutes: 720}").code, "task_file.contradiction");
    EXPECT_EQ(parse(kEnds + "retry: {operation_minutes: 719}").retry.operation, minutes(719));
}

#ifdef CUTOVER_REHEARSAL_HOOKS
TEST(TaskFile, LetsARehearsalShortenTheWindows) {
    const TaskSpec spec = parse(kEnds + "retry: {connection_seconds: 20, operation_seconds: 5}");
    EXPECT_EQ(spec.retry.connection, std::chrono::seconds(20));
    EXPECT_EQ(spec.retry.operation, std::chrono::seconds(5));
}
#endif

TEST(TaskFile, RefusesOneDestinationNameForTwoSources) {
    const Problem tables = problem_of("objects: {rename: {tables: {a.x: c.x, b.x: c.x}}}");
    EXPECT_EQ(tables.code, "task_file.name_claimed_twice");
    EXPECT_NE(tables.message.find("`a.x` and `b.x`"), std::string::npos);
    EXPECT_EQ(problem_of("objects: {rename: {columns: {a.x: {p: r, q: r}}}}").code,
              "task_file.name_claimed_twice");
}

TEST(TaskFile, RefusesContradictions) {
    EXPECT_EQ(problem_of("phases: []").code, "task_file.contradiction");
    EXPECT_EQ(problem_of("objects: {include: [a], filters: {b.x: 'id > 1'}}").code,
              "task_file.contradiction");
    EXPECT_EQ(problem_of("objects: {exclude: [a.x], rename: {tables: {a.x: b.x}}}").code,
              "task_file.contradiction");
    EXPECT_EQ(
        problem_of("objects: {rename: {columns: {a.x: {p: q}}}, exclude_columns: {a.x: [p]}}").code,
        "task_file.contradiction");
    EXPECT_EQ(problem_of("limits: {memory_mb: 8, batch_mb: 16}").code, "task_file.contradiction");
}

TEST(TaskFile, RefusesAFilterThatSaysMoreThanOneCondition) {
    for (const char* filter :
         {"id = 1) or (true", "id = 1)", "(id = 1", "id = 1; DROP TABLE y", "id = 1 -- or not",
          "id = 1 /* or not", "name = 'a", R"(x = ')' ))", R"(name = E'\\') or (true)"}) {
        EXPECT_EQ(
            problem_of("objects:\n  filters:\n    a.x: |-\n      " + std::string(filter)).code,
            "task_file.filter")
            << filter;
    }
}

TEST(TaskFile, TakesFiltersWithQuotesAndParentheses) {
    const TaskSpec spec = parse(kEnds + R"yaml(
objects:
  filters:
    a.a: name = 'it''s ) or ; --' AND (id > 1)
    a.b: ("odd ( name") > 1
    a.c: name = E'\') ' AND (id > 1)
)yaml");
    EXPECT_EQ(spec.filters.size(), 3u);
}

TEST(TaskFile, RefusesOneDatabaseAtBothEnds) {
    const std::string text = text_of(R"(
source: {engine: postgres, host: a, database: d, user: u}
destination: {engine: postgres, hosts: ["c:5432", "a:5432"], database: d, user: v}
)");
    EXPECT_NE(text.find("are the same database"), std::string::npos) << text;
}

TEST(TaskFile, RefusesTlsSettingsThatDoNotFitTogether) {
    const std::string text = text_of(R"(
source: {engine: postgres, host: a, database: d, user: u, tls: {mode: verify-full}}
destination: {engine: postgres, host: b, database: d, user: u, tls: {mode: verify_ca, ca: /no/ca.pem}}
)");
    EXPECT_NE(text.find("source.tls.ca is missing"), std::string::npos) << text;
    EXPECT_NE(text.find("did you mean `verify-ca`"), std::string::npos) << text;
    EXPECT_NE(text.find("`/no/ca.pem`, which cannot be read"), std::string::npos) << text;
}

TEST(TaskFile, RefusesNamesAndHostsThatAreNone) {
    EXPECT_EQ(problem_of("task: Shop-1").code, "task_file.name");
    EXPECT_EQ(problem_of("objects: {include: [a.b.c]}").code, "task_file.name");
    EXPECT_EQ(problem_of("objects: {filters: {orders: 'id > 1'}}").code, "task_file.name");
    EXPECT_EQ(problem_of("ignore: ['a code']").code, "task_file.name");
    for (const char* host : {"a:", "a:0", "a:70000", "a:x", "a b"}) {
        const std::string text = text_of("source: {engine: postgres, hosts: ['" +
                                         std::string(host) + "'], database: d, user: u}\n");
        EXPECT_NE(text.find("task_file.host"), std::string::npos) << host << text;
    }
}

TEST(TaskFile, TellsOfAnEngineThatThereIsNotNoMoreThanItsName) {
    const std::vector<Problem> problems = problems_of(R"(
source: {engine: postgress, host: a, require_auth: x, tls: {mode: verify-full, channel_binding: prefer}}
destination: {engine: postgres, host: b, database: d, user: u}
)");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].code, "task_file.choice");
    EXPECT_EQ(problems[0].place.line, 2);
    EXPECT_EQ(problems[0].remedy, "did you mean `postgres`?");
}

TEST(TaskFile, HoldsAnEndToWhatItsEngineWants) {
    const std::string other = "\ndestination: {engine: postgres, host: b, database: d, user: u}\n";
    const TaskSpec spec = parse("source: {engine: plain, host: 'a:9'}" + other);
    EXPECT_EQ(spec.source.engine, "plain");
    EXPECT_EQ(spec.source.hosts.at(0).port, 9);
    EXPECT_EQ(spec.source.tls, TlsMode::disable);
    EXPECT_EQ(spec.destination.hosts.at(0).port, 5432);
    EXPECT_EQ(spec.destination.tls, TlsMode::prefer);
    const auto wrong = [&](const std::string& end) {
        return text_of("source: {" + end + "}" + other);
    };
    EXPECT_NE(wrong("engine: plain, host: a").find("the engine `plain` has no usual one"),
              std::string::npos);
    EXPECT_NE(wrong("engine: plain, host: 'a:9', require_auth: none").find("`require_auth` is not"),
              std::string::npos);
    EXPECT_NE(wrong("engine: plain, host: 'a:9', tls: {channel_binding: prefer}")
                  .find("`channel_binding` is not"),
              std::string::npos);
    EXPECT_NE(wrong("engine: plain, host: 'a:9', tls: {mode: prefer}")
                  .find("must be one of: disable, verify-full"),
              std::string::npos);
    EXPECT_EQ(wrong("engine: plain, host: 'a:9', tls: {mode: verify-full}"), "");
    EXPECT_NE(wrong("engine: postgres, host: a").find("source.database is missing"),
              std::string::npos);
    EXPECT_NE(wrong("host: a, database: d, user: u").find("name one of: plain, postgres"),
              std::string::npos);
}

TEST(TaskFile, NamesAFileThatCannotBeRead) {
    try {
        read_task_file("/no/such/task.yaml", engines());
        FAIL();
    } catch (const FileError& error) {
        EXPECT_NE(std::string(error.what()).find("/no/such/task.yaml: "), std::string::npos);
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
    }
}

TEST(TaskFile, IsReadInATimeThatGrowsWithItsLength) {
    // Held by the limit of this test program: what is quadratic takes minutes.
    constexpr int kKeys = 199'000;
    std::string text = kEnds + "objects: {rename: {tables: {";
    for (int key = 0; key < kKeys; ++key) {
        text += "a.t" + std::to_string(key) + ": b.t" + std::to_string(key) + ", ";
    }
    const TaskSpec spec = parse(text + "}}}\n");
    EXPECT_EQ(spec.mapping.table({"a", "t198999"}), (model::ObjectName{"b", "t198999"}));
}

TEST(TaskFile, TellsTheFirstOfManyMistakes) {
    std::string text = kEnds;
    for (int key = 0; key < 5000; ++key) {
        text += "k" + std::to_string(key) + ": 1\n";
    }
    const std::string told = text_of(text);
    EXPECT_LT(told.size(), 100'000U);
    EXPECT_NE(told.find("... and 4900 more"), std::string::npos);
}

TEST(TaskFile, ShowsNoControlCharacterOfAKey) {
    const std::string told = text_of(kEnds + "\"a\\x1b[1AGO\": 1\n");
    EXPECT_NE(told.find("`a\\x1b[1AGO`"), std::string::npos) << told;
}

TEST(TaskFile, SaysHowAnEndMayBeLoggedInto) {
    const TaskSpec spec = parse(R"(
source:
  {engine: postgres, host: a, database: d, user: u, require_auth: scram-sha-256, tls: {mode: require, channel_binding: require}}
destination: {engine: postgres, host: b, database: d, user: u}
)");
    EXPECT_EQ(spec.source.require_auth, "scram-sha-256");
    EXPECT_EQ(spec.source.channel_binding, ChannelBinding::require);
    EXPECT_EQ(spec.destination.require_auth, "");
    EXPECT_EQ(spec.destination.channel_binding, ChannelBinding::prefer);
    const std::string wrong = text_of(R"(
source: {engine: postgres, host: a, database: d, user: u, require_auth: scram}
destination: {engine: postgres, host: b, database: d, user: u, tls: {mode: disable, channel_binding: require}}
)");
    EXPECT_NE(wrong.find("source.require_auth is `scram`"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("no TLS to bind to"), std::string::npos) << wrong;
}

}  // namespace
}  // namespace cutover::plan
