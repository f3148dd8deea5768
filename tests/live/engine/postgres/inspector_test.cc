// The inspector against real servers: one schema with everything, read back whole.
#include "migrator/engine/postgres/inspector.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/live_postgres.h"

namespace cutover::postgres {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

constexpr const char* kSchema = R"(
CREATE SCHEMA app; CREATE SCHEMA side;
CREATE TYPE app.mood AS ENUM ('sad', 'so so', 'happy');
CREATE TYPE app.pair AS (a int, b app.mood);
CREATE DOMAIN app.positive AS int DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0);
CREATE DOMAIN app.pairs AS app.pair[];
CREATE TYPE app.span AS RANGE (subtype = int4);
CREATE TYPE side.unused AS ENUM ('x');
CREATE SEQUENCE app.numbers START 5 INCREMENT 3;
SELECT nextval('app.numbers'), nextval('app.numbers');
CREATE TABLE app.parent (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE);
CREATE TABLE app."Child Table" (
    id int DEFAULT nextval('app.numbers'), parent_id bigint, amount numeric(12,2) NOT NULL DEFAULT 0,
    name varchar(20) COLLATE "C", moods app.mood[], spans app.span, p app.pairs, pos app.positive,
    doubled numeric GENERATED ALWAYS AS (amount * 2) STORED,
    PRIMARY KEY (id, amount) INCLUDE (name),
    CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES app.parent ON DELETE CASCADE DEFERRABLE,
    CONSTRAINT positive CHECK (amount >= 0));
ALTER TABLE app."Child Table" DROP COLUMN pos;
ALTER TABLE app."Child Table" ADD COLUMN pos app.positive;
CREATE INDEX by_name ON app."Child Table" (lower(name)) WHERE amount > 1;
CREATE UNIQUE INDEX by_parent ON app."Child Table" (parent_id, id);
CREATE TABLE app.sales (at date NOT NULL, region text NOT NULL, n int, PRIMARY KEY (at, region)) PARTITION BY RANGE (at);
CREATE INDEX sales_n ON app.sales (n);
CREATE TABLE app.a_sales_2024 PARTITION OF app.sales FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE app.a_sales_2024_eu PARTITION OF app.a_sales_2024 FOR VALUES IN ('eu');
CREATE TABLE app.sales_rest PARTITION OF app.sales DEFAULT;
CREATE TABLE app.keyless (a int, b text); ALTER TABLE app.keyless REPLICA IDENTITY FULL;
CREATE TABLE app.by_index (a int NOT NULL); CREATE UNIQUE INDEX by_index_a ON app.by_index (a);
ALTER TABLE app.by_index REPLICA IDENTITY USING INDEX by_index_a;
CREATE UNLOGGED TABLE app.scratch (a int PRIMARY KEY);
CREATE TABLE app.heir (c int) INHERITS (app.keyless);
CREATE TABLE app.loose (a int, EXCLUDE USING btree (a WITH =));
CREATE TABLE side.other (id int PRIMARY KEY);
CREATE COLLATION app.folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE app.folded (k text COLLATE app.folding PRIMARY KEY);
CREATE VIEW app.seen AS SELECT 1 AS one;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION app.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER trig BEFORE INSERT ON app.keyless FOR EACH ROW EXECUTE FUNCTION app.t();
INSERT INTO app.keyless SELECT n, 'x' FROM generate_series(1, 1000) n; ANALYZE app.keyless;
)";

