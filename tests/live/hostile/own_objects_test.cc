// Publications and schemas that have our names and are another's.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/live/hostile/hostile.h"

namespace cutover::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <typename Version>
class OwnObjects : public HostileAt<Version> {
protected:
    void tables() {
        this->at_old(
            "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text);"
            "INSERT INTO app.t SELECT g, 'v' || g FROM generate_series(1, 100) g");
    }
    std::string whole_task() { return this->task("objects: {include: [app]}"); }

    /// The control schema as this version makes it, told by a task that has been run; then it is
    /// gone.
    struct Control {
        std::string comment;
        std::map<std::string, std::vector<std::pair<std::string, std::string>>> tables;
    };
    Control learn_control() {
        const std::string file =
            this->task("phases: [full]\nobjects: {include: [app]}\nconflict: ignore");
        this->at_new("CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY, v text)");
        const Said said = this->run({"migrate", file});
        EXPECT_EQ(said.exit_code, 0) << said.text;
        fixtures::PostgresClient client(this->new_);
        Control out;
        out.comment =
            client.value("SELECT obj_description('cutover'::regnamespace, 'pg_namespace')");
        for (const fixtures::TextRow& row : client.query(
                 "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c"
                 " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
                 " WHERE c.relnamespace = 'cutover'::regnamespace AND c.relkind = 'r'"
                 " ORDER BY 1, a.attnum")) {
            out.tables[*row[0]].emplace_back(*row[1], *row[2]);
        }
        client.query("DROP SCHEMA cutover CASCADE; DROP SCHEMA app CASCADE");
        return out;
    }

    std::string schema_of_eve(const Control& control) {
        return this->harm() + "CREATE SCHEMA cutover; COMMENT ON SCHEMA cutover IS '" +
               control.comment + "';";
    }
    std::string views_of_eve(const Control& control) {
        std::string sql = schema_of_eve(control);
        for (const auto& [table, columns] : control.tables) {
            std::string list;
            for (const auto& [column, type] : columns) {
                list += fmt::format("{}NULL::{} AS \"{}\"", list.empty() ? "" : ", ", type, column);
            }
            sql +=
                fmt::format("CREATE VIEW cutover.{} AS SELECT {} WHERE eve.harm();", table, list);
        }
        return sql;
    }
    std::string tables_of_eve(const Control& control) {
        std::string sql = schema_of_eve(control);
        for (const auto& [table, columns] : control.tables) {
            std::string list;
            for (const auto& [column, type] : columns) {
                list += fmt::format("{}\"{}\" {}", list.empty() ? "" : ", ", column, type);
            }
            sql += fmt::format(
                "CREATE TABLE cutover.{0} ({1}); CREATE TRIGGER harmful BEFORE INSERT ON "
                "cutover.{0} FOR EACH ROW EXECUTE FUNCTION eve.harmful();"
                "ALTER TABLE cutover.{0} ENABLE ALWAYS TRIGGER harmful;",
                table, list);
        }
        return sql;
    }
    /// No command acts on what eve has made, and each says whose it is.
    void expect_every_command_refuses(const std::string& file, const std::string& named) {
        const std::vector<std::pair<std::vector<std::string>, int>> commands = {
            {{"precheck", file}, 1},         {{"migrate", file}, 13}, {{"status", file}, 13},
            {{"verify", file}, 2},  // the table is missing, and a task may be about to bring it
            {{"verify", file, "--live"}, 1}, {{"pause", file}, 13},   {{"finish", file}, 13},
            {{"release", file}, 13}};
        for (const auto& [command, exit_code] : commands) {
            const Said said = this->run(command);
            EXPECT_THAT(said.text, AllOf(HasSubstr(named), HasSubstr(this->eve()))) << command[0];
            EXPECT_EQ(said.exit_code, exit_code) << command[0] << ": " << said.text;
            EXPECT_FALSE(this->eve_has_risen()) << command[0];
        }
    }
};

TYPED_TEST_SUITE(OwnObjects, Versions);

