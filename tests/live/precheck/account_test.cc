// What the precheck says of the accounts that it is given: rights that are missing, a superuser.
#include <gmock/gmock.h>

#include "migrator/flow/thread_runtime.h"
#include "tests/live/precheck/precheck_fixture.h"

namespace cutover::precheck {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(PrecheckTest, AlertsOfASuperuserAtEitherEnd) {
    spec_.source = endpoint().as_plan();
    EXPECT_THAT(alerts(), Contains("source.superuser")) << text_;
    EXPECT_THAT(text_, Not(HasSubstr("destination.superuser")));
    spec_.source = accounts().mover.as_plan();
    spec_.destination = server().endpoint(destination_.database).as_plan();
    EXPECT_THAT(alerts(), Contains("destination.superuser")) << text_;
    EXPECT_THAT(text_, Not(HasSubstr("source.superuser")));
}

TEST_F(PrecheckTest, NamesTheRightsThatAreMissing) {  // G206
    strong_at_source("CREATE ROLE weak LOGIN PASSWORD 'weak'");
    at_source("CREATE SEQUENCE public.numbers");
    spec_.source = endpoint().as_user("weak", "weak").as_plan();
    const std::vector<std::string> found = blocks();
    EXPECT_THAT(found, Contains("source.privilege_select")) << text_;
    EXPECT_THAT(found, Contains("source.privilege_replication"));
    EXPECT_THAT(found, Contains("source.privilege_sequence"));
    strong_at_source("DROP ROLE weak");
}

TEST_F(PrecheckTest, AsksNothingOfDestinationTablesThatAreNotItsOwn) {
    strong_at_destination("CREATE TABLE public.of_others (a int)");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    strong_at_destination("CREATE TABLE public.orders (id int PRIMARY KEY, note text)");
    spec_.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(blocks(), Contains("destination.privilege_write")) << text_;
}

/// The account of README step 1: it may create schemas in its database, no more.
class PrecheckAccount : public PrecheckTest {
protected:
    void SetUp() override {
        PrecheckTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        user_ = "mover_" + destination_.database;
        strong_at_destination("CREATE ROLE " + user_ +
                              " LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE " +
                              destination_.database + " TO " + user_);
        spec_.destination = destination_.as_user(user_, "x").as_plan();
    }
    void TearDown() override {
        if (!user_.empty()) {
            strong_at_destination("DROP OWNED BY " + user_ + "; DROP ROLE " + user_);
        }
        PrecheckTest::TearDown();
    }

    std::string user_;
};

TEST_F(PrecheckAccount, AsksForEachSchemaThatIsThereAlready) {
    at_source(
        "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY);"
        "CREATE SCHEMA fresh; CREATE TABLE fresh.t (id int PRIMARY KEY)");
    strong_at_destination("CREATE SCHEMA app");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.privilege_schema")) << text_;
    EXPECT_THAT(text_, HasSubstr("GRANT USAGE, CREATE ON SCHEMA app, public TO " + user_));
    strong_at_destination("GRANT CREATE, USAGE ON SCHEMA app, public TO " + user_);
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    spec_.phases.schema = false;
    EXPECT_THAT(blocks(), Not(Contains("destination.privilege_schema"))) << text_;
}

TEST_F(PrecheckAccount, AsksForTemporaryTablesAndForTheTablesItAddsKeysTo) {
    strong_at_destination("GRANT ALL ON SCHEMA public TO " + user_ +
                          "; REVOKE TEMPORARY ON DATABASE " + destination_.database +
                          " FROM PUBLIC");
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.privilege_temporary")) << text_;
    strong_at_destination("GRANT TEMPORARY ON DATABASE " + destination_.database + " TO " + user_ +
                          "; CREATE TABLE public.orders (id int PRIMARY KEY, note text);"
                          "GRANT ALL ON public.orders TO " +
                          user_);
    spec_.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.privilege_owner")) << text_;
    strong_at_destination("ALTER TABLE public.orders OWNER TO " + user_);
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

/// It is held to foreign keys, which are triggers; the recheck of a deferrable key is none of
/// those.
TEST_F(PrecheckAccount, TellsOfForeignKeysThatItWouldBeHeldTo) {
    strong_at_destination(
        "CREATE TABLE public.orders (id int PRIMARY KEY, note text UNIQUE DEFERRABLE);"
        "GRANT ALL ON SCHEMA public TO " +
        user_ + "; ALTER TABLE public.orders OWNER TO " + user_);
    spec_.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
    strong_at_destination(
        "CREATE TABLE public.child (id int REFERENCES public.orders);"
        "ALTER TABLE public.child OWNER TO " +
        user_);
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.foreign_keys")) << text_;
    spec_.phases.incremental = false;
    EXPECT_THAT(blocks(), testing::ElementsAre("destination.foreign_keys")) << text_;
    spec_.phases.full = false;
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

TEST_F(PrecheckAccount, CannotStartWhereTheControlSchemaIsNotForIt) {
    strong_at_destination("GRANT ALL ON SCHEMA public TO " + user_);
    flow::ThreadRuntime runtime;
    plan::TaskSpec other = spec_;
    other.name = "other";
    other.destination = destination_.as_plan();
    const auto sink = postgres::make_sink(runtime, other);
    const auto control = sink->open_control();
    control->claim("other", "fingerprint");
    EXPECT_THAT(blocks(), testing::ElementsAre("connectivity.destination")) << text_;
    control->release("other");
    EXPECT_THAT(blocks(), IsEmpty()) << text_;
}

TEST_F(PrecheckAccount, DoesNotSendItToTheOwnerWhereTheOwnerIsHeldToPolicies) {
    at_source("ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY");
    const std::string reader = "reader_" + endpoint().database;
    strong_at_source("CREATE ROLE " + reader +
                     " LOGIN REPLICATION PASSWORD 'x'; GRANT SELECT ON ALL TABLES "
                     "IN SCHEMA public TO " +
                     reader);
    spec_.source = endpoint().as_user(reader, "x").as_plan();
    EXPECT_THAT(blocks(), Contains("source.row_security")) << text_;
    EXPECT_THAT(text_, HasSubstr("BYPASSRLS, or the tables' owner"));
    at_source("ALTER TABLE public.orders FORCE ROW LEVEL SECURITY");
    blocks();
    EXPECT_THAT(text_, HasSubstr("the owner's is not enough, since public.orders holds the owner"));
    EXPECT_THAT(text_, Not(HasSubstr("or the tables' owner")));
    strong_at_source("DROP OWNED BY " + reader + "; DROP ROLE " + reader);
}

}  // namespace
}  // namespace cutover::precheck
