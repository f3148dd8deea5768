#include "tests/contract/memory_ends.h"

#include <algorithm>

#include "migrator/engine/memory/inspector.h"
#include "migrator/engine/memory/sink.h"
#include "migrator/engine/memory/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/route/memory_to_memory.h"

namespace cutover::contract {

namespace {

using memory::Outcome;
using model::CellKind;
using model::Tuple;

model::TableSchema schema(TableName table) {
    model::TableSchema schema;
    schema.name = {"app", table_text(table)};
    const auto add = [&](const char* name, const char* type) {
        schema.columns.emplace_back();
        schema.columns.back().name = name;
        schema.columns.back().type = type;
    };
    add(table == TableName::heap ? "v" : "id", "int");
    if (table == TableName::filtered) {
        add("v", "int");
    } else {
        add("name", "text");
    }
    if (table != TableName::heap) {
        model::KeySchema key;
        key.name = "primary";
        key.columns = {0};
        key.primary = true;
        schema.keys.push_back(key);
    }
    return schema;
}

Tuple to_tuple(const Row& row) {
    Tuple tuple;
    for (const auto& cell : row) {
        tuple.append(cell ? CellKind::text : CellKind::null, cell.value_or(""));
    }
    return tuple;
}

Row to_row(const Tuple& tuple) {
    Row row;
    for (std::size_t column = 0; column < tuple.size(); ++column) {
        const bool there =
            tuple.kind(column) == CellKind::text || tuple.kind(column) == CellKind::binary;
        row.push_back(there ? std::optional(std::string(tuple.bytes(column))) : std::nullopt);
    }
    return row;
}

class MemoryEnds final : public EndUnderTest {
public:
    MemoryEnds(bool key_ranges, const engine::SinkTraits& destination)
        : source_(std::make_shared<memory::Server>("source")),
          destination_(std::make_shared<memory::Server>("destination")) {
        source_->personality =
            key_ranges ? memory::Personality::key_ranges : memory::Personality::location_ranges;
        destination_->as_sink = destination;
        net_.servers = {{"source:1", source_}, {"destination:1", destination_}};
        for (const TableName table : kTables) {
            source_->database.create_table(schema(table));
        }
        source_->database.sequences()[{"app", "counter"}];
        plan::TaskSpec spec;
        spec.name = "contract";
        spec.source.engine = spec.destination.engine = "memory";
        spec.source.hosts = {{"source", 1}};
        spec.destination.hosts = {{"destination", 1}};
        spec.filters[{"app", "filtered"}] = "v >= 10";
        memory::MemoryInspector inspector(runtime_, net_, spec.source);
        plan_ = route::MemoryToMemory(destination).plan(spec, inspector.catalog({}), {}).plan;
    }

    flow::Runtime& runtime() override { return runtime_; }
    flow::StopSignal& stop() override { return stop_; }
    flow::Waits& waits() override { return waits_; }
    const plan::Plan& plan() override { return plan_; }
    std::unique_ptr<engine::Source> open_source() override {
        return std::make_unique<memory::MemorySource>(runtime_, net_, plan_.spec, &waits_);
    }
    std::unique_ptr<engine::Sink> open_sink() override {
        return std::make_unique<memory::MemorySink>(runtime_, net_, plan_.spec, &waits_);
    }

    int begin() override { return static_cast<int>(source_->database.begin()); }
    void insert(int transaction, TableName name, const Row& row) override {
        check(source_->database.insert(number(transaction), table_at(name), to_tuple(row)));
    }
    void update(int transaction, TableName name, const std::string& first,
                const Row& row) override {
        check(source_->database.replace(number(transaction), table_at(name),
                                        find(transaction, name, first), to_tuple(row)));
    }
    void remove(int transaction, TableName name, const std::string& first) override {
        check(source_->database.remove(number(transaction), table_at(name),
                                       find(transaction, name, first)));
    }
    void truncate(int transaction, TableName name) override {
        check(source_->database.truncate(number(transaction), {&table_at(name)}));
    }
    void commit(int transaction) override {
        source_->database.commit(number(transaction), runtime_.wall());
        source_->ring();
    }
    void rollback(int transaction) override { source_->database.abort(number(transaction)); }

