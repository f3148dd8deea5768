#include "migrator/precheck/questions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/migrator/precheck/scripted_ends.h"

namespace cutover::precheck {
namespace {

using model::ObjectName;
using model::Severity;
using testing::ElementsAre;
using testing::IsEmpty;

const ObjectName kOrders{"app", "orders"};

/// The codes of findings, each with an exclamation mark if it blocks.
std::vector<std::string> codes(const Findings& findings) {
    std::vector<std::string> found;
    for (const model::Finding& finding : findings) {
        EXPECT_FALSE(finding.object.empty()) << finding.code;
        EXPECT_FALSE(finding.found.empty()) << finding.code;
        EXPECT_FALSE(finding.why.empty()) << finding.code;
        EXPECT_FALSE(finding.remedy.empty()) << finding.code;
        found.push_back(finding.code + (finding.severity == Severity::block ? "!" : ""));
    }
    return found;
}

TEST(Connectivity, NamesTheEndThatDoesNotAnswerWithoutItsSecret) {
    Ends ends;
    ends.facts.source.failure = model::Error(model::ErrorClass::refused, "postgres.connect_refused",
                                             "password authentication failed", "correct it");
    const Findings findings = connectivity(ends.facts);
    EXPECT_THAT(codes(findings), ElementsAre("connectivity.source!"));
    EXPECT_EQ(findings[0].object, "postgres://mover@h:5432/shop");
    EXPECT_NE(findings[0].found.find("password authentication failed"), std::string::npos);
}

TEST(Connectivity, AlertsOfALineThatOthersCanRead) {
    Ends ends;
    ends.facts.source.server.private_line = false;
    const Findings findings = connectivity(ends.facts);
    EXPECT_THAT(codes(findings), ElementsAre("connectivity.source_unencrypted"));
    EXPECT_EQ(findings[0].severity, Severity::alert_ignorable);
}

TEST(Connectivity, RefusesAStandbyThatMustBeWritten) {
    Ends ends;
    ends.facts.source.server.writable = false;
    ends.facts.destination.server.writable = false;
    EXPECT_THAT(codes(connectivity(ends.facts)), ElementsAre("connectivity.destination_read_only!",
                                                             "connectivity.source_read_only!"));
    ends.facts.spec.phases.incremental = false;
    EXPECT_THAT(codes(connectivity(ends.facts)),
                ElementsAre("connectivity.destination_read_only!"));
}

TEST(Connectivity, RefusesOneDatabaseUnderTwoNames) {
    Ends ends;
    EXPECT_THAT(codes(connectivity(ends.facts)), IsEmpty());
    ends.facts.destination.server.system_identifier = "1";
    EXPECT_THAT(codes(connectivity(ends.facts)), ElementsAre("connectivity.one_database!"));
    ends.facts.spec.mapping.schemas = {{"app", "copy"}};
    EXPECT_THAT(codes(connectivity(ends.facts)), IsEmpty());
}

TEST(Versions, WarnsOfAnOlderDestination) {
    Ends ends;
    ends.facts.destination.server.version = 15;
    EXPECT_THAT(codes(versions(ends.facts)), ElementsAre("versions.destination_older"));
}

TEST(Requirements, AreAskedOnlyForThePhaseThatNeedsThem) {
    using Ask = Findings (*)(const Facts&);
    const std::pair<engine::Topic, Ask> asked[] = {
        {engine::Topic::capture_capacity, capture_capacity},
        {engine::Topic::log_retention, log_retention},
        {engine::Topic::replica_identity, replica_identity}};
    for (const auto& [topic, ask] : asked) {
        Ends ends;
        ends.source->needs[{topic, true}] = {Ends::unmet("source.wal_level")};
        EXPECT_THAT(codes(ask(ends.facts)), ElementsAre("source.wal_level!"));
        ends.facts.spec.phases.incremental = false;
        EXPECT_THAT(codes(ask(ends.facts)), IsEmpty());
    }
}

/// What a standby cannot give is asked of a task without a log, too; its engine tells them apart.
TEST(Requirements, OfTheCaptureAreAskedWithoutALogToo) {
    Ends ends;
    ends.source->needs[{engine::Topic::capture_settings, true}] = {Ends::unmet("source.standby")};
    ends.facts.spec.phases.incremental = false;
    EXPECT_THAT(codes(capture_settings(ends.facts)), ElementsAre("source.standby!"));
}

TEST(Requirements, ThatAreMetAreNoFindings) {
    Ends ends;
    engine::Requirement met = Ends::unmet("source.wal_level");
    met.met = true;
    ends.source->needs[{engine::Topic::capture_settings, true}] = {met};
    EXPECT_THAT(codes(capture_settings(ends.facts)), IsEmpty());
}

TEST(CaptureCapacity, IsNotAskedOfATaskThatHasItsPlace) {
    Ends ends;
    ends.source->needs[{engine::Topic::capture_capacity, true}] = {Ends::unmet("source.slots")};
    ends.facts.started = true;
    EXPECT_THAT(codes(capture_capacity(ends.facts)), IsEmpty());
}

TEST(Privileges, AreAskedOfBothEnds) {
    Ends ends;
    ends.source->needs[{engine::Topic::privileges, true}] = {Ends::unmet("source.select")};
    ends.destination->needs[{engine::Topic::privileges, false}] = {
        Ends::unmet("destination.create")};
    EXPECT_THAT(codes(privileges(ends.facts)),
                ElementsAre("source.select!", "destination.create!"));
}

TEST(Selection, RefusesAnEmptyOne) {
    EXPECT_THAT(codes(selection(Ends(std::vector<model::TableSchema>{}).facts)),
                ElementsAre("objects.none!"));
}

TEST(Selection, RefusesNamesThatMeanNothingAndNamesTheNearOne) {
    Ends ends;
    ends.facts.spec.objects.include = {"app", "shop.*"};
    ends.facts.spec.filters = {{{"app", "order"}, "id > 1"}};
    ends.facts.spec.mapping.columns = {{kOrders, {{"nota", "x"}, {"id", "y"}}}};
    const Findings findings = selection(ends.facts);
    EXPECT_THAT(codes(findings), ElementsAre("objects.include_unmatched!",
                                             "objects.no_such_column!", "objects.no_such_table!"));
    EXPECT_EQ(findings[0].object, "shop.*");
    EXPECT_EQ(findings[1].remedy, "did you mean `note`?");
    EXPECT_EQ(findings[2].remedy, "did you mean `app.orders`?");
}

TEST(SameNames, RefusesATableThatIsThereAlready) {  // G31
    Ends ends;
    ends.facts.destination.catalog.tables = {table_schema(kOrders)};
    ends.destination->filled = {kOrders};
    EXPECT_THAT(codes(same_names(ends.facts)), ElementsAre("destination.table_exists!"));
}

TEST(SameNames, IsSatisfiedByANewName) {  // G33
    Ends ends;
    ends.facts.destination.catalog.tables = {table_schema(kOrders)};
    ends.facts.spec.mapping.tables = {{kOrders, {"app", "orders_2"}}};
    ends.replan();
    EXPECT_THAT(codes(same_names(ends.facts)), IsEmpty());
}

TEST(SameNames, OnlyWarnsUnderIgnore) {  // G34
    Ends ends;
    ends.facts.spec.conflict = plan::ConflictRule::ignore;
    ends.facts.destination.catalog.tables = {table_schema(kOrders)};
    ends.destination->filled = {kOrders};
    EXPECT_THAT(codes(same_names(ends.facts)),
                ElementsAre("destination.table_kept", "destination.rows_kept"));
}

TEST(SameNames, WantsTablesThatArePreparedToBeEmpty) {  // G11
    Ends ends;
    ends.facts.spec.phases.schema = false;
    ends.facts.destination.catalog.tables = {table_schema(kOrders)};
    EXPECT_THAT(codes(same_names(ends.facts)), IsEmpty());
    ends.destination->filled = {kOrders};
    EXPECT_THAT(codes(same_names(ends.facts)), ElementsAre("destination.table_not_empty!"));
}

TEST(SameNames, KnowsAResumedTasksOwnTables) {
    Ends ends;
    ends.facts.destination.catalog.tables = {table_schema(kOrders)};
    ends.facts.started = true;
    EXPECT_THAT(codes(same_names(ends.facts)), IsEmpty());
}

TEST(TypesAndNames, ShareWhatTheRouteHasToSay) {
    Ends ends;
    ends.facts.planned->findings = {Ends::unmet("type.unsupported").finding,
                                    Ends::unmet("column.no_counterpart").finding};
    EXPECT_THAT(codes(types(ends.facts)), ElementsAre("type.unsupported!"));
    EXPECT_THAT(codes(names(ends.facts)), ElementsAre("column.no_counterpart!"));
}

TEST(Keys, AlertsOfTablesWithout) {  // G47
    const Findings findings = keys(Ends({table_schema(kOrders, false)}).facts);
    EXPECT_THAT(codes(findings), ElementsAre("tables.keyless"));
    EXPECT_EQ(findings[0].severity, Severity::alert_ignorable);
}

TEST(Keys, RefusesAnotherKeyAtTheDestination) {  // G48
    Ends ends;
    model::TableSchema other = table_schema(kOrders);
    other.keys[0].columns = {0, 1};
    ends.facts.destination.catalog.tables = {other};
    const Findings findings = keys(ends.facts);
    EXPECT_THAT(codes(findings), ElementsAre("keys.differ!"));
    EXPECT_NE(findings[0].found.find("(id), at the destination over (id, note)"),
              std::string::npos);
}

TEST(Keys, ShowsAKeyInItsOwnOrder) {
    model::TableSchema ours = table_schema(kOrders);
    ours.columns[0].name = "zone";
    ours.keys[0].columns = {0, 1};
    Ends ends({ours});
    ends.facts.planned->plan.tables[0].key.columns = {{0, nullptr}, {1, nullptr}};
    model::TableSchema other = table_schema(kOrders);
    other.keys[0].columns = {1, 0};
    ends.facts.destination.catalog.tables = {other};
    const Findings findings = keys(ends.facts);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_NE(findings[0].found.find("(zone, note), at the destination over (note, id)"),
              std::string::npos)
        << findings[0].found;
    other.columns[0].name = "zone";
    ends.facts.destination.catalog.tables = {other};
    EXPECT_TRUE(keys(ends.facts).empty());  // the same columns in another order
}

TEST(Keys, ComparesUnderTheNewNames) {
    Ends ends;
    ends.facts.spec.mapping.columns = {{kOrders, {{"id", "number"}}}};
    ends.replan();
    model::TableSchema renamed = table_schema(kOrders);
    renamed.columns[0].name = "number";
    ends.facts.destination.catalog.tables = {renamed};
    EXPECT_THAT(codes(keys(ends.facts)), IsEmpty());
}

TEST(ObjectKinds, AreListedByTheEngine) {  // G134
    Ends ends;
    ends.source->needs[{engine::Topic::object_kinds, true}] = {
        Ends::unmet("source.not_carried.view")};
    EXPECT_THAT(codes(object_kinds(ends.facts)), ElementsAre("source.not_carried.view!"));
}

TEST(DocumentedLimits, AlertsBelowTheAdvisedFloors) {  // G24, G26
    Ends ends;
    EXPECT_THAT(codes(documented_limits(ends.facts)), IsEmpty());
    ends.facts.spec.retry = {std::chrono::minutes(29), std::chrono::minutes(9)};
    EXPECT_THAT(codes(documented_limits(ends.facts)),
                ElementsAre("retry.connection_short", "retry.operation_short"));
    ends.facts.spec.retry = {std::chrono::minutes(30), std::chrono::minutes(10)};
    EXPECT_THAT(codes(documented_limits(ends.facts)), IsEmpty());
}

TEST(DocumentedLimits, SaysWhatTheRealServiceWouldRefuse) {
    std::vector<model::TableSchema> many;
    for (int at = 0; at < 1001; ++at) {
        many.push_back(table_schema({"app", "t" + std::to_string(at)}));
    }
    Ends ends(std::move(many));
    ends.facts.spec.mapping.tables = {{{"app", "t1"}, {"app", "u1"}}};
    ends.facts.spec.source.database = "my-shop";
    EXPECT_THAT(codes(documented_limits(ends.facts)),
                ElementsAre("service.table_cap", "service.database_name"));  // G109, G108
}

TEST(DocumentedLimits, WarnsThatWritesMustStopWithoutIncremental) {  // G6
    Ends ends;
    ends.facts.spec.phases.incremental = false;
    EXPECT_THAT(codes(documented_limits(ends.facts)), ElementsAre("phases.writes_must_stop"));
}

TEST(DestinationSpace, SaysHowMuchIsNeeded) {  // G210
    const Findings findings = destination_space(Ends().facts);
    ASSERT_THAT(codes(findings), ElementsAre("destination.space"));
    EXPECT_NE(findings[0].found.find("3.0 MB"), std::string::npos);
}

TEST(TaskRecord, RefusesWhatCannotGoOn) {
    Ends ends;
    EXPECT_TRUE(task_record(ends.facts).empty());
    ends.facts.planned->plan.fingerprint = "1;app.a>app.a,i>i:int4;app.b>app.b,i>i:int4";
    ends.facts.record.emplace();
    ends.facts.record->fingerprint = ends.facts.planned->plan.fingerprint;
    EXPECT_TRUE(task_record(ends.facts).empty());
    ends.facts.record->fingerprint = "1;app.a>app.a,i>i:int4;app.c>app.c,i>i:int4";
    EXPECT_THAT(codes(task_record(ends.facts)), ElementsAre("task.corrected"));
    ends.facts.record->phase = engine::TaskPhase::full;
    const Findings findings = task_record(ends.facts);
    EXPECT_THAT(codes(findings), ElementsAre("task.changed!"));
    EXPECT_NE(findings[0].found.find("new tables: app.b"), std::string::npos);
    ends.facts.record->phase = engine::TaskPhase::finished;
    EXPECT_THAT(codes(task_record(ends.facts)), ElementsAre("task.finished!"));
}

/// The destination has a table and is to get another one.
class SchemaTrial : public testing::Test {
protected:
    SchemaTrial() : ends_({table_schema(kOrders), table_schema({"app", "fresh"})}) {
        using plan::SchemaSection;
        ends_.destination->trial.emplace().tried = 3;
        ends_.facts.planned->plan.schema_steps = {
            {"foreign_key:fresh", SchemaSection::foreign_keys, "", "", {}, {"app", "fresh"}},
            {"table:orders", SchemaSection::before_rows, "", "", {}, kOrders},
            {"table:fresh", SchemaSection::before_rows, "", "", {}, {"app", "fresh"}}};
    }
    std::vector<std::string> ask() { return codes(schema_trial(ends_.facts)); }

