// A table that was planned and a view that is read in its place.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "tests/live/hostile/hostile.h"

namespace cutover::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kJewels = "crown jewels";

template <typename Version>
class Exchanged : public HostileAt<Version> {
protected:
    /// A large table that keeps a throttled reader busy, and a small one that is eve's.
    void tables() {
        this->at_old(fmt::format(
            "CREATE SCHEMA app; CREATE TABLE app.big (id int PRIMARY KEY, v text);"
            "INSERT INTO app.big SELECT g, repeat('v', 100) FROM generate_series(1, 20000) g;"
            "CREATE SCHEMA secret; CREATE TABLE secret.s AS SELECT '{}'::text AS v; ANALYZE",
            kJewels));
        this->eve_at_old(
            "CREATE TABLE eve.small (id int PRIMARY KEY, v text);"
            "INSERT INTO eve.small VALUES (1, 'mine')");
    }
    /// Whoever reads eve.small now reads secret.s with the reader's own rights.
    void exchange() {
        this->eve_at_old(
            "BEGIN; ALTER TABLE eve.small RENAME TO smaller;"
            "CREATE FUNCTION eve.peek() RETURNS text LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN (SELECT v FROM secret.s); END $$;"
            "CREATE VIEW eve.small AS SELECT 1 AS id, eve.peek() AS v, '(0,1)'::tid AS ctid; "
            "COMMIT");
    }
    void wait_until_big_is_read(const std::string& application) {
        const std::string reading = fmt::format(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '{}%'"
            " AND query LIKE 'COPY %big%'",
            application);
        for (int look = 0; this->connect().value(reading) == "0" && look < 3000; ++look) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
};

TYPED_TEST_SUITE(Exchanged, Versions);

TYPED_TEST(Exchanged, AViewThatTookATablesPlaceIsNotCopied) {
    this->tables();
    const std::string file = this->task(
        "phases: [schema, full]\nobjects: {include: [app, eve]}\n"
        "limits: {workers: 1, full: {rows_per_second: 4000}}");
    RunningProgram migrate = this->program_.start({"migrate", file});
    this->wait_until_big_is_read("cutover_bad_input reader");
    this->exchange();
    const Said said = migrate.wait();
    EXPECT_EQ(said.exit_code, 13) << said.text;
    EXPECT_THAT(said.text, HasSubstr("table.exchanged"));
    EXPECT_THAT(said.text, HasSubstr("eve.small"));
    EXPECT_EQ(this->of_new("SELECT count(*) FROM eve.small"), "0");
}

TYPED_TEST(Exchanged, AViewThatTookATablesPlaceIsNotJudged) {
    this->tables();
    const std::string file = this->task("phases: [schema, full]\nobjects: {include: [app, eve]}");
    ASSERT_EQ(this->run({"migrate", file}).exit_code, 0);
    RunningProgram verify =
        this->program_.start({"verify", file, "--no-schema", "--rows-per-second", "4000"});
    this->wait_until_big_is_read("cutover verify");
    this->exchange();
    const Said said = verify.wait();
    EXPECT_NE(said.exit_code, 0);
    EXPECT_THAT(said.text, HasSubstr("not the table that was planned"));
    EXPECT_THAT(said.text, Not(HasSubstr(kJewels)));
}

/// Whoever waits for a lock looks the name up again when it is given.
TYPED_TEST(Exchanged, AViewThatTookASequencesPlaceIsNotRead) {
    this->tables();
    this->eve_at_old(
        "CREATE SEQUENCE eve.numbers; CREATE FUNCTION eve.tell() RETURNS boolean LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION '%', (SELECT v FROM secret.s); END $$");
    fixtures::PostgresClient holder(this->old_as_eve());
    holder.query(
        "BEGIN; ALTER SEQUENCE eve.numbers RENAME TO others;"
        "CREATE VIEW eve.numbers AS SELECT 1::bigint AS last_value, eve.tell() AS is_called");
    const std::string file = this->task("objects: {include: [app, eve]}");
    RunningProgram precheck = this->program_.start({"precheck", file});
    for (int look = 0;
         this->connect().value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" &&
         look < 3000;
         ++look) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    holder.query("COMMIT");
    const Said said = precheck.wait();
    EXPECT_NE(said.exit_code, -1);
    EXPECT_THAT(said.text, Not(HasSubstr(kJewels)));
}

}  // namespace
}  // namespace cutover::tests