TYPED_TEST(OwnObjects, APublicationThatAnotherRoleMadeIsRefused) {
    this->tables();
    this->eve_at_old(
        "CREATE TABLE eve.t (id int); CREATE PUBLICATION cutover_bad_input;"
        "COMMENT ON PUBLICATION cutover_bad_input IS '[{\"schema\":\"eve\",\"table\":\"t\","
        "\"identity\":\"DEFAULT; ALTER ROLE \\\"" +
        this->eve() + "\\\" SUPERUSER\"}]'");
    const std::string file = this->whole_task();
    const Said precheck = this->run({"precheck", file});
    EXPECT_EQ(precheck.exit_code, 1) << precheck.text;
    const Said migrate = this->run({"migrate", file});
    EXPECT_EQ(migrate.exit_code, 13) << migrate.text;
    for (const Said& said : {precheck, migrate}) {
        EXPECT_THAT(said.text, AllOf(HasSubstr("cutover_bad_input"), HasSubstr(this->eve())));
    }
    EXPECT_FALSE(this->eve_has_risen());
    EXPECT_EQ(this->connect().value("SELECT count(*) FROM pg_publication"), "1");
}

TYPED_TEST(OwnObjects, ACommentThatIsNotOursIsRefusedWhoeverMadeIt) {
    this->tables();
    this->at_old(
        "CREATE PUBLICATION cutover_bad_input; COMMENT ON PUBLICATION cutover_bad_input IS "
        "'[{\"schema\":\"app\",\"table\":\"t\",\"identity\":\"DEFAULT; SELECT 1\"}]'");
    const Said said = this->run({"migrate", this->whole_task()});
    EXPECT_EQ(said.exit_code, 13) << said.text;
    EXPECT_THAT(said.text, HasSubstr("cutover_bad_input"));
}

TYPED_TEST(OwnObjects, ViewsInPlaceOfTheControlTablesAreNotRead) {
    this->tables();
    const auto control = this->learn_control();
    this->eve_at_new(this->views_of_eve(control));
    this->expect_every_command_refuses(this->whole_task(), "schema 'cutover'");
}

TYPED_TEST(OwnObjects, ControlTablesOfAnotherRoleAreNotWritten) {
    this->tables();
    const auto control = this->learn_control();
    this->eve_at_new(this->tables_of_eve(control));
    this->expect_every_command_refuses(this->whole_task(), "schema 'cutover'");
}

/// Taken for ours, it would let a cutover go on behind no fence at all.
TYPED_TEST(OwnObjects, AFenceSchemaOfAnotherRoleIsNoFence) {
    this->tables();
    const std::string file = this->whole_task();
    RunningProgram migrate = this->program_.start({"migrate", file});
    ASSERT_TRUE(migrate.wait_for("phase incremental")) << migrate.text();
    this->eve_at_old(
        "CREATE SCHEMA cutover_fence_bad_input; CREATE FUNCTION cutover_fence_bad_input.refuse() "
        "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$");
    const Said refused = this->run({"finish", file, "--fence-source"});
    EXPECT_EQ(refused.exit_code, 13) << refused.text;
    const Said ended = migrate.wait();
    EXPECT_EQ(ended.exit_code, 13) << ended.text;
    EXPECT_THAT(ended.text, AllOf(HasSubstr("cutover_fence_bad_input"), HasSubstr(this->eve())));
    EXPECT_EQ(this->connect().value("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "0");
    this->eve_at_old("DROP SCHEMA cutover_fence_bad_input CASCADE");
    RunningProgram again = this->program_.start({"migrate", file});
    ASSERT_TRUE(again.wait_for("phase incremental")) << again.text();
    const Said finish = this->run({"finish", file, "--fence-source"});
    EXPECT_EQ(finish.exit_code, 0) << finish.text << again.text();
    EXPECT_EQ(this->run({"release", file}).exit_code, 0);
}

/// The schema is ours; somebody has let her make triggers on what is in it.
TYPED_TEST(OwnObjects, ATriggerOnAControlTableIsRefused) {
    this->tables();
    const std::string file = this->task("phases: [schema, full]\nobjects: {include: [app]}");
    ASSERT_EQ(this->run({"migrate", file}).exit_code, 0);
    this->eve_at_new(this->harm());
    this->at_new(
        fmt::format("GRANT USAGE ON SCHEMA cutover TO \"{0}\"; GRANT TRIGGER ON ALL TABLES IN "
                    "SCHEMA cutover TO "
                    "\"{0}\"",
                    this->eve()));
    this->eve_at_new(
        "CREATE TRIGGER harmful BEFORE DELETE ON cutover.task FOR EACH ROW EXECUTE FUNCTION "
        "eve.harmful()");
    for (const char* command : {"status", "release"}) {
        const Said said = this->run({command, file});
        EXPECT_EQ(said.exit_code, 13) << said.text;
        EXPECT_THAT(said.text, AllOf(HasSubstr("harmful"), HasSubstr("cutover.task")));
    }
    EXPECT_FALSE(this->eve_has_risen());
}

}  // namespace
}  // namespace cutover::tests
