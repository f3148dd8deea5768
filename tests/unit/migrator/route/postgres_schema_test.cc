// The statements that make the destination's schema, and what is left out of it and said.
#include "migrator/route/postgres_schema.h"

#include <gmock/gmock.h>

#include "migrator/engine/route.h"

namespace cutover::route {
namespace {

using testing::HasSubstr;
using testing::Not;

model::ColumnSchema column_of(const std::string& name, const std::string& type) {
    model::ColumnSchema out;
    out.name = name;
    out.type = type;
    out.type_name = {"pg_catalog", type};
    return out;
}

class PostgresSchema : public testing::Test {
protected:
    PostgresSchema() {
        model::TableSchema table;
        table.name = {"app", "orders"};
        table.columns = {column_of("id", "bigint"), column_of("qty", "integer"),
                         column_of("note", "text")};
        table.columns[0].nullable = false;
        table.columns[1].default_expression = "nextval('app.numbers'::regclass)";
        table.keys.push_back({"orders_pkey", {0}, true, false, "PRIMARY KEY (id)", false});
        table.indexes.push_back({"by_qty",
                                 "CREATE INDEX by_qty ON app.orders USING btree (qty)",
                                 false,
                                 true,
                                 {1},
                                 false});
        source_.tables.push_back(table);
    }
    model::TableSchema& orders() { return source_.tables[0]; }

    void run() {
        findings_.clear();
        const NameMap names(spec_.mapping, source_);
        steps_ = schema_steps(spec_, source_, destination_version_, names, findings_);
    }
    std::string before(const std::string& id) {
        for (const plan::SchemaStep& step : steps_) {
            if (step.id == id) {
                return step.before;
            }
        }
        return "none";
    }
    std::string statement(const std::string& id) {
        for (const plan::SchemaStep& step : steps_) {
            if (step.id == id) {
                return step.statement;
            }
        }
        return "none";
    }
    plan::SchemaSection section(const std::string& id) {
        for (const plan::SchemaStep& step : steps_) {
            if (step.id == id) {
                return step.section;
            }
        }
        ADD_FAILURE() << "no step " << id;
        return plan::SchemaSection::before_rows;
    }

