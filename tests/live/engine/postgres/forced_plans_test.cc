// Every catalog query of ours under plans that the planner might choose one day. A function that
// fails for another kind of object (has_sequence_privilege() of a table) may be called before the
// condition that keeps such objects away, unless the query makes that impossible.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/flow/thread_runtime.h"
#include "tests/support/live_postgres.h"
#include "verify/postgres/catalog.h"
#include "verify/postgres/facts.h"

namespace cutover::postgres {
namespace {

/// Something of every kind that has a row in a catalog we read.
constexpr const char* kEveryKind = R"(
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'happy');
CREATE TYPE app.pair AS (a int, b app.mood);
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TYPE app.span AS RANGE (subtype = int4);
CREATE SEQUENCE app.free;
CREATE TABLE app.everything (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code int UNIQUE DEFERRABLE, note text COLLATE "C",
    moods app.mood[], spans app.span, p app.pair, pos app.positive, at date DEFAULT now(),
    doubled int GENERATED ALWAYS AS (code * 2) STORED, CHECK (code > 0),
    EXCLUDE USING btree (note WITH =));
CREATE INDEX ON app.everything (lower(note)) WHERE code > 1;
CREATE TABLE app.child (id int REFERENCES app.everything (id));
CREATE TABLE app.parts (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE app.part PARTITION OF app.parts DEFAULT;
CREATE TABLE app.heir (more text) INHERITS (app.child);
CREATE VIEW app.seen AS SELECT id FROM app.everything;
CREATE MATERIALIZED VIEW app.kept AS SELECT id FROM app.everything;
CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE app.distant (id int) SERVER away;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE PROCEDURE app.do_it() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int);
CREATE FUNCTION app.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER trig BEFORE INSERT ON app.child FOR EACH ROW EXECUTE FUNCTION app.t();
CREATE RULE softly AS ON DELETE TO app.child DO INSTEAD NOTHING;
CREATE POLICY mine ON app.child USING (true);
CREATE STATISTICS app.both ON code, note FROM app.everything;
CREATE TEXT SEARCH CONFIGURATION app.words (COPY = simple);
CREATE COLLATION app.folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = int4pl);
CREATE PUBLICATION theirs FOR TABLE app.child;
SELECT lo_create(0);
)";

/// What autovacuum does sooner or later, and the reason why the plans change at all.
constexpr const char* kManySequences = R"(
DO $$ BEGIN FOR n IN 1..20 LOOP
    EXECUTE format('CREATE SCHEMA s%s', n);
    EXECUTE format('CREATE TABLE s%s.t (id bigserial PRIMARY KEY, note text)', n);
END LOOP; END $$; ANALYZE;
)";

/// The planner calls the cheapest condition first: in this database, any function of the catalog
/// rather than a comparison.
constexpr const char* kFunctionsFirst = R"(
UPDATE pg_proc SET procost = 0.0001 WHERE provolatile = 's' AND pronamespace = 'pg_catalog'::regnamespace;
UPDATE pg_proc SET procost = 1000 WHERE oid IN (SELECT oprcode FROM pg_operator WHERE oprname IN ('=', '<>', '!~'));
)";

struct Forced {
    const char* name;
    std::vector<const char*> settings;
};

const Forced kForced[] = {
    {"AsItComes", {}},
    {"NoNestedLoops", {"enable_nestloop = off"}},
    {"NestedLoopsOnly", {"enable_hashjoin = off", "enable_mergejoin = off"}},
    {"MergeJoinsOnly", {"enable_hashjoin = off", "enable_nestloop = off"}},
    {"NoIndexes",
     {"enable_indexscan = off", "enable_indexonlyscan = off", "enable_bitmapscan = off"}},
    {"NoTableScans", {"enable_seqscan = off"}},
    {"InTheOrderWritten", {"join_collapse_limit = 1", "from_collapse_limit = 1"}},
    {"OrderedByChance", {"geqo_threshold = 2", "geqo_effort = 1", "geqo_seed = 0.7"}},
};