    Ends ends_;
};

TEST_F(SchemaTrial, TriesInTheOrderOfTheTask) {
    ends_.destination->trial->tried = 3;
    EXPECT_THAT(ask(), testing::IsEmpty());
    EXPECT_THAT(ends_.destination->tried,
                ElementsAre("table:orders", "table:fresh", "foreign_key:fresh"));
}

TEST_F(SchemaTrial, LeavesAloneWhatIsKept) {
    ends_.facts.destination.catalog.tables = {table_schema(kOrders)};
    ask();
    EXPECT_THAT(ends_.destination->tried, ElementsAre("table:fresh"));
}

TEST_F(SchemaTrial, BlocksWhatTheDestinationDoesNotTake) {
    ends_.destination->trial->tried = 3;
    ends_.destination->trial->complaints = {{"table app.fresh", "no such function", "", false},
                                            {"type app.mood", "already exists", "", true}};
    EXPECT_THAT(ask(), ElementsAre("destination.schema_step!", "destination.object_exists!"));
    ends_.facts.spec.conflict = plan::ConflictRule::ignore;
    EXPECT_THAT(ask(), ElementsAre("destination.schema_step!"));
    ends_.destination->trial->complaints.clear();
    ends_.destination->trial->tried = 2;
    EXPECT_THAT(ask(), ElementsAre("destination.schema_tried_in_part"));
}

TEST_F(SchemaTrial, DoesNotTellAgainWhatIsMissing) {
    ends_.destination->trial->complaints = {{"table app.fresh", "no such function", "", false}};
    ends_.destination->needs[{engine::Topic::needed_objects, false}] = {Ends::unmet("x")};
    EXPECT_THAT(ask(), testing::IsEmpty());
    EXPECT_THAT(ends_.destination->tried, testing::IsEmpty());
}

}  // namespace
}  // namespace cutover::precheck
