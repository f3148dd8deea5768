// Ends that cannot be used: each is refused at the start with object, value and remedy, and nothing
// is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include "fixtures/server/certificate.h"
#include "tests/support/live_postgres.h"
#include "tests/support/program.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kConnection = 10;

class BadEnds : public LivePostgres {
protected:
    void SetUp() override {
        LivePostgres::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        source_ = accounts().mover;
        destination_ = make_destination("destination");
        at_source("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    }

    void at_source(const std::string& sql) const {
        fixtures::PostgresClient(accounts().application).query(sql);
    }
    /// What `migrate` says; whatever it is, no password is in it and nothing is left at either end.
    Said migrate(const std::string& more = "") {
        const Said said = program_.run({"migrate", program_.task(source_, destination_, more)});
        EXPECT_THAT(said.text, Not(HasSubstr(source_.password)));
        EXPECT_THAT(said.text, Not(HasSubstr(destination_.password)));
        auto source = connect();
        EXPECT_EQ(
            source.value(
                "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"),
            "0");
        EXPECT_EQ(source.value("SELECT count(*) FROM pg_publication"), "0");
        return said;
    }

    Program program_;
    fixtures::PostgresEndpoint source_;
    fixtures::PostgresEndpoint destination_;
};

TEST_F(BadEnds, AWrongPasswordIsRefused) {
    source_.password = "hunter2";
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("password authentication failed"));
    EXPECT_THAT(said.text, HasSubstr("connectivity.source"));
    EXPECT_THAT(said.text, HasSubstr("correct the endpoint in the task file"));
}

TEST_F(BadEnds, TheEnvironmentDoesNotSayWhereTheEndsAre) {
    program_.set("PGHOSTADDR", "203.0.113.9");
    program_.set("PGSERVICE", "no-such-service");
    program_.set("PGOPTIONS", "-c no.such=setting -c statement_timeout=1");
    const Said said =
        program_.run({"precheck", program_.task(source_, destination_, "phases: [schema, full]")});
    EXPECT_EQ(said.exit_code, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("not used: PGHOSTADDR, PGOPTIONS, PGSERVICE"));
}

TEST_F(BadEnds, APasswordThatTheTaskFileDoesNotNameIsRefused) {
    program_.set("PGPASSWORD", source_.password);
    const std::string file = program_.write(
        "unnamed.yaml", "source: {engine: postgres, host: " + source_.host +
                            ", port: " + std::to_string(source_.port) +
                            ", database: " + source_.database + ", user: " + source_.user +
                            "}\ndestination: {engine: postgres, host: " + source_.host +
                            ", port: " + std::to_string(source_.port) +
                            ", database: other, user: " + source_.user + "}\n");
    const Said said = program_.run({"precheck", file});
    EXPECT_EQ(said.exit_code, 1) << said.text;
    EXPECT_THAT(said.text, HasSubstr("PGPASSWORD is set, and the task file does not name it"));
    EXPECT_THAT(said.text, Not(HasSubstr(source_.password)));
}

TEST_F(BadEnds, AWrongPasswordAtTheDestinationIsRefused) {
    destination_.password = "hunter2";
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("connectivity.destination"));
}

/// At once, not after the hours that a server which is away is waited for. A name service that
/// cannot tell at all makes it a connection error.
TEST_F(BadEnds, AHostThatDoesNotExistIsRefused) {
    source_.host = "no-such-host.invalid";
    addrinfo* found = nullptr;
    const bool told = ::getaddrinfo(source_.host.c_str(), nullptr, nullptr, &found) != EAI_AGAIN;
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, told ? kRefused : kConnection) << said.text;
    EXPECT_THAT(said.text, HasSubstr("no-such-host.invalid"));
}

TEST_F(BadEnds, APortWhereNobodyListensIsAConnectionError) {
    source_.port = 1;
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kConnection) << said.text;
    EXPECT_THAT(said.text, HasSubstr(source_.host + ":1/"));
}

TEST_F(BadEnds, ADestinationWhereNobodyListensIsAConnectionErrorAfterAWhile) {
    destination_.port = 1;
    const Said said = migrate("retry: {connection_seconds: 3, operation_seconds: 2}");
    EXPECT_EQ(said.exit_code, kConnection) << said.text;
    EXPECT_THAT(said.text, HasSubstr("trying again"));
    EXPECT_THAT(said.text, HasSubstr(destination_.host + ":1/"));
}

TEST_F(BadEnds, ADatabaseThatDoesNotExistIsRefused) {
    source_.database = "no_such_database";
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("no_such_database"));
}

TEST_F(BadEnds, MissingRightsAreNamedOneByOne) {
    connect().query("CREATE ROLE weak_reader LOGIN PASSWORD 'weak-secret'");
    source_ = endpoint().as_user("weak_reader", "weak-secret");
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    for (const char* code :
         {"source.privilege_select", "source.privilege_replication", "source.privilege_owner"}) {
        EXPECT_THAT(said.text, HasSubstr(code));
    }
    EXPECT_THAT(said.text, HasSubstr("GRANT"));
    connect().query("DROP ROLE weak_reader");
}