class ForcedPlans : public tests::LivePostgres, public testing::WithParamInterface<Forced> {
protected:
    void SetUp() override {
        tests::LivePostgres::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        // Wrappers and the server's own functions are the superuser's.
        auto strong = connect();
        strong.query(
            "CREATE FOREIGN DATA WRAPPER nowhere; GRANT USAGE ON FOREIGN DATA WRAPPER "
            "nowhere TO " +
            fixtures::quoted_name(accounts().application.user));
        strong.query(kFunctionsFirst);
        fixtures::PostgresClient client(accounts().application);
        client.query(kEveryKind);
        client.query(kManySequences);
        for (const char* setting : GetParam().settings) {
            client.query("ALTER DATABASE " + endpoint().database + " SET " + setting);
        }
        spec_.name = "shop";
        spec_.source = accounts().mover.as_plan();
        spec_.destination = spec_.source;
    }

    plan::TaskSpec spec_;
};

TEST_P(ForcedPlans, TheCatalogAndAllThatIsAskedOfAServer) {
    const auto inspector = make_inspector(spec_.source);
    const model::Catalog catalog = inspector->catalog({});
    EXPECT_EQ(catalog.sequences.size(), 22u);
    for (const model::OtherObject& other : catalog.others) {
        EXPECT_NE(other.kind, "unreadable sequence") << other.name.display();
    }
    using engine::Topic;
    for (const Topic topic :
         {Topic::version, Topic::capture_settings, Topic::capture_capacity, Topic::log_retention,
          Topic::privileges, Topic::filters, Topic::replica_identity, Topic::object_kinds,
          Topic::needed_objects}) {
        EXPECT_NO_THROW(inspector->requirements(topic, spec_, catalog, true));
        EXPECT_NO_THROW(inspector->requirements(topic, spec_, catalog, false));
    }
    std::vector<model::ObjectName> tables;
    for (const model::TableSchema& table : catalog.tables) {
        tables.push_back(table.name);
    }
    EXPECT_NO_THROW(inspector->non_empty(tables));
}

TEST_P(ForcedPlans, WhatTheJudgeReadsOfTheCatalog) {
    Connection connection = Connection::open(spec_.source, {});
    verify::FactScope scope;
    for (const verify::TableShape& table : verify::read_postgres_tables(connection, nullptr)) {
        scope.tables.push_back(table.name);
    }
    EXPECT_GT(scope.tables.size(), 20u);
    scope.sequences = verify::read_postgres_sequences(connection);
    EXPECT_FALSE(verify::read_postgres_facts(connection, scope, nullptr).empty());
    EXPECT_NO_THROW(verify::read_postgres_left_out(connection));
    EXPECT_NO_THROW(verify::read_postgres_beside_tables(connection));
}

TEST_P(ForcedPlans, WhatACaptureAndACutoverAskOfIt) {
    flow::ThreadRuntime runtime;
    const auto inspector = make_inspector(spec_.source);
    const model::Catalog catalog = inspector->catalog({});
    plan::Plan plan;
    plan.spec = spec_;
    for (const model::TableSchema& table : catalog.tables) {
        if (!table.partition_key) {
            plan::TablePlan planned;
            planned.index = static_cast<model::TableIndex>(plan.tables.size());
            planned.source = planned.destination = table.name;
            planned.schema = table;
            planned.sets_replica_identity = table.primary_key() == nullptr;
            plan.tables.push_back(planned);
        }
    }
    for (const model::SequenceSchema& sequence : catalog.sequences) {
        plan.sequences.push_back({sequence.name, sequence.name,
                                  sequence.owned_by_table.value_or(model::ObjectName{}),
                                  sequence.owned_by_column});
    }
    const auto source = make_source(runtime, spec_);
    const engine::CaptureOrigin origin = source->create_capture(plan);
    EXPECT_NO_THROW(source->auxiliary_objects(plan));
    EXPECT_NO_THROW(source->verify_capture(origin, origin.start));
    const auto values = source->sequences(plan);
    EXPECT_EQ(values.size(), plan.sequences.size());
    // The tables of this one database are there already, with triggers and foreign keys.
    tests::grant_replication_role(server(), accounts().mover);
    const auto sink = make_sink(runtime, spec_);
    {
        const auto control = sink->open_control();
        control->claim(spec_.name, "fingerprint");
        EXPECT_NO_THROW(sink->set_sequences(plan, values));
        EXPECT_NO_THROW(sink->open_applier(plan));
        control->release(spec_.name);
    }
    source->drop_capture(plan);
}

INSTANTIATE_TEST_SUITE_P(Plans, ForcedPlans, testing::ValuesIn(kForced),
                         [](const auto& forced) { return std::string(forced.param.name); });

}  // namespace
}  // namespace cutover::postgres