template <typename Version>
class InspectorTest : public tests::LivePostgresOf<Version::value> {
protected:
    void SetUp() override {
        tests::LivePostgresOf<Version::value>::SetUp();
        if (this->IsSkipped() || this->HasFatalFailure()) {
            return;
        }
        fixtures::PostgresClient(this->accounts().application).query(kSchema);
        spec_.source = this->accounts().mover.as_plan();
        inspector_ = make_inspector(spec_.source);
        catalog_ = inspector_->catalog({{"app"}, {}});
    }
    const model::TableSchema& table(const std::string& name) {
        const model::TableSchema* found = catalog_.find({"app", name});
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    const engine::Requirement& requirement(engine::Topic topic, const std::string& code) {
        kept_ = inspector_->requirements(topic, spec_, catalog_, true);
        for (const engine::Requirement& known : kept_) {
            if (known.finding.code == code) {
                return known;
            }
        }
        ADD_FAILURE() << "no requirement " << code;
        return kept_.at(0);
    }

    std::unique_ptr<engine::Inspector> inspector_;
    model::Catalog catalog_;
    plan::TaskSpec spec_;
    std::vector<engine::Requirement> kept_;
};

using Versions = testing::Types<std::integral_constant<int, 15>, std::integral_constant<int, 17>>;
TYPED_TEST_SUITE(InspectorTest, Versions);

TYPED_TEST(InspectorTest, TellsTheServersFacts) {
    const engine::ServerFacts facts = this->inspector_->server();
    EXPECT_EQ(facts.version, TypeParam::value);
    EXPECT_THAT(facts.engine, HasSubstr("PostgreSQL " + std::to_string(TypeParam::value)));
    EXPECT_GT(facts.system_identifier.size(), 10u);
    EXPECT_TRUE(facts.writable);
    EXPECT_FALSE(facts.superuser);
    EXPECT_TRUE(make_inspector(this->endpoint().as_plan())->server().superuser);
}

TYPED_TEST(InspectorTest, ReadsColumnsAsTheyAre) {
    const model::TableSchema& child = this->table("Child Table");
    std::vector<std::string> names;
    for (const model::ColumnSchema& column : child.columns) {
        names.push_back(column.name);
    }
    EXPECT_THAT(names, ElementsAre("id", "parent_id", "amount", "name", "moods", "spans", "p",
                                   "doubled", "pos"));
    EXPECT_EQ(child.columns[0].default_expression, "nextval('app.numbers'::regclass)");
    EXPECT_EQ(child.columns[2].type, "numeric(12,2)");
    EXPECT_FALSE(child.columns[2].nullable);
    EXPECT_EQ(child.columns[3].collation, "\"C\"");
    EXPECT_EQ(child.columns[4].type, "app.mood[]");
    EXPECT_EQ(child.columns[4].type_class, model::TypeClass::array);
    EXPECT_EQ(child.columns[5].type_class, model::TypeClass::range);
    EXPECT_EQ(child.columns[6].type_class, model::TypeClass::domain);
    EXPECT_EQ(child.columns[7].generated_expression, "(amount * (2)::numeric)");
    EXPECT_FALSE(child.columns[7].default_expression);
    EXPECT_EQ(this->table("parent").columns[0].identity, model::Identity::always);
    EXPECT_FALSE(this->table("folded").columns[0].deterministic);
    EXPECT_TRUE(child.columns[3].deterministic);
}

TYPED_TEST(InspectorTest, ReadsKeysIndexesAndChecks) {
    const model::TableSchema& child = this->table("Child Table");
    ASSERT_NE(child.primary_key(), nullptr);
    EXPECT_THAT(child.primary_key()->columns, ElementsAre(0, 2));
    EXPECT_EQ(child.primary_key()->definition, "PRIMARY KEY (id, amount) INCLUDE (name)");
    ASSERT_EQ(child.foreign_keys.size(), 1u);
    EXPECT_EQ(child.foreign_keys[0].parent, (model::ObjectName{"app", "parent"}));
    EXPECT_THAT(child.foreign_keys[0].parent_columns, ElementsAre("id"));
    EXPECT_THAT(child.foreign_keys[0].definition, HasSubstr("ON DELETE CASCADE DEFERRABLE"));
    ASSERT_EQ(child.checks.size(), 1u);
    EXPECT_EQ(child.checks[0].definition, "CHECK ((amount >= (0)::numeric))");
    ASSERT_EQ(child.indexes.size(), 2u);
    EXPECT_FALSE(child.indexes[0].plain_columns);
    EXPECT_THAT(child.indexes[0].definition,
                HasSubstr("ON app.\"Child Table\" USING btree (lower("));
    EXPECT_TRUE(child.indexes[1].unique);
    EXPECT_THAT(child.indexes[1].columns, ElementsAre(1, 0));
}

TYPED_TEST(InspectorTest, ReadsPartitionsAfterTheirParents) {
    const auto at = [&](const std::string& name) {
        const auto& tables = this->catalog_.tables;
        return std::find_if(tables.begin(), tables.end(),
                            [&](const auto& known) { return known.name.name == name; }) -
               tables.begin();
    };
    EXPECT_LT(at("sales"), at("a_sales_2024"));
    EXPECT_LT(at("a_sales_2024"), at("a_sales_2024_eu"));
    EXPECT_EQ(this->table("sales").partition_key, "RANGE (at)");
    const model::TableSchema& branch = this->table("a_sales_2024");
    EXPECT_EQ(branch.partition_key, "LIST (region)");
    ASSERT_TRUE(branch.partition_of);
    EXPECT_EQ(branch.partition_of->bound, "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')");
    const model::TableSchema& leaf = this->table("a_sales_2024_eu");
    EXPECT_EQ(leaf.partition_of->parent, branch.name);
    ASSERT_EQ(leaf.keys.size(), 1u);
    EXPECT_TRUE(leaf.keys[0].inherited);
    EXPECT_FALSE(this->table("sales").keys[0].inherited);
    ASSERT_EQ(leaf.indexes.size(), 1u);
    EXPECT_TRUE(leaf.indexes[0].inherited);
}

TYPED_TEST(InspectorTest, BringsPartitionsAlongUnlessTheyAreExcluded) {
    const model::Catalog some = this->inspector_->catalog({{"app.sales"}, {"app.sales_rest"}});
    EXPECT_NE(some.find({"app", "a_sales_2024_eu"}), nullptr);
    EXPECT_EQ(some.find({"app", "sales_rest"}), nullptr);
    EXPECT_EQ(some.find({"app", "parent"}), nullptr);
    const auto found =
        this->inspector_->requirements(engine::Topic::object_kinds, this->spec_, some, true);
    EXPECT_THAT(found, Contains(testing::AllOf(
                           Field(&engine::Requirement::met, false),
                           Field(&engine::Requirement::finding,
                                 Field(&model::Finding::code, "source.partition_left_out")))));
}

TYPED_TEST(InspectorTest, OrdersTypesAsTheyCanBeCreated) {
    std::vector<std::string> names;
    for (const model::TypeSchema& type : this->catalog_.types) {
        names.push_back(type.name.name);
    }
    EXPECT_THAT(names, testing::UnorderedElementsAre("mood", "pair", "pairs", "positive", "span"));
    const auto at = [&](const char* name) {
        return std::find(names.begin(), names.end(), name) - names.begin();
    };
    EXPECT_LT(at("mood"), at("pair"));
    EXPECT_LT(at("pair"), at("pairs"));
    for (const model::TypeSchema& type : this->catalog_.types) {
        if (type.name.name == "mood") {
            EXPECT_THAT(type.labels, ElementsAre("sad", "so so", "happy"));
        } else if (type.name.name == "positive") {
            EXPECT_EQ(type.definition,
                      "integer DEFAULT 1 NOT NULL CONSTRAINT above CHECK ((VALUE > 0))");
        } else if (type.name.name == "pair") {
            ASSERT_EQ(type.columns.size(), 2u);
            EXPECT_EQ(type.columns[1].type, "app.mood");
        } else if (type.name.name == "span") {
            EXPECT_THAT(type.definition, HasSubstr("subtype = integer"));
        }
    }
}

TYPED_TEST(InspectorTest, ReadsSequencesWithValuesAndOwners) {
    ASSERT_EQ(this->catalog_.sequences.size(), 2u);
    const model::SequenceSchema& numbers = this->catalog_.sequences[0];
    EXPECT_EQ(numbers.name.name, "numbers");
    EXPECT_EQ(numbers.last_value, 8);
    EXPECT_TRUE(numbers.is_called);
    EXPECT_EQ(numbers.increment, 3);
    EXPECT_FALSE(numbers.owned_by_table);
    const model::SequenceSchema& owned = this->catalog_.sequences[1];
    EXPECT_TRUE(owned.identity);
    EXPECT_EQ(owned.owned_by_table, (model::ObjectName{"app", "parent"}));
    EXPECT_EQ(owned.owned_by_column, "id");
}

TYPED_TEST(InspectorTest, ReadsWhatIsLoggedEstimatedAndInherited) {
    EXPECT_TRUE(this->table("keyless").logs_old_rows());
    EXPECT_EQ(this->table("keyless").estimated_rows.count, 1000u);
    EXPECT_GT(this->table("keyless").size.count, 8000u);
    EXPECT_EQ(this->table("by_index").old_rows, model::OldRows::columns);
    EXPECT_THAT(this->table("by_index").logged_columns(), testing::ElementsAre(0u));
    EXPECT_FALSE(this->table("scratch").logged);
    EXPECT_THAT(this->table("heir").inherits,
                testing::ElementsAre(model::ObjectName{"app", "keyless"}));
}

TYPED_TEST(InspectorTest, ListsWhatIsNotCarried) {
    std::vector<std::string> others;
    for (const model::OtherObject& other : this->catalog_.others) {
        others.push_back(other.kind + " " + other.name.display());
    }
    EXPECT_THAT(others, testing::IsSupersetOf({"view app.seen", "function app.f(integer)",
                                               "trigger app.keyless.trig", "collation app.folding",
                                               "exclusion constraint app.loose.loose_a_excl"}));
    EXPECT_THAT(others, testing::Not(Contains(HasSubstr("span("))));  // a range's own constructors
}

TYPED_TEST(InspectorTest, NamesWhatTheLogNeeds) {
    EXPECT_TRUE(this->requirement(engine::Topic::version, "source.version").met);
    EXPECT_TRUE(this->requirement(engine::Topic::capture_settings, "source.wal_level").met);
    EXPECT_TRUE(this->requirement(engine::Topic::capture_capacity, "source.max_wal_senders").met);
    EXPECT_TRUE(
        this->requirement(engine::Topic::log_retention, "source.max_slot_wal_keep_size").met);
    const auto& identity =
        this->requirement(engine::Topic::replica_identity, "source.replica_identity");
    EXPECT_FALSE(identity.met);
    EXPECT_THAT(identity.finding.found, HasSubstr("app.heir"));
    const auto& unlogged = this->requirement(engine::Topic::object_kinds, "source.unlogged_table");
    EXPECT_FALSE(unlogged.met);
    EXPECT_EQ(unlogged.finding.severity, model::Severity::block);
}

TYPED_TEST(InspectorTest, SeesEveryMissingPrivilege) {
    auto client = this->connect();
    const std::string user = "poor_" + this->endpoint().database;
    client.query("CREATE ROLE " + user + " LOGIN PASSWORD 'x'");
    const auto poor = make_inspector(this->endpoint().as_user(user, "x").as_plan());
    const auto found =
        poor->requirements(engine::Topic::privileges, this->spec_, this->catalog_, true);
    for (const char* code : {"source.privilege_replication", "source.privilege_create",
                             "source.privilege_owner", "source.privilege_select"}) {
        EXPECT_THAT(found, Contains(testing::AllOf(Field(&engine::Requirement::met, false),
                                                   Field(&engine::Requirement::finding,
                                                         Field(&model::Finding::code, code)))))
            << code;
    }
    for (const auto& known : this->inspector_->requirements(engine::Topic::privileges, this->spec_,
                                                            this->catalog_, true)) {
        // The documented account lacks nothing.
        EXPECT_TRUE(known.met) << known.finding.code << ": " << known.finding.found;
    }
    client.query("DROP ROLE " + user);
}

TYPED_TEST(InspectorTest, TellsBothEndsOfASuperuserAndNamesTheSmallerAccount) {
    auto client = this->connect();
    const std::string user = "small_" + this->endpoint().database;
    client.query("CREATE ROLE " + user + " LOGIN PASSWORD 'x'");
    const auto small = make_inspector(this->endpoint().as_user(user, "x").as_plan());
    for (const bool as_source : {true, false}) {
        const auto asked = [&](engine::Inspector& inspector) {
            const std::string code =
                std::string(as_source ? "source" : "destination") + ".superuser";
            for (const auto& one : inspector.requirements(engine::Topic::privileges, this->spec_,
                                                          this->catalog_, as_source)) {
                if (one.finding.code == code) {
                    return one;
                }
            }
            ADD_FAILURE() << code << " is not asked for";
            return engine::Requirement{};
        };
        const engine::Requirement strong = asked(*make_inspector(this->endpoint().as_plan()));
        EXPECT_FALSE(strong.met);
        EXPECT_EQ(strong.finding.severity, model::Severity::alert_ignorable);
        EXPECT_THAT(strong.finding.remedy, HasSubstr("CREATE ROLE mover LOGIN"));
        EXPECT_TRUE(asked(*small).met);
    }
    client.query("DROP ROLE " + user);
}

TYPED_TEST(InspectorTest, TellsFilledTablesFromEmptyOnes) {
    EXPECT_THAT(
        this->inspector_->non_empty({{"app", "keyless"}, {"app", "parent"}, {"app", "gone"}}),
        ElementsAre(model::ObjectName{"app", "keyless"}));
}

}  // namespace
}  // namespace cutover::postgres
