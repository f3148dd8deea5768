// The precheck against real servers: each question is seen to pass and to fail.
#include "migrator/precheck/precheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "migrator/engine/postgres/connection.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/precheck/text.h"
#include "migrator/route/postgres_to_postgres.h"
#include "tests/support/live_postgres.h"

namespace cutover::precheck {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

engine::Registry registry() {
    engine::EngineFactories factories;
    factories.inspector = postgres::make_inspector;
    factories.sink = postgres::make_sink;
    engine::Registry known;
    known.add_engine("postgres", std::move(factories));
    known.add_route("postgres", "postgres", std::make_unique<route::PostgresToPostgres>());
    return known;
}

class PrecheckTest : public tests::LivePostgres {
protected:
    void SetUp() override {
        tests::LivePostgres::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        destination_ = make_database("destination");
        spec_.name = "shop";
        spec_.source = endpoint().as_plan();
        spec_.destination = destination_.as_plan();
        at_source("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    }

    void at_source(const std::string& sql) { connect().query(sql); }
    void at_destination(const std::string& sql) {
        fixtures::PostgresClient(destination_).query(sql);
    }
    /// Codes of what blocks.
    std::vector<std::string> blocks() { return codes(model::Severity::block); }
    std::vector<std::string> alerts() { return codes(model::Severity::alert_ignorable); }
    std::vector<std::string> codes(model::Severity severity) {
        const Facts facts = gather(registry(), spec_);
        const Report report = ask(facts);
        std::ostringstream text;
        print(text, facts, report);
        text_ = text.str();
        std::vector<std::string> found;
        for (const Answer& answer : report.answers) {
            for (const model::Finding& finding : answer.findings) {
                if (finding.severity == severity) {
                    found.push_back(finding.code);
                }
            }
        }
        return found;
    }

    plan::TaskSpec spec_;
    fixtures::PostgresEndpoint destination_;
    std::string text_;  ///< the report that codes() has read
};

TEST_F(PrecheckTest, LetsAHealthyPairPass) {
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    EXPECT_THAT(text_, HasSubstr("\nGO: "));
    EXPECT_THAT(text_, HasSubstr("PostgreSQL 17"));
}

TEST_F(PrecheckTest, ChangesNothing) {
    blocks();
    for (const auto& where : {endpoint(), destination_}) {
        fixtures::PostgresClient client(where);
        EXPECT_EQ(client.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
        EXPECT_EQ(client.value("SELECT count(*) FROM pg_publication"), "0");
    }
}

TEST_F(PrecheckTest, NamesAWrongPasswordWithoutShowingIt) {
    spec_.source.password = model::Secret("hunter2");
    EXPECT_THAT(blocks(), testing::ElementsAre("connectivity.source"));
    EXPECT_THAT(text_, HasSubstr("password authentication failed"));
    EXPECT_THAT(text_, Not(HasSubstr("hunter2")));
    EXPECT_THAT(text_, HasSubstr("not asked types"));
}

TEST_F(PrecheckTest, NamesAServerThatIsNotThere) {
    spec_.destination.hosts[0].port = 1;
    EXPECT_THAT(blocks(), testing::ElementsAre("connectivity.destination"));
    EXPECT_THAT(text_, HasSubstr(":1/"));
}

TEST_F(PrecheckTest, NamesADatabaseThatIsNotThere) {
    spec_.source.database = "no_such_database";
    EXPECT_THAT(blocks(), testing::ElementsAre("connectivity.source"));
    EXPECT_THAT(text_, HasSubstr("no_such_database"));
}

TEST_F(PrecheckTest, RefusesOneDatabaseAtBothEnds) {
    spec_.destination = spec_.source;
    EXPECT_THAT(blocks(), Contains("connectivity.one_database"));
}

TEST_F(PrecheckTest, NamesTheRightsThatAreMissing) {  // G206
    at_source("CREATE ROLE weak LOGIN PASSWORD 'weak'");
    spec_.source = endpoint().as_user("weak", "weak").as_plan();
    const std::vector<std::string> found = blocks();
    EXPECT_THAT(found, Contains("source.privilege_select")) << text_;
    EXPECT_THAT(found, Contains("source.privilege_replication"));
    at_source("DROP ROLE weak");
}

TEST_F(PrecheckTest, RefusesATableThatIsThereAlready) {  // G31, G34
    at_destination("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.table_exists")) << text_;
    spec_.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    EXPECT_THAT(alerts(), Contains("destination.table_kept"));
}

TEST_F(PrecheckTest, RefusesADestinationTableWithoutASourceColumn) {  // G52
    spec_.phases.schema = false;
    EXPECT_THAT(blocks(), Contains("destination.table_missing"));
    at_destination("CREATE TABLE public.orders (id int PRIMARY KEY)");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.column_missing"));
    EXPECT_THAT(text_, HasSubstr("public.orders.note"));
}

TEST_F(PrecheckTest, RefusesAnotherTypeAndAnotherKeyAtTheDestination) {  // G39, G48
    spec_.phases.schema = false;
    at_destination("CREATE TABLE public.orders (id int, note int PRIMARY KEY)");
    const std::vector<std::string> found = blocks();
    EXPECT_THAT(found, Contains("types.differ"));
    EXPECT_THAT(found, Contains("keys.differ"));
}

TEST_F(PrecheckTest, RefusesOneDestinationNameForTwoSources) {
    at_source("CREATE SCHEMA app; CREATE TABLE app.orders (id int PRIMARY KEY)");
    spec_.mapping.schemas = {{"app", "public"}};
    EXPECT_THAT(blocks(), Contains("mapping.claimed_twice"));
    EXPECT_THAT(text_, HasSubstr("app.orders"));
}

TEST_F(PrecheckTest, RefusesNamesThatMeanNothing) {
    spec_.objects.include = {"public", "publik.*"};
    spec_.filters = {{{"public", "order"}, "id > 1"}};
    EXPECT_THAT(blocks(),
                testing::ElementsAre("objects.include_unmatched", "objects.no_such_table"));
    EXPECT_THAT(text_, HasSubstr("did you mean `public.orders`?"));
}

TEST_F(PrecheckTest, RefusesAFilterThatIsNoCondition) {
    for (const char* filter : {"no_such_column > 1", "id >", "true); DROP TABLE public.orders; --",
                               "id > 1 -- the bracket is gone"}) {
        spec_.filters = {{{"public", "orders"}, filter}};
        EXPECT_THAT(blocks(), testing::ElementsAre("source.filter")) << filter << text_;
    }
    spec_.filters = {{{"public", "orders"}, "id > 1"}};
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

TEST_F(PrecheckTest, RefusesAFilterThatTheLogCannotApply) {
    spec_.filters = {{{"public", "orders"}, "id > random()"}};
    EXPECT_THAT(blocks(), testing::ElementsAre("source.filter")) << text_;
    spec_.phases.incremental = false;
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

TEST_F(PrecheckTest, AlertsOfWhatIsNotCarriedAndOfKeylessTables) {  // G134, G47
    at_source("CREATE TABLE public.log (line text); CREATE VIEW public.v AS SELECT 1");
    const std::vector<std::string> found = alerts();
    EXPECT_THAT(found, Contains("tables.keyless")) << text_;
    EXPECT_THAT(found, Contains("source.not_carried.view"));
    EXPECT_THAT(blocks(), IsEmpty());
    spec_.ignored_findings = {"tables.keyless", "source.not_carried.view"};
    EXPECT_THAT(alerts(), Not(Contains("tables.keyless")));
    EXPECT_THAT(text_, HasSubstr("ignored, because the task file says so"));
}

TEST_F(PrecheckTest, AsksAFilterOfAPartitionedTableOfItsPartitions) {
    at_source(
        "CREATE TABLE public.p (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);"
        "CREATE TABLE public.p1 PARTITION OF public.p DEFAULT");
    spec_.filters = {{{"public", "p"}, "note <> 'x'"}};
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    EXPECT_THAT(text_, HasSubstr("the log has no whole old rows of public.p1"));
    spec_.filters = {{{"public", "p"}, "id > random()"}};
    EXPECT_THAT(blocks(), testing::ElementsAre("source.filter")) << text_;
    spec_.filters = {{{"public", "p"}, "no_such_column"}};
    EXPECT_THAT(blocks(), testing::ElementsAre("source.filter")) << text_;
}

TEST_F(PrecheckTest, TellsThatAPrimaryKeyWhichIsLeftOutNamesNoOldRows) {
    at_source("CREATE TABLE public.two (id int PRIMARY KEY, code int NOT NULL UNIQUE)");
    spec_.mapping.excluded_columns[{"public", "two"}] = {"id"};
    spec_.set_replica_identity = false;
    EXPECT_THAT(blocks(), testing::ElementsAre("source.replica_identity")) << text_;
}

TEST_F(PrecheckTest, AsksNothingOfDestinationTablesThatAreNotItsOwn) {
    const std::string user = "mover_" + destination_.database;
    at_destination("CREATE TABLE public.of_others (a int); CREATE ROLE " + user +
                   " LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE " + destination_.database +
                   " TO " + user + "; GRANT ALL ON SCHEMA public TO " + user);
    spec_.destination = destination_.as_user(user, "x").as_plan();
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    at_destination("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    spec_.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(blocks(), Contains("destination.privilege_write")) << text_;
    at_destination("DROP OWNED BY " + user + "; DROP ROLE " + user);
}

TEST_F(PrecheckTest, KnowsATaskThatHasBeenStarted) {
    flow::ThreadRuntime runtime;
    const auto sink = postgres::make_sink(runtime, spec_);
    at_destination("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.table_exists")) << text_;
    const auto control = sink->open_control();
    control->claim(spec_.name, "fingerprint");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    control->release(spec_.name);
}

TEST_F(PrecheckTest, RefusesTablesThatAreNoHeapsAndTellsOfRowSecurity) {
    at_source(
        "CREATE ACCESS METHOD columns TYPE TABLE HANDLER heap_tableam_handler;"
        "CREATE TABLE public.wide (id int PRIMARY KEY) USING columns;"
        "ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY");
    EXPECT_THAT(blocks(), testing::ElementsAre("source.access_method")) << text_;
    EXPECT_THAT(text_, HasSubstr("public.wide (columns)"));
    EXPECT_THAT(alerts(), Contains("source.row_security_not_carried"));
}

TEST_F(PrecheckTest, RefusesKeylessTablesWhoseOldRowsTheLogDoesNotName) {  // G116
    at_source("CREATE TABLE public.log (line text)");
    spec_.set_replica_identity = false;
    EXPECT_THAT(blocks(), testing::ElementsAre("source.replica_identity"));
}

using PrecheckServers = tests::LiveServers;

TEST_F(PrecheckServers, TellsOfASourceWithRoomForNoSecondSlot) {  // G111
    const auto narrow = servers().postgres(
        {"narrow", 17, {{"max_replication_slots", "1"}, {"max_wal_senders", "2"}}, {}});
    narrow->connect().query("CREATE TABLE public.t (id int PRIMARY KEY)");
    narrow->connect().query("CREATE DATABASE other");
    plan::TaskSpec spec;
    spec.name = "shop";
    spec.source = narrow->endpoint().as_plan();
    spec.destination = narrow->endpoint("other").as_plan();
    // What an earlier process of the task has left behind does not count against it.
    postgres::ConnectOptions leftover;
    leftover.application_name = "cutover_shop";
    leftover.replication = true;
    const auto ghost = postgres::Connection::open(spec.source, leftover);
    std::vector<std::string> found;
    const Report report = check(registry(), spec);
    EXPECT_FALSE(report.blocks());
    for (const Answer& answer : report.answers) {
        for (const model::Finding& finding : answer.findings) {
            found.push_back(finding.code);
        }
    }
    EXPECT_THAT(found, Contains("source.replication_slot_spare"));
}

TEST_F(PrecheckServers, RefusesASourceWhoseLogIsTooPoor) {  // G110, G111
    const auto poor = servers().postgres(
        {"poor", 17, {{"wal_level", "replica"}, {"max_replication_slots", "0"}}, {}});
    poor->connect().query("CREATE TABLE public.t (id int PRIMARY KEY)");
    poor->connect().query("CREATE DATABASE other");
    plan::TaskSpec spec;
    spec.name = "shop";
    spec.source = poor->endpoint().as_plan();
    spec.destination = poor->endpoint("other").as_plan();
    const Report report = check(registry(), spec);
    std::vector<std::string> found;
    for (const Answer& answer : report.answers) {
        for (const model::Finding& finding : answer.findings) {
            found.push_back(finding.code);
        }
    }
    EXPECT_THAT(found, Contains("source.wal_level"));
    EXPECT_THAT(found, Contains("source.max_replication_slots"));
    spec.phases.incremental = false;
    EXPECT_FALSE(check(registry(), spec).blocks());
}

}  // namespace
}  // namespace cutover::precheck