    bool may_write(TableName name) override {
        const memory::TransactionNumber transaction = source_->database.begin();
        const Outcome outcome =
            source_->database.insert(transaction, table_at(name), to_tuple({"999", "1"}));
        source_->database.abort(transaction);
        return outcome.kind == Outcome::Kind::done;
    }
    void occupy(TableName name) override {
        const std::lock_guard lock(destination_->database.mutex());
        memory::Table& occupied = destination_->database.table(table(name).destination);
        check(destination_->database.insert(destination_->database.begin(), occupied,
                                            to_tuple({"0", "foreign"})));
    }

    bool refer() override {
        if (destination_->as_sink.foreign_keys == engine::ForeignKeys::none) {
            return false;
        }
        model::ForeignKeySchema key;
        key.name = "parent";
        key.columns = {1};
        key.parent = table(TableName::keyed).destination;
        key.parent_columns = {"id"};
        memory::Database& database = destination_->database;
        database.add_foreign_key(database.table(table(TableName::filtered).destination), key,
                                 false);
        return true;
    }

    void occupy_control() override { destination_->foreign_control = true; }
    void occupy_capture() override { source_->foreign_captures.insert("cutover_contract"); }

    void exchange(TableName name) override {
        source_->database.drop_table(schema(name).name);
        source_->database.create_table(schema(name));
    }
    Trapped ask_for(const std::string&) override { return {}; }

    std::vector<Row> destination_rows(TableName name) override {
        std::vector<Row> rows;
        const memory::Table* found = destination_->database.find_table(table(name).destination);
        if (found != nullptr) {
            for (const std::size_t place : destination_->database.scan(0, *found)) {
                rows.push_back(to_row(found->at(place).row));
            }
        }
        std::sort(rows.begin(), rows.end());
        return rows;
    }

    std::vector<Row> rows(const plan::TablePlan&, const model::RowBatch& batch) override {
        std::vector<Row> rows;
        std::size_t offset = 0;
        Tuple tuple;
        while (memory::take_row(batch.bytes, offset, tuple)) {
            rows.push_back(to_row(tuple));
        }
        return rows;
    }
    Row row(const plan::TablePlan&, const Tuple& tuple) override { return to_row(tuple); }
    model::RowBatch destination_batch(const plan::TablePlan&,
                                      const std::vector<Row>& rows) override {
        model::RowBatch batch;
        for (const Row& row : rows) {
            memory::append_row(to_tuple(row), batch);
        }
        return batch;
    }
    Tuple destination_tuple(const plan::TablePlan&, const Row& row) override {
        return to_tuple(row);
    }
    Tuple destination_key(const plan::TablePlan&, const Row& key) override { return to_tuple(key); }
    Tuple source_key(const plan::TablePlan&, const Row& key) override { return to_tuple(key); }

private:
    static memory::TransactionNumber number(int transaction) {
        return static_cast<memory::TransactionNumber>(transaction);
    }
    static void check(const Outcome& outcome) {
        CUTOVER_CHECK(outcome.kind == Outcome::Kind::done);
    }
    memory::Table& table_at(TableName name) {
        return source_->database.table({"app", table_text(name)});
    }
    std::size_t find(int transaction, TableName name, const std::string& first) {
        for (const std::size_t place :
             source_->database.scan(number(transaction), table_at(name))) {
            if (table_at(name).at(place).row.bytes(0) == first) {
                return place;
            }
        }
        model::check_failed("the row is there", __FILE__, __LINE__);
    }

    flow::ThreadRuntime runtime_;
    flow::StopSignal stop_{runtime_};
    flow::Waits waits_{runtime_, stop_};
    std::shared_ptr<memory::Server> source_, destination_;
    memory::Net net_;
    plan::Plan plan_;
};

}  // namespace

std::unique_ptr<EndUnderTest> make_memory_ends(bool key_ranges,
                                               const engine::SinkTraits& destination) {
    return std::make_unique<MemoryEnds>(key_ranges, destination);
}

}  // namespace cutover::contract
