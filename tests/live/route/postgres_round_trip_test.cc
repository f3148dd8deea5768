// A rich schema from one real database to another: planned, made step by step, read back and
// compared; and values whose binary form holds type ids, which differ between the two.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <thread>

#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"
#include "migrator/route/postgres_to_postgres.h"
#include "tests/support/live_postgres.h"

namespace cutover::route {
namespace {

using testing::HasSubstr;

constexpr const char* kSchema = R"(
CREATE SCHEMA app; CREATE SCHEMA "Other Schema";
CREATE TYPE app.mood AS ENUM ('sad', 'so''so', 'happy');
CREATE TYPE app.pair AS (a int, "B b" app.mood, t text COLLATE "C");
CREATE DOMAIN app.positive AS numeric(12,2) DEFAULT 1 NOT NULL CONSTRAINT above CHECK (VALUE > 0);
CREATE TYPE app.span AS RANGE (subtype = int4);
CREATE DOMAIN app.pairs AS app.pair[];
CREATE SEQUENCE app.numbers AS int START 5 INCREMENT 3 MAXVALUE 1000 CYCLE;
CREATE TABLE app.parent (id bigint GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY, code text UNIQUE,
    next bigint REFERENCES app.parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE app."Child Table" (
    id int DEFAULT nextval('app.numbers'), s serial, parent_id bigint, amount numeric(12,2) NOT NULL DEFAULT 0,
    name varchar(20) COLLATE "C", mood app.mood DEFAULT 'so''so', moods app.mood[], p app.pair, ps app.pairs,
    r app.span, pos app.positive, at timestamptz DEFAULT now(), "select" text DEFAULT 'it''s',
    doubled numeric GENERATED ALWAYS AS (amount * 2) STORED,
    PRIMARY KEY (id, amount) INCLUDE (name),
    CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES app.parent ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT "Positive" CHECK (amount >= 0 AND "select" <> ''));
CREATE INDEX by_name ON app."Child Table" USING btree (lower(name) text_pattern_ops DESC) INCLUDE (at) WHERE amount > 1;
CREATE UNIQUE INDEX by_mood ON app."Child Table" (mood, parent_id) WHERE mood <> 'sad';
CREATE INDEX by_moods ON app."Child Table" USING gin (moods) WITH (fastupdate = off);
CREATE TABLE "Other Schema".cycle_a (id int PRIMARY KEY, b int);
CREATE TABLE "Other Schema".cycle_b (id int PRIMARY KEY, a int REFERENCES "Other Schema".cycle_a);
ALTER TABLE "Other Schema".cycle_a ADD FOREIGN KEY (b) REFERENCES "Other Schema".cycle_b;
CREATE TABLE app.sales (at date NOT NULL, region text NOT NULL, n int CHECK (n > 0), PRIMARY KEY (at, region),
    UNIQUE (region, at)) PARTITION BY RANGE (at);
CREATE INDEX sales_n ON app.sales (n);
CREATE TABLE app.sales_24 PARTITION OF app.sales FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE app.sales_24_eu PARTITION OF app.sales_24 (n DEFAULT 3) FOR VALUES IN ('eu', 'it''s');
CREATE TABLE app.sales_24_rest PARTITION OF app.sales_24 DEFAULT;
CREATE INDEX own_index ON app.sales_24_eu (region, n);
CREATE TABLE app.hashed (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
CREATE TABLE app.hashed_0 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.hashed_1 PARTITION OF app.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE app.uses_sales (id int PRIMARY KEY, at date, region text,
    FOREIGN KEY (at, region) REFERENCES app.sales MATCH FULL);
CREATE TABLE app.keyless (a int, b json);
CREATE UNLOGGED TABLE app.scratch (a int PRIMARY KEY);
CREATE TABLE app.mother (a int CHECK (a > 0), b text); CREATE TABLE app.daughter (c int) INHERITS (app.mother);
INSERT INTO app.keyless VALUES (-1, '{}');
ALTER TABLE app.keyless ADD CONSTRAINT late CHECK (a > 0) NOT VALID;
)";

/// What only version 18 knows.
constexpr const char* kSchemaOf18 = R"(
CREATE TABLE app.young (id int PRIMARY KEY, n int, thrice int GENERATED ALWAYS AS (n * 3) VIRTUAL, "M m" int,
    CONSTRAINT lax CHECK (n > 5) NOT ENFORCED,
    CONSTRAINT loose FOREIGN KEY (n) REFERENCES app.young NOT ENFORCED);
INSERT INTO app.young VALUES (1, 7);
ALTER TABLE app.young ADD CONSTRAINT m_there NOT NULL "M m" NOT VALID;
)";

/// What of a catalog must be equal at both ends, in lines that can be compared and read.
std::vector<std::string> lines_of(const model::Catalog& catalog) {
    std::vector<std::string> out;
    const auto add = [&](const std::string& line) { out.push_back(line); };
    for (const model::TypeSchema& type : catalog.types) {
        std::string line = "type " + type.name.display() + " " + type.definition;
        for (const std::string& label : type.labels) {
            line += " '" + label + "'";
        }
        for (const model::ColumnSchema& column : type.columns) {
            line += " " + column.name + " " + column.type + column.collation;
        }
        add(line);
    }
    for (const model::SequenceSchema& sequence : catalog.sequences) {
        add("sequence " + sequence.name.display() + " " + sequence.type + " " +
            std::to_string(sequence.start) + " " + std::to_string(sequence.increment) + " " +
            std::to_string(sequence.maximum) + (sequence.cycle ? " cycle " : " ") +
            (sequence.identity ? "identity " : "") +
            (sequence.owned_by_table ? sequence.owned_by_table->display() : "") + "." +
            sequence.owned_by_column);
    }
    for (const model::TableSchema& table : catalog.tables) {
        const std::string head = table.name.display() + ": ";
        add(head + "table " + table.partition_key.value_or("") +
            (table.partition_of
                 ? " of " + table.partition_of->parent.display() + " " + table.partition_of->bound
                 : ""));
        add(head + (table.logged ? "" : "unlogged ") + table.storage + " row security " +
            std::to_string(static_cast<int>(table.row_security)));
        for (const model::ObjectName& parent : table.inherits) {
            add(head + "inherits " + parent.display());
        }
        for (const model::ColumnSchema& column : table.columns) {
            add(head + "column " + std::to_string(column.number) + " " + column.name + " " +
                column.type + " " + column.collation + (column.nullable ? "" : " not null") + " " +
                column.default_expression.value_or("") + " " +
                column.generated_expression.value_or("") +
                (column.generated_virtual ? " virtual " : " ") +
                std::to_string(static_cast<int>(column.identity)));
        }
        // A partition's inherited constraints are named by the server.
        for (const model::KeySchema& key : table.keys) {
            add(head + "key " + (key.inherited ? "" : key.name) + " " + key.definition);
        }
        for (const model::IndexSchema& index : table.indexes) {
            add(head + "index " + (index.inherited ? "" : index.name) + " " +
                index.definition.substr(index.definition.find(" USING ")));
        }
        for (const model::ForeignKeySchema& key : table.foreign_keys) {
            add(head + "foreign key " + key.name + " " + key.definition);
        }
        for (const model::CheckSchema& check : table.checks) {
            add(head + "check " + check.name + " " + check.definition);
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

/// What the server itself says of its constraints and indexes: the inspector reads both ends, and
/// what it does not see is equal to it. A partition's are named by the server.
constexpr const char* kAsTheServerSaysIt = R"(
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
    SELECT conrelid::regclass || ' '
           || CASE WHEN c.relispartition THEN '' ELSE conname END || ' '
           || pg_get_constraintdef(k.oid) AS line
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE connamespace::regnamespace::text = 'app'
    UNION ALL
    SELECT contypid::regtype || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace::regnamespace::text = 'app' AND contypid <> 0
    UNION ALL
    SELECT tablename || substring(indexdef FROM ' USING .*')
      FROM pg_indexes WHERE schemaname = 'app') AS lines)";

std::string only_in(const std::vector<std::string>& some, const std::vector<std::string>& others) {
    std::string out;
    for (const std::string& line : some) {
        if (std::find(others.begin(), others.end(), line) == others.end()) {
            out += line + "\n";
        }
    }
    return out;
}

template <typename Version>
class RoundTrip : public tests::LivePostgresOf<Version::value> {
protected:
    void SetUp() override {
        tests::LivePostgresOf<Version::value>::SetUp();
        if (this->IsSkipped() || this->HasFatalFailure()) {
            return;
        }
        spec_.name = "trip";
        spec_.source = this->accounts().mover.as_plan();
        destination_ = this->make_destination("destination");
        spec_.destination = destination_.as_plan();
    }
    void make_source(const std::string& sql) {
        fixtures::PostgresClient(this->accounts().application).query(sql);
    }
    void at_destination(const std::string& sql) {
        fixtures::PostgresClient(destination_).query(sql);
    }
    std::string destination_value(const std::string& sql) {
        return fixtures::PostgresClient(destination_).value(sql);
    }
    model::Catalog catalog(const plan::Endpoint& endpoint) {
        return postgres::make_inspector(endpoint)->catalog({});
    }
    engine::Planned planned() {
        return PostgresToPostgres().plan(spec_, catalog(spec_.source), catalog(spec_.destination));
    }
    void claim() {
        sink_ = postgres::make_sink(runtime_, spec_);
        control_ = sink_->open_control();
        control_->claim(spec_.name, "f");
    }
    /// Every step: those before the rows in order, each later section on two threads.
    void run(const plan::Plan& plan) {
        claim();
        for (const plan::SchemaSection section :
             {plan::SchemaSection::before_rows, plan::SchemaSection::keys,
              plan::SchemaSection::unique_keys, plan::SchemaSection::indexes,
              plan::SchemaSection::foreign_keys, plan::SchemaSection::foreign_keys_at_once,
              plan::SchemaSection::validation}) {
            run_section(plan, section);
        }
    }
    void run_section(const plan::Plan& plan, plan::SchemaSection section) {
        const unsigned threads = section == plan::SchemaSection::before_rows ? 1 : 2;
        std::vector<std::string> errors(threads);
        std::vector<std::thread> workers;
        for (unsigned worker = 0; worker < threads; ++worker) {
            workers.emplace_back([&, worker] {
                unsigned number = 0;
                for (const plan::SchemaStep& step : plan.schema_steps) {
                    if (step.section != section || number++ % threads != worker) {
                        continue;
                    }
                    try {
                        sink_->run_schema_step(step);
                    } catch (const model::Error& error) {
                        errors[worker] += std::string(error.what()) + "\n" + step.statement + "\n";
                    }
                }
            });
        }
        for (std::thread& worker : workers) {
            worker.join();
        }
        for (const std::string& error : errors) {
            EXPECT_EQ(error, "");
        }
    }

    flow::ThreadRuntime runtime_;
    plan::TaskSpec spec_;
    fixtures::PostgresEndpoint destination_;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
};

using Versions = testing::Types<std::integral_constant<int, 15>, std::integral_constant<int, 17>,
                                std::integral_constant<int, 18>>;
TYPED_TEST_SUITE(RoundTrip, Versions);

TYPED_TEST(RoundTrip, MakesTheSameSchema) {
    this->make_source(kSchema);
    if (TypeParam::value >= 18) {
        this->make_source(kSchemaOf18);
    }
    const engine::Planned planned = this->planned();
    for (const model::Finding& finding : planned.findings) {
        ADD_FAILURE() << finding.code << " " << finding.object << " " << finding.found;
    }
    std::vector<plan::SchemaStep> steps = planned.plan.schema_steps;
    std::stable_sort(steps.begin(), steps.end(),
                     [](const auto& a, const auto& b) { return a.section < b.section; });
    const auto trial = postgres::make_inspector(this->spec_.destination)->try_steps(steps);
    EXPECT_EQ(trial->tried, steps.size());
    for (const engine::Complaint& complaint : trial->complaints) {
        ADD_FAILURE() << complaint.object << ": " << complaint.message;
    }
    EXPECT_TRUE(this->catalog(this->spec_.destination).tables.empty());
    this->run(planned.plan);
    const std::vector<std::string> made = lines_of(this->catalog(this->spec_.destination));
    const std::vector<std::string> wanted = lines_of(this->catalog(this->spec_.source));
    EXPECT_GT(wanted.size(), 100u);
    EXPECT_EQ(only_in(made, wanted), "");
    EXPECT_EQ(only_in(wanted, made), "");
    EXPECT_EQ(this->destination_value(kAsTheServerSaysIt),
              this->connect().value(kAsTheServerSaysIt));
    EXPECT_EQ(this->planned().plan.fingerprint, planned.plan.fingerprint);
}

TYPED_TEST(RoundTrip, CarriesRenamesIntoEveryText) {
    this->make_source(kSchema);
    plan::NameMapping& mapping = this->spec_.mapping;
    mapping.schemas["app"] = "shop";
    mapping.tables[{"app", "Child Table"}] = {"kids", "child"};
    mapping.columns[{"app", "Child Table"}] = {
        {"amount", "Sum"}, {"select", "choice"}, {"at", "time"}};
    mapping.columns[{"app", "sales"}] = {{"n", "number"}};
    mapping.columns[{"app", "sales_24_eu"}] = {{"n", "number"}};
    mapping.columns[{"app", "sales_24"}] = {{"n", "number"}};
    mapping.columns[{"app", "sales_24_rest"}] = {{"n", "number"}};
    this->run(this->planned().plan);
    const model::Catalog made = this->catalog(this->spec_.destination);
    const model::TableSchema* child = made.find({"kids", "child"});
    ASSERT_NE(child, nullptr);
    EXPECT_EQ(child->columns[1].default_expression,
              "nextval('kids.\"Child Table_s_seq\"'::regclass)");
    EXPECT_EQ(child->columns[0].default_expression, "nextval('shop.numbers'::regclass)");
    EXPECT_EQ(child->columns[6].type, "shop.mood[]");
    EXPECT_EQ(child->primary_key()->definition, "PRIMARY KEY (id, \"Sum\") INCLUDE (name)");
    EXPECT_EQ(child->checks[0].definition,
              "CHECK (((\"Sum\" >= (0)::numeric) AND (choice <> ''::text)))");
    EXPECT_EQ(child->foreign_keys[0].parent, (model::ObjectName{"shop", "parent"}));
    EXPECT_EQ(made.find({"shop", "sales_24_eu"})->columns[2].default_expression, "3");
    EXPECT_EQ(made.find({"app", "parent"}), nullptr);
}

TYPED_TEST(RoundTrip, SetsSequencesToTheSourcesValues) {
    this->make_source(kSchema);
    this->make_source(
        "INSERT INTO app.parent (code) VALUES ('a'), ('b');"
        "INSERT INTO app.\"Child Table\" (id, pos) VALUES (DEFAULT, 1), (DEFAULT, 1), (DEFAULT, "
        "1)");
    this->spec_.mapping.schemas["app"] = "shop";
    const plan::Plan plan = this->planned().plan;
    this->run(plan);
    this->sink_->set_sequences(plan, this->catalog(this->spec_.source).sequences);
    EXPECT_EQ(this->destination_value("SELECT nextval('shop.numbers')"), "14");
    EXPECT_EQ(this->destination_value("INSERT INTO shop.parent DEFAULT VALUES RETURNING id"),
              "102");
    EXPECT_EQ(this->destination_value("SELECT nextval('shop.\"Child Table_s_seq\"')"), "4");
}

TYPED_TEST(RoundTrip, NeverMovesASequenceBackBelowWhatWasKept) {
    const std::string schema =
        "CREATE TABLE t (id serial PRIMARY KEY); CREATE SEQUENCE down INCREMENT -1;"
        "CREATE SEQUENCE round MAXVALUE 100 CYCLE; CREATE SEQUENCE fresh START 5;";
    this->make_source(schema +
                      "SELECT setval('t_id_seq', 7), setval('down', -7), setval('round', 7),"
                      " setval('fresh', 2, false)");
    this->at_destination(schema +
                         "SELECT setval('t_id_seq', 50), setval('down', -50), setval('round', 50)");
    this->spec_.phases.schema = false;
    const plan::Plan plan = this->planned().plan;
    this->claim();
    this->sink_->set_sequences(plan, this->catalog(this->spec_.source).sequences);
    EXPECT_EQ(this->destination_value("SELECT nextval('t_id_seq')"), "51");
    EXPECT_EQ(this->destination_value("SELECT nextval('down')"), "-51");
    EXPECT_EQ(this->destination_value("SELECT nextval('round')"), "8");
    EXPECT_EQ(this->destination_value("SELECT nextval('fresh')"), "2");
}

TYPED_TEST(RoundTrip, NamesASequenceThatIsGoneFromTheDestination) {
    this->make_source("CREATE SEQUENCE lonely");
    this->at_destination("CREATE SEQUENCE lonely");
    this->spec_.phases.schema = false;
    const plan::Plan plan = this->planned().plan;
    ASSERT_EQ(plan.sequences.size(), 1u);
    this->at_destination("DROP SEQUENCE lonely");
    EXPECT_EQ(this->planned().findings.at(0).code, "destination.sequence_missing");
    this->claim();
    try {
        this->sink_->set_sequences(plan, this->catalog(this->spec_.source).sequences);
        ADD_FAILURE() << "a sequence that is not there was set";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "sequence.missing");
        EXPECT_EQ(error.error_class(), model::ErrorClass::refused);
        EXPECT_THAT(error.message(), HasSubstr("public.lonely"));
    }
}

/// A filter on the root holds for every leaf, in the copy and in the log.
TYPED_TEST(RoundTrip, TakesOnlyTheFilteredRowsOfPartitions) {
    this->make_source(
        "CREATE TABLE p (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);"
        "CREATE TABLE p21 PARTITION OF p2 DEFAULT;"
        "INSERT INTO p VALUES (1, 'in'), (2, 'out'), (101, 'in'), (102, 'out')");
    this->spec_.name = this->endpoint().database;
    this->spec_.filters[{"public", "p"}] = "note = 'in'";
    const plan::Plan plan = this->planned().plan;
    const auto source = postgres::make_source(this->runtime_, this->spec_);
    const engine::CaptureOrigin origin = source->create_capture(plan);
    const model::ChunkView view = source->open_view(plan);
    std::uint64_t rows = 0;
    for (const plan::TablePlan& table : plan.tables) {
        for (const model::Chunk& chunk : source->split(table, {1 << 20})) {
            const auto reader = source->open_reader();
            reader->open(table, chunk, view);
            model::RowBatch batch;
            while (reader->next(batch, {model::Bytes{1 << 20}})) {
            }
            rows += batch.rows.count;
        }
    }
    EXPECT_EQ(rows, 2u);
    source->close_view();

    this->make_source("INSERT INTO p VALUES (3, 'out'), (103, 'out')");
    this->make_source("UPDATE p SET note = 'out' WHERE id = 101; INSERT INTO p VALUES (4, 'in')");
    const auto stream = source->open_changes(plan, origin, origin.start, engine::LogReader::task);
    std::vector<model::Change> changes;
    for (int attempt = 0; attempt < 300 && changes.size() < 2; ++attempt) {
        engine::StreamEvent event = stream->next(std::chrono::milliseconds(100));
        model::Change change;
        while (event.transaction && event.transaction->changes->next(change)) {
            changes.push_back(std::move(change));
        }
    }
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].kind, model::ChangeKind::remove);
    EXPECT_EQ(plan.tables[changes[0].table].source.name, "p21");
    EXPECT_EQ(changes[1].kind, model::ChangeKind::insert);
    source->drop_capture(plan);
}

