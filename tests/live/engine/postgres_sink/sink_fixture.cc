#include "tests/live/engine/postgres_sink/sink_fixture.h"

#include <algorithm>

#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/flow/thread_runtime.h"

namespace cutover::postgres {

namespace {

flow::ThreadRuntime& runtime() {
    static flow::ThreadRuntime runtime;
    return runtime;
}

plan::TablePlan table_plan(const model::TableSchema& schema, model::TableIndex index) {
    plan::TablePlan table;
    table.index = index;
    table.source = table.destination = schema.name;
    table.schema = schema;
    std::vector<std::size_t> position(schema.columns.size());
    for (std::size_t column = 0; column < schema.columns.size(); ++column) {
        if (schema.columns[column].generated_expression) {
            continue;
        }
        position[column] = table.columns.size();
        table.columns.push_back(
            {schema.columns[column], schema.columns[column].name, schema.columns[column].type});
    }
    if (schema.primary_key() != nullptr) {
        for (const std::size_t column : schema.primary_key()->columns) {
            table.key.columns.push_back({position[column], nullptr});
        }
    }
    return table;
}

}  // namespace

void SinkTest::SetUp() {
    tests::LivePostgres::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
        return;
    }
    spec_.name = "shop";
    destination_ = make_destination("destination");
    spec_.destination = destination_.as_plan();
    open_sink(spec_);
    bystander_ = Connection::open(spec_.destination, {});
    bystander_->exec("SET search_path = public");
    owner_.emplace(destination_).query("SET search_path = public");
}

void SinkTest::open_sink(const plan::TaskSpec& spec) {
    control_.reset();
    spec_ = spec;
    sink_ = make_sink(runtime(), spec_);
    control_ = sink_->open_control();
    control_->claim("shop", "fingerprint");
}

void SinkTest::sql(const std::string& statements) {
    owner_->query(statements);
}

std::string SinkTest::rows(const std::string& query) {
    const Result result = bystander_->exec(query);
    std::string out;
    for (int row = 0; row < result.rows(); ++row) {
        for (int column = 0; column < result.columns(); ++column) {
            out += column == 0 ? (row == 0 ? "" : "\n") : "|";
            out += result.is_null(row, column) ? "-" : result.text(row, column);
        }
    }
    return out;
}

model::Tuple SinkTest::tuple(const std::string& query) {
    return tuple_without(query, {});
}

model::Tuple SinkTest::tuple_without(const std::string& query,
                                     const std::vector<std::size_t>& absent) {
    const Result result = bystander_->exec_params_binary(query, {});
    model::Tuple out;
    for (int column = 0; column < result.columns(); ++column) {
        const bool left_out = std::find(absent.begin(), absent.end(),
                                        static_cast<std::size_t>(column)) != absent.end();
        if (left_out) {
            out.append(model::CellKind::absent);
        } else if (result.is_null(0, column)) {
            out.append(model::CellKind::null);
        } else {
            out.append(model::CellKind::binary, result.get(0, column));
        }
    }
    return out;
}

model::RowBatch SinkTest::batch(const std::string& query) {
    model::RowBatch batch;
    bystander_->begin_copy_out("COPY (" + query + ") TO STDOUT (FORMAT binary)");
    while (bystander_->copy_read(batch.bytes)) {
        ++batch.rows.count;
    }
    // The header comes with the first row, the trailer is a message of its own.
    batch.bytes = batch.bytes.substr(19, batch.bytes.size() - 21);
    --batch.rows.count;
    return batch;
}

plan::Plan SinkTest::plan_of(const std::vector<std::string>& tables) {
    plan::Plan plan;
    plan.spec = spec_;
    const model::Catalog catalog = make_inspector(spec_.destination)->catalog({});
    for (const std::string& name : tables) {
        for (const model::TableSchema& schema : catalog.tables) {
            if (schema.name.display() == name) {
                plan.tables.push_back(
                    table_plan(schema, static_cast<model::TableIndex>(plan.tables.size())));
            }
        }
    }
    EXPECT_EQ(plan.tables.size(), tables.size());
    return plan;
}

model::Chunk SinkTest::chunk(model::TableIndex table, std::uint32_t number) const {
    model::Chunk chunk;
    chunk.table = table;
    chunk.number = number;
    chunk.range = {std::string("\0range'", 7) + std::to_string(number), "blocks \"0\" to 9"};
    chunk.estimated_rows = {10};
    chunk.estimated_bytes = {100};
    return chunk;
}

model::ChunkReceipt SinkTest::receipt(const model::Chunk& chunk, std::uint64_t rows) const {
    return {chunk, {{"stamp", "10:20:"}, {"settled", "0/10"}}, {rows}, {rows * 10}, "abc"};
}

model::Marker SinkTest::marker(const std::string& position, std::uint64_t transactions) const {
    return {{position + "\x80", "at " + position},
            model::Instant(std::chrono::microseconds(1700000000123456)),
            transactions,
            transactions * 2};
}

std::vector<engine::ApplyMode> SinkTest::modes(const plan::Plan& plan,
                                               engine::ApplyMode mode) const {
    return std::vector<engine::ApplyMode>(plan.tables.size(), mode);
}

std::vector<engine::MissingBase> SinkTest::apply(engine::ChangeApplier& applier,
                                                 const plan::Plan& plan,
                                                 const model::NetBatch& batch,
                                                 engine::ApplyMode mode) {
    applier.begin();
    applier.stage(batch);
    std::vector<engine::MissingBase> missing = applier.apply(modes(plan, mode));
    applier.commit(marker("x"));
    return missing;
}

}  // namespace cutover::postgres