TEST_F(BadEnds, MissingRightsAtTheDestinationAreNamed) {
    connect().query("CREATE ROLE weak_writer LOGIN PASSWORD 'weak-secret'");
    destination_ = destination_.as_user("weak_writer", "weak-secret");
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("destination.privilege_create"));
    connect().query("DROP ROLE weak_writer");
}

TEST_F(BadEnds, OneDestinationNameForTwoSourcesIsRefused) {
    at_source("CREATE SCHEMA app; CREATE TABLE app.orders (id int PRIMARY KEY)");
    const Said said = migrate("objects: {rename: {schemas: {app: public}}}");
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("mapping.claimed_twice"));
    EXPECT_THAT(said.text, HasSubstr("app.orders"));
}

TEST_F(BadEnds, ATypeThatCannotBeCarriedIsRefused) {
    at_source("ALTER TABLE public.orders ADD COLUMN what regclass");
    const Said said = migrate();
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("public.orders.what"));
    EXPECT_THAT(said.text, HasSubstr("regclass"));
    EXPECT_THAT(said.text, HasSubstr("objects.exclude_columns"));
}

TEST_F(BadEnds, ADestinationTableWithoutASourceColumnIsRefused) {
    fixtures::PostgresClient(destination_).query("CREATE TABLE public.orders (id int PRIMARY KEY)");
    const Said said = migrate("phases: [full, incremental]");
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("public.orders.note"));
    EXPECT_EQ(fixtures::PostgresClient(destination_)
                  .value("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"),
              "0");
}

TEST_F(BadEnds, AFilterThatTheSourceRefusesIsNamed) {
    const Said said = migrate("objects: {filters: {public.orders: 'no_such_column > 1'}}");
    EXPECT_EQ(said.exit_code, kRefused) << said.text;
    EXPECT_THAT(said.text, HasSubstr("no_such_column"));
}

TEST_F(BadEnds, AnUnknownTaskIsRefusedByEveryOperatorCommand) {
    const std::string file = program_.task(source_, destination_);
    for (const char* command : {"status", "pause", "finish", "release"}) {
        const Said said = program_.run({command, file});
        EXPECT_EQ(said.exit_code, kRefused) << said.text;
        EXPECT_THAT(said.text, HasSubstr("there is no task 'bad_input'"));
    }
    EXPECT_EQ(fixtures::PostgresClient(destination_)
                  .value("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"),
              "0");
}

using BadAuthority = LiveServers;

TEST_F(BadAuthority, AServerThatAnotherAuthorityVouchesForIsRefused) {
    const auto server = servers().postgres({"tls", 17, {}, fixtures::TlsUse::required});
    fixtures::PostgresEndpoint source = make_source_database(*server, "source").mover;
    const fixtures::PostgresEndpoint other = make_destination_database(*server, "other");
    Program program;
    const fixtures::CertificateAuthority stranger(program.folder() / "stranger");
    source.tls_ca_file = stranger.file().string();
    const Said said = program.run({"precheck", program.task(source, other)});
    EXPECT_EQ(said.exit_code, 1) << said.text;
    EXPECT_THAT(said.text, HasSubstr("certificate verify failed"));
    const Said migrated = program.run({"migrate", program.task(source, other)});
    EXPECT_EQ(migrated.exit_code, kRefused) << migrated.text;
}

/// All in one piece, before anything is made: with the file corrected for one of them and the
/// destination for the others, the task starts.
TEST_F(BadEnds, WhatTheDefinitionsNeedIsNamedAtOnceAndTheTaskGoesOn) {
    at_source(
        "CREATE EXTENSION citext;"
        "CREATE FUNCTION public.fits(int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 > 0;"
        "CREATE TABLE public.a (id int PRIMARY KEY CHECK (public.fits(id)));"
        "CREATE TABLE public.b (name citext PRIMARY KEY); INSERT INTO public.a VALUES (1)");
    const Said first = migrate("phases: [schema, full]");
    EXPECT_EQ(first.exit_code, kRefused) << first.text;
    EXPECT_THAT(first.text, HasSubstr("extension citext in schema public"));
    EXPECT_THAT(first.text,
                HasSubstr("function public.fits(integer) (check a_id_check of public.a)"));
    fixtures::PostgresClient client(destination_);
    EXPECT_EQ(client.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
    client.query(
        "CREATE FUNCTION public.fits(int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN $1 > 0");
    const Said second =
        migrate("phases: [schema, full]\nobjects: {exclude: [public.b]}\nignore: [tables.keyless]");
    EXPECT_EQ(second.exit_code, 0) << second.text;
    EXPECT_EQ(client.value("SELECT count(*) FROM public.a"), "1");
    EXPECT_THAT(second.text, HasSubstr("completed: 1 rows copied"));
}

}  // namespace
}  // namespace cutover::tests