    model::Catalog source_;
    int destination_version_ = 18;
    plan::TaskSpec spec_;
    std::vector<plan::SchemaStep> steps_;
    std::vector<model::Finding> findings_;
};

TEST_F(PostgresSchema, MakesTablesBareAndKeysAndIndexesAfterTheRows) {
    run();
    EXPECT_EQ(statement("table:app.orders"),
              "CREATE TABLE \"app\".\"orders\" (\"id\" bigint NOT NULL, \"qty\" integer DEFAULT "
              "nextval('app.numbers'::regclass), \"note\" text)");
    EXPECT_EQ(statement("key:app.orders.orders_pkey"),
              "ALTER TABLE \"app\".\"orders\" ADD CONSTRAINT \"orders_pkey\" PRIMARY KEY (id)");
    EXPECT_EQ(section("key:app.orders.orders_pkey"), plan::SchemaSection::keys);
    EXPECT_EQ(section("index:app.by_qty"), plan::SchemaSection::indexes);
    EXPECT_TRUE(findings_.empty());
}

TEST_F(PostgresSchema, LeavesOutWhatNeedsAnExcludedColumnAndSaysSo) {
    spec_.mapping.excluded_columns[{"app", "orders"}] = {"qty"};
    orders().columns.push_back(column_of("twice", "integer"));
    orders().columns.back().generated_expression = "(qty * 2)";
    orders().checks.push_back({"positive", "CHECK ((qty > 0))", false});
    run();
    EXPECT_EQ(statement("table:app.orders"),
              "CREATE TABLE \"app\".\"orders\" (\"id\" bigint NOT NULL, \"note\" text)");
    EXPECT_EQ(statement("index:app.by_qty"), "none");
    ASSERT_EQ(findings_.size(), 1u);
    EXPECT_EQ(findings_[0].code, "schema.index_left_out");
}

TEST_F(PostgresSchema, LocksBothTablesOfAForeignKeyInOneOrder) {
    model::TableSchema parent = orders();
    parent.name = {"app", "a_parent"};
    parent.indexes.clear();
    source_.tables.push_back(parent);
    orders().foreign_keys.push_back({"up",
                                     {1},
                                     {"app", "a_parent"},
                                     {"id"},
                                     "FOREIGN KEY (qty) REFERENCES app.a_parent(id)",
                                     false});
    run();
    EXPECT_THAT(before("foreign_key:app.orders.up"),
                HasSubstr("LOCK TABLE \"app\".\"a_parent\", \"app\".\"orders\" IN"));
    EXPECT_THAT(statement("foreign_key:app.orders.up"), HasSubstr(" NOT VALID"));
    EXPECT_EQ(section("validate:app.orders.up"), plan::SchemaSection::validation);
    source_.tables.pop_back();
    run();
    EXPECT_EQ(findings_.at(0).code, "schema.foreign_key_left_out");
}

TEST_F(PostgresSchema, NeverValidatesAForeignKeyThatIsNotEnforced) {
    orders().foreign_keys.push_back({"up",
                                     {1},
                                     {"app", "orders"},
                                     {"id"},
                                     "FOREIGN KEY (qty) REFERENCES app.orders(id) NOT ENFORCED",
                                     false});
    destination_version_ = 18;
    run();
    EXPECT_THAT(statement("foreign_key:app.orders.up"), testing::EndsWith(" NOT ENFORCED"));
    EXPECT_EQ(statement("validate:app.orders.up"), "none");
    destination_version_ = 17;
    run();
    EXPECT_EQ(statement("foreign_key:app.orders.up"), "none");
    EXPECT_EQ(findings_.at(0).code, "schema.foreign_key_left_out");
}

TEST_F(PostgresSchema, LeavesOutChecksThatAnOlderServerWouldEnforce) {
    orders().checks.push_back({"c", "CHECK ((qty > 0)) NOT ENFORCED", false});
    destination_version_ = 18;
    run();
    EXPECT_THAT(statement("table:app.orders"), HasSubstr("CHECK ((qty > 0)) NOT ENFORCED"));
    EXPECT_TRUE(findings_.empty());
    destination_version_ = 17;
    run();
    EXPECT_THAT(statement("table:app.orders"), Not(HasSubstr("CHECK")));
    EXPECT_EQ(findings_.at(0).code, "schema.check_left_out");
}

TEST_F(PostgresSchema, KeepsAVirtualColumnWhereTheServerKnowsThem) {
    orders().columns.push_back(column_of("twice", "integer"));
    orders().columns.back().generated_expression = "(qty * 2)";
    orders().columns.back().generated_virtual = true;
    destination_version_ = 18;
    run();
    EXPECT_THAT(statement("table:app.orders"), HasSubstr("AS ((qty * 2)) VIRTUAL"));
    EXPECT_TRUE(findings_.empty());
    destination_version_ = 17;
    run();
    EXPECT_THAT(statement("table:app.orders"), HasSubstr("AS ((qty * 2)) STORED"));
    EXPECT_EQ(findings_.at(0).code, "schema.virtual_column_stored");
}

TEST_F(PostgresSchema, AddsChecksThatRowsNeedNotMeetAfterTheRows) {
    orders().checks.push_back({"c", "CHECK ((qty > 0)) NOT VALID", false});
    run();
    EXPECT_THAT(statement("table:app.orders"), Not(HasSubstr("CHECK")));
    EXPECT_EQ(section("check:app.orders.c"), plan::SchemaSection::foreign_keys);
}

TEST_F(PostgresSchema, GivesPartitionsWhatDiffersFromTheirParent) {
    orders().partition_key = "RANGE (id)";
    model::TableSchema leaf = orders();
    leaf.name = {"app", "orders_1"};
    leaf.partition_key.reset();
    leaf.partition_of = model::PartitionSchema{{"app", "orders"}, "FOR VALUES FROM ('1') TO ('9')"};
    leaf.columns[1].default_expression = "7";
    leaf.columns[2].nullable = false;
    leaf.keys[0].inherited = leaf.indexes[0].inherited = true;
    source_.tables.push_back(leaf);
    run();
    EXPECT_THAT(statement("table:app.orders"), testing::EndsWith("PARTITION BY RANGE (id)"));
    EXPECT_EQ(
        statement("table:app.orders_1"),
        "CREATE TABLE \"app\".\"orders_1\" PARTITION OF \"app\".\"orders\" (\"qty\" DEFAULT 7, "
        "\"note\" NOT NULL) FOR VALUES FROM ('1') TO ('9')");
    EXPECT_EQ(statement("key:app.orders_1.orders_pkey"), "none");
}

TEST_F(PostgresSchema, BlocksHashPartitionsOfEnums) {
    orders().partition_key = "HASH (note)";
    orders().columns[2].type_class = model::TypeClass::enumeration;
    run();
    ASSERT_EQ(findings_.size(), 1u);
    EXPECT_EQ(findings_[0].code, "types.enum_hash_partition");
    EXPECT_EQ(findings_[0].severity, model::Severity::block);
}

TEST_F(PostgresSchema, FindsFreeNamesWhereTwoSchemasBecomeOne) {
    model::TableSchema other = orders();
    other.name = {"old", "orders_old"};
    source_.tables.push_back(other);
    spec_.mapping.schemas["old"] = "app";
    run();
    EXPECT_THAT(statement("key:app.orders_old.orders_pkey"),
                HasSubstr("ADD CONSTRAINT \"orders_pkey_1\""));
}

TEST_F(PostgresSchema, LetsHeirsInheritAfterBothAreThere) {
    model::TableSchema heir = orders();
    heir.name = {"app", "heir"};
    heir.keys.clear();
    heir.indexes.clear();
    heir.inherits = {{"app", "orders"}, {"app.far", "away"}};
    heir.checks.push_back({"c", "CHECK ((qty > 0))", true});
    source_.tables.push_back(heir);
    run();
    EXPECT_THAT(statement("table:app.heir"), HasSubstr("CONSTRAINT \"c\" CHECK"));
    EXPECT_EQ(statement("inherit:app.heir:app.orders"),
              "ALTER TABLE \"app\".\"heir\" INHERIT \"app\".\"orders\"");
    EXPECT_THAT(findings_, testing::Contains(testing::Field(&model::Finding::code,
                                                            "schema.inheritance_left_out")));
}

TEST_F(PostgresSchema, CarriesNotNullThatOlderRowsMayBreak) {
    orders().checks.push_back({"note_there", "NOT NULL note NOT VALID", false, true});
    run();
    EXPECT_EQ(statement("check:app.orders.note_there"),
              "ALTER TABLE \"app\".\"orders\" ADD CONSTRAINT \"note_there\" NOT NULL note NOT "
              "VALID");
    EXPECT_EQ(section("check:app.orders.note_there"), plan::SchemaSection::foreign_keys);
    EXPECT_THAT(statement("table:app.orders"), Not(HasSubstr("note_there")));
    destination_version_ = 17;
    run();
    EXPECT_EQ(statement("check:app.orders.note_there"), "none");
    EXPECT_THAT(findings_, testing::Contains(
                               testing::Field(&model::Finding::code, "schema.not_null_left_out")));
}

}  // namespace
}  // namespace cutover::route
