// The precheck against real servers: each question is seen to pass and to fail.
#include "migrator/precheck/precheck.h"

#include <gmock/gmock.h>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/flow/thread_runtime.h"
#include "tests/live/precheck/precheck_fixture.h"

namespace cutover::precheck {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(PrecheckTest, LetsAHealthyPairPass) {
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    EXPECT_THAT(text_, HasSubstr("\nGO: "));
    EXPECT_THAT(text_, HasSubstr("PostgreSQL 17"));
    EXPECT_THAT(text_, Not(HasSubstr(".superuser")));
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

/// Base types are the superuser's.
constexpr const char* kBaseType = R"(
CREATE TYPE app.blob; CREATE FUNCTION app.blob_in(cstring) RETURNS app.blob STRICT IMMUTABLE LANGUAGE internal AS 'textin';
CREATE FUNCTION app.blob_out(app.blob) RETURNS cstring STRICT IMMUTABLE LANGUAGE internal AS 'textout';
CREATE TYPE app.blob (input = app.blob_in, output = app.blob_out, like = text);
)";

constexpr const char* kNeeding = R"(
CREATE EXTENSION citext; CREATE EXTENSION "uuid-ossp";
CREATE FUNCTION app.positive(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0';
CREATE FUNCTION app.short(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN left($1, 3);
CREATE FUNCTION app.twice(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1 * 2;
CREATE FUNCTION app.unused(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1;
CREATE COLLATION app.french (locale = 'fr-FR-x-icu', provider = icu);
CREATE DOMAIN app.count AS int CHECK (app.positive(VALUE));
CREATE TYPE app.span AS RANGE (subtype = int4);
CREATE TABLE app.a (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name citext UNIQUE, n app.count,
    label text COLLATE app.french, double int GENERATED ALWAYS AS (app.twice(3)) STORED, blobs app.blob[],
    s app.span, CHECK (s <> app.span(1, 2)));
CREATE INDEX by_label ON app.a (app.short(label));
CREATE TABLE app.b (id int PRIMARY KEY, n int CHECK (app.positive(n)));
)";

TEST_F(PrecheckTest, NamesAllThatTheDefinitionsAreMadeOfAtOnce) {
    at_source("CREATE SCHEMA app");
    strong_at_source(kBaseType);
    at_source(kNeeding);
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.needed_objects")) << text_;
    for (const char* named :
         {"extension citext in schema public", "type public.citext (column app.a.name)",
          "extension uuid-ossp in schema public",
          "function public.uuid_generate_v4() (default of app.a.id)",
          "function app.positive(integer) (check b_n_check of app.b and 1 more)",
          "function app.short(pg_catalog.text) (index by_label of app.a)",
          "function app.twice(integer) (generated column app.a.double)",
          "collation app.french (column app.a.label and 1 more)",
          "type app.blob (column app.a.blobs)"}) {
        EXPECT_THAT(text_, HasSubstr(named));
    }
    EXPECT_THAT(text_, Not(HasSubstr("app.unused(integer) (")));
    EXPECT_THAT(text_, Not(HasSubstr("function app.span")));
}

TEST_F(PrecheckTest, AsksForNothingThatIsLeftOutOrThereAlready) {
    at_source("CREATE SCHEMA app");
    strong_at_source(kBaseType);
    at_source(kNeeding);
    spec_.objects.exclude = {"app.b"};
    spec_.mapping.excluded_columns[{"app", "a"}] = {"name", "n", "label", "double", "blobs"};
    spec_.mapping.schemas = {{"app", "app2"}};
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.needed_objects")) << text_;
    // The domain is carried, whether or not a column of it is.
    EXPECT_THAT(text_,
                HasSubstr("not at the destination: extension uuid-ossp in schema public with "
                          "function public.uuid_generate_v4() (default of app.a.id); "
                          "function app.positive(integer) (type app.count)\n"));
    at_destination(
        "CREATE EXTENSION \"uuid-ossp\"; CREATE SCHEMA app; CREATE FUNCTION app.positive(int) "
        "RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 > 0");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

TEST_F(PrecheckTest, TakesWhatIsNeededFromWhereItIsAtTheDestination) {
    at_source("CREATE SCHEMA app");
    strong_at_source(kBaseType);
    at_source(kNeeding);
    at_destination(
        "CREATE SCHEMA app; CREATE EXTENSION citext; CREATE EXTENSION \"uuid-ossp\" SCHEMA app;"
        "CREATE FUNCTION app.positive(int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 > 0;"
        "CREATE FUNCTION app.short(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN left($1, 3);"
        "CREATE FUNCTION app.twice(bigint) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1;"
        "CREATE COLLATION app.french (locale = 'fr-FR-x-icu', provider = icu);"
        "CREATE DOMAIN app.blob AS text");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.needed_objects")) << text_;
    // An extension in another schema, and a function of other arguments, are not what is meant.
    EXPECT_THAT(text_,
                HasSubstr("not at the destination: extension uuid-ossp in schema public with "
                          "function public.uuid_generate_v4() (default of app.a.id); function "
                          "app.twice(integer) (generated column app.a.double)\n"));
}

/// Such a function cannot be there before the type is, which the schema phase would make.
TEST_F(PrecheckTest, LetsTheTypesOfANeededFunctionBeMadeBefore) {
    at_source(
        "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('sad'); CREATE SCHEMA tools;"
        "CREATE FUNCTION tools.fits(app.mood) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN true;"
        "CREATE TABLE app.t (id int PRIMARY KEY, m app.mood CHECK (tools.fits(m)))");
    spec_.mapping.schemas = {{"app", "shop"}};
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.needed_objects")) << text_;
    at_destination(
        "CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('sad'); CREATE SCHEMA tools;"
        "CREATE FUNCTION tools.fits(shop.mood) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN true");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.object_exists")) << text_;
    spec_.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

TEST_F(PrecheckTest, TellsOfFunctionsThatRelyOnSearchPath) {
    at_source(
        "CREATE TABLE public.limits (most int);"
        "CREATE FUNCTION public.below(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 < "
        "most FROM limits';"
        "CREATE FUNCTION public.bound(int) RETURNS boolean IMMUTABLE LANGUAGE sql SET search_path "
        "= "
        "public AS 'SELECT $1 < most FROM limits';"
        "CREATE FUNCTION public.named(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 < "
        "most FROM public.limits';"
        "CREATE TABLE public.t (id int PRIMARY KEY, a int CHECK (public.below(a)), b int CHECK "
        "(public.bound(b)), c int CHECK (public.named(c)))");
    EXPECT_THAT(alerts(), Contains("source.function_search_path")) << text_;
    EXPECT_THAT(text_, HasSubstr("function public.below(integer) (check t_a_check of public.t) "
                                 "names limits\n"));
    at_source("ALTER FUNCTION public.below(int) SET search_path = public");
    EXPECT_THAT(alerts(), Not(Contains("source.function_search_path"))) << text_;
}

/// What no list of ours foresees, the server says itself.
TEST_F(PrecheckTest, TriesTheSchemaAndLeavesNothingOfIt) {
    at_source(
        "CREATE TYPE public.mood AS ENUM ('sad'); CREATE TABLE public.t (id int PRIMARY KEY, m "
        "public.mood); CREATE INDEX taken ON public.orders (note);"
        "CREATE TABLE public.child (id int PRIMARY KEY REFERENCES public.t)");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    EXPECT_EQ(
        fixtures::PostgresClient(destination_)
            .value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
        "0");
    at_destination(
        "CREATE TYPE public.mood AS ENUM ('other'); CREATE VIEW public.child AS SELECT 1;"
        "CREATE SEQUENCE public.taken");
    EXPECT_THAT(blocks(),
                testing::ElementsAre("destination.object_exists", "destination.object_exists",
                                     "destination.object_exists"))
        << text_;
    for (const char* object : {"type public.mood", "table public.child", "index public.taken"}) {
        EXPECT_THAT(text_, HasSubstr(object));
    }
}

TEST_F(PrecheckTest, TellsOnceWhatFollowsFromOneComplaint) {
    at_source(
        "CREATE TYPE public.pair AS (a int, b int);"
        "CREATE TABLE public.t (id int PRIMARY KEY, p public.pair); CREATE INDEX ON public.t (p);"
        "CREATE TABLE public.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE TABLE public.part PARTITION OF public.parts DEFAULT;"
        "CREATE TABLE public.child (id int PRIMARY KEY REFERENCES public.parts)");
    at_destination("CREATE VIEW public.parts AS SELECT 1");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.object_exists")) << text_;
}

TEST_F(PrecheckTest, TellsOfAnEncodingThatHasNoPlaceForEveryCharacter) {
    const std::string narrow = "narrow_" + destination_.database;
    server().connect().query("CREATE DATABASE " + narrow +
                             " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    spec_.destination = tests::make_destination_account(server(), narrow).as_plan();
    EXPECT_THAT(alerts(), Contains("types.encoding")) << text_;
    EXPECT_THAT(blocks(), IsEmpty());
    // What is in the catalog can be tried.
    at_source("CREATE TYPE public.price AS ENUM ('free', '5 \u20ac')");
    at_source("CREATE TABLE public.t (id int PRIMARY KEY, p public.price)");
    EXPECT_THAT(blocks(), Contains("destination.schema_step")) << text_;
    EXPECT_THAT(text_, HasSubstr("type public.price"));
    server().connect().query("DROP DATABASE " + narrow + " WITH (FORCE)");
    tests::drop_accounts(server(), narrow);
}

TEST_F(PrecheckTest, TellsOfASlotAndAPublicationOfOthersInTheWay) {
    strong_at_source("SELECT pg_create_physical_replication_slot('cutover_shop')");
    EXPECT_THAT(blocks(), testing::ElementsAre("source.slot_foreign")) << text_;
    strong_at_source("SELECT pg_drop_replication_slot('cutover_shop')");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    fixtures::PostgresClient(accounts().mover)
        .query(
            "CREATE PUBLICATION cutover_shop; COMMENT ON PUBLICATION cutover_shop IS "
            "'[{\"destination\": \"elsewhere:5432/shop\"}]'");
    EXPECT_THAT(blocks(), testing::ElementsAre("source.capture_of_another")) << text_;
    EXPECT_THAT(text_, HasSubstr("elsewhere:5432/shop"));
}

TEST_F(PrecheckTest, RefusesAControlSchemaThatIsNotOurs) {
    at_destination("CREATE SCHEMA cutover");
    EXPECT_THAT(blocks(), testing::ElementsAre("connectivity.destination")) << text_;
    EXPECT_THAT(text_, HasSubstr("control.schema_foreign"));
}

/// A warning comes at the start of each session: it is a finding, once, and nothing on the screen.
TEST_F(PrecheckTest, TellsOfACollationThatHasChangedAndPrintsNoWarningOfTheServer) {
    strong_at_source(
        "UPDATE pg_database SET datcollversion = '1.0' WHERE datname = current_database()");
    testing::internal::CaptureStderr();
    EXPECT_THAT(alerts(), Contains("source.collation_version"));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(text_, HasSubstr("was made with version 1.0"));
    EXPECT_THAT(alerts(), Not(Contains("destination.collation_version")));
}

TEST_F(PrecheckTest, KnowsATaskThatHasBeenStarted) {
    flow::ThreadRuntime runtime;
    const auto sink = postgres::make_sink(runtime, spec_);
    at_destination("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.table_exists")) << text_;
    const auto control = sink->open_control();
    const auto planned =
        route::PostgresToPostgres().plan(spec_, postgres::make_inspector(spec_.source)->catalog({}),
                                         postgres::make_inspector(spec_.destination)->catalog({}));
    control->claim(spec_.name, planned.plan.fingerprint);
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    spec_.objects.exclude = {"public.orders"};
    at_source("CREATE TABLE public.instead (id int PRIMARY KEY)");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    EXPECT_THAT(text_, HasSubstr("task.corrected"));
    at_destination("UPDATE cutover.task SET phase = 'full'");
    EXPECT_THAT(blocks(), testing::ElementsAre("task.changed")) << text_;
    control->release(spec_.name);
}

TEST_F(PrecheckTest, RefusesTablesThatAreNoHeapsAndTellsOfRowSecurity) {
    strong_at_source("CREATE ACCESS METHOD columns TYPE TABLE HANDLER heap_tableam_handler");
    at_source(
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
    const tests::SourceAccounts accounts = tests::make_source_database(*narrow, "shop");
    fixtures::PostgresClient(accounts.application)
        .query("CREATE TABLE public.t (id int PRIMARY KEY)");
    plan::TaskSpec spec;
    spec.name = "shop";
    spec.source = accounts.mover.as_plan();
    spec.destination = tests::make_destination_database(*narrow, "other").as_plan();
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
    const tests::SourceAccounts accounts = tests::make_source_database(*poor, "shop");
    fixtures::PostgresClient(accounts.application)
        .query("CREATE TABLE public.t (id int PRIMARY KEY)");
    plan::TaskSpec spec;
    spec.name = "shop";
    spec.source = accounts.mover.as_plan();
    spec.destination = tests::make_destination_database(*poor, "other").as_plan();
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