TYPED_TEST(RoundTrip, FindsTheSequencesOfTablesThatSomebodyElseMade) {
    this->make_source(
        "CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY);"
        "INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES");
    this->at_destination(
        "CREATE SEQUENCE other_name; CREATE TABLE t (id int PRIMARY KEY DEFAULT"
        " nextval('other_name'), n int GENERATED BY DEFAULT AS IDENTITY"
        " (SEQUENCE NAME another)); ALTER SEQUENCE other_name OWNED BY t.id");
    this->spec_.phases.schema = false;
    const engine::Planned planned = this->planned();
    EXPECT_TRUE(planned.findings.empty());
    this->claim();
    this->sink_->set_sequences(planned.plan, this->catalog(this->spec_.source).sequences);
    EXPECT_EQ(this->destination_value("INSERT INTO t DEFAULT VALUES RETURNING id || ' ' || n"),
              "3 3");
}

/// The ids of user-made types differ between the two databases; both lanes must carry their values.
TYPED_TEST(RoundTrip, CarriesValuesThatHoldTypeIds) {
    this->make_source(
        "CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('sad', 'happy');"
        "CREATE TYPE pair AS (a int, m mood[], h hstore); CREATE DOMAIN pairs AS pair[];"
        "CREATE TYPE span AS RANGE (subtype = mood);"
        "CREATE TABLE t (k int PRIMARY KEY, m mood[], p pair, ps pair[], d pairs, r span[], h "
        "hstore[]);"
        "INSERT INTO t VALUES (1, '{sad,NULL}', '(1,\"{happy}\",\"a=>1\")',"
        " ARRAY['(2,\"{sad}\",)'::pair, NULL], ARRAY['(3,,)'::pair], '{\"[sad,happy]\"}', "
        "'{a=>1}')");
    this->at_destination("CREATE TABLE shift_ids (a int, b text); CREATE EXTENSION hstore");
    const engine::Planned before = this->planned();
    this->claim();
    this->run_section(before.plan, plan::SchemaSection::before_rows);
    const plan::Plan plan = this->planned().plan;
    const plan::TablePlan& table = plan.tables.at(0);
    ASSERT_EQ(table.source.name, "t");
    ASSERT_NE(table.transcoder, nullptr);

    auto source = postgres::Connection::open(this->spec_.source, {});
    std::string bytes;
    source.begin_copy_out("COPY public.t TO STDOUT (FORMAT binary)");
    while (source.copy_read(bytes)) {
    }
    const model::RowBatch raw{bytes.substr(19, bytes.size() - 21), {1}};
    model::RowBatch transcoded;
    table.transcoder->batch(raw, transcoded);
    EXPECT_NE(raw.bytes, transcoded.bytes);
    std::uint32_t number = 0;
    for (const model::RowBatch& batch : {raw, transcoded}) {
        model::Chunk chunk;
        chunk.table = table.index;
        chunk.number = number++;
        const auto writer = this->sink_->open_writer(plan);
        writer->begin(table, chunk);
        writer->write(batch);
        writer->commit({chunk, {}, {1}, {1}, ""});
        EXPECT_EQ(this->destination_value("SELECT t::text FROM t"),
                  this->connect().value("SELECT t::text FROM t"));
        this->at_destination("DELETE FROM t");
    }
}

TYPED_TEST(RoundTrip, KeepsWhatIsThereUnderIgnoreAndRefusesItOtherwise) {
    this->make_source("CREATE TABLE t (k int PRIMARY KEY, v text); CREATE INDEX by_v ON t (v)");
    this->at_destination("CREATE TABLE t (k int PRIMARY KEY, v text); CREATE INDEX by_v ON t (v)");
    const plan::Plan plan = this->planned().plan;
    this->claim();
    try {
        for (const plan::SchemaStep& step : plan.schema_steps) {
            this->sink_->run_schema_step(step);
        }
        ADD_FAILURE() << "an existing table must be refused";
    } catch (const model::Error& error) {
        EXPECT_EQ(error.code(), "schema.exists");
    }
    this->control_->release("trip");
    this->spec_.conflict = plan::ConflictRule::ignore;
    this->run(this->planned().plan);
}

}  // namespace
}  // namespace cutover::route
