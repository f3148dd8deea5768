// What the incremental stage decides after a resumed copy, on engine/memory: when rows are read
// again, who waits for it, and when a table counts as settled.
#include "migrator/stage/incremental_stage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "migrator/engine/memory/inspector.h"
#include "migrator/engine/memory/sink.h"
#include "migrator/engine/memory/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/route/memory_to_memory.h"

namespace cutover::stage {
namespace {

using model::Tuple;

constexpr int kRows = 60;
const std::string kTable = "wide";

/// `big` does not travel with an update that leaves it alone.
model::TableSchema schema() {
    model::TableSchema schema;
    schema.name = {"app", kTable};
    for (const auto& [name, type] : {std::pair{"id", "int"}, {"v", "int"}, {"big", "blob"}}) {
        schema.columns.emplace_back();
        schema.columns.back().name = name;
        schema.columns.back().type = type;
    }
    schema.keys.push_back({"primary", {0}, true, false, {}, false});
    return schema;
}

Tuple row(int id, int value) {
    Tuple out;
    out.append(model::CellKind::text, std::to_string(id));
    out.append(model::CellKind::text, std::to_string(value));
    out.append(model::CellKind::text, "big value of " + std::to_string(id));
    return out;
}

struct Silent final : Observer {
    void on(const Event&) override {}
};

/// A copy that has been resumed, as far as its table's receipt goes, and has left out every row.
class IncrementalStageTest : public ::testing::Test {
protected:
    IncrementalStageTest() {
        net_.servers = {{"source:1", source_server_}, {"destination:1", destination_server_}};
        source_server_->database.create_table(schema());
        spec_.name = "stage";
        spec_.source.engine = spec_.destination.engine = "memory";
        spec_.source.hosts = {{"source", 1}};
        spec_.destination.hosts = {{"destination", 1}};
        spec_.limits.lanes = 2;
        spec_.limits.batch_delay = std::chrono::minutes(1);
        for (int id = 1; id <= kRows; ++id) {
            write([&](memory::Database& source, memory::TransactionNumber own) {
                source.insert(own, table(source), row(id, 0));
            });
        }
        memory::MemoryInspector inspector(runtime_, net_, spec_.source);
        plan_ = route::MemoryToMemory().plan(spec_, inspector.catalog({}), {}).plan;
        source_ = std::make_unique<memory::MemorySource>(runtime_, net_, plan_.spec, &waits_);
        sink_ = std::make_unique<memory::MemorySink>(runtime_, net_, plan_.spec, &waits_);
        control_ = sink_->open_control();
        record_ = control_->claim(spec_.name, "one");
        for (const plan::SchemaStep& step : plan_.schema_steps) {
            sink_->run_schema_step(step);
        }
        record_.origin = source_->create_capture(plan_);
        record_.marker.position = record_.origin->start;
        control_->save(record_);
    }

    using Work = std::function<void(memory::Database&, memory::TransactionNumber)>;
    /// One committed transaction of the source.
    void write(const Work& work) {
        memory::Database& source = source_server_->database;
        {
            const std::lock_guard lock(source.mutex());
            const memory::TransactionNumber own = source.begin();
            work(source, own);
            source.commit(own, runtime_.wall());
        }
        source_server_->ring();
    }
    static memory::Table& table(memory::Database& database) {
        return database.table({"app", kTable});
    }
    static std::size_t place_of(memory::Database& source, memory::TransactionNumber own, int id) {
        for (const std::size_t place : source.scan(own, table(source))) {
            if (table(source).at(place).row.bytes(0) == std::to_string(id)) {
                return place;
            }
        }
        model::check_failed("the row is there", __FILE__, __LINE__);
    }
    void update(int id, int value) {
        write([&](memory::Database& source, memory::TransactionNumber own) {
            source.replace(own, table(source), place_of(source, own, id), row(id, value));
        });
    }
    void remove(int id) {
        write([&](memory::Database& source, memory::TransactionNumber own) {
            source.remove(own, table(source), place_of(source, own, id));
        });
    }

    /// The copy's receipt: under the first view, to be passed at the log's present end.
    void finish_copy() {
        const model::ChunkView first = source_->open_view(plan_);
        model::Chunk chunk = source_->split(plan_.tables[0], {1 << 20}).at(0);
        control_->add_chunks({chunk});
        const auto writer = sink_->open_writer(plan_);
        writer->begin(plan_.tables[0], chunk);
        model::ChunkReceipt receipt;
        receipt.chunk = chunk;
        receipt.view = {first.stamp, source_->current_position()};
        writer->commit(receipt);
        source_->close_view();
    }

    IncrementalEnd follow(const std::optional<model::Position>& pass_at = std::nullopt) {
        Context context{runtime_, plan_,     *source_,  *sink_,  *control_, record_, stop_,
                        waits_,   throttle_, throttle_, silent_, [] {},     [] {},   [] {}};
        IncrementalStage stage(context);
        stage.finish_at(source_->current_position());
        if (pass_at) {
            stage.pass_at(*pass_at);
        }
        source_->heartbeat();
        return stage.run();
    }

    model::Position now() { return source_->current_position(); }
    void source_heartbeat() { source_->heartbeat(); }

    static std::vector<Tuple> rows(memory::Server& server) {
        const std::lock_guard lock(server.database.mutex());
        std::vector<Tuple> rows;
        for (const std::size_t place : server.database.scan(0, table(server.database))) {
            rows.push_back(table(server.database).at(place).row);
        }
        std::sort(rows.begin(), rows.end(), [](const Tuple& left, const Tuple& right) {
            return left.bytes(0) < right.bytes(0);
        });
        return rows;
    }
    std::vector<Tuple> source_rows() { return rows(*source_server_); }
    std::vector<Tuple> destination_rows() { return rows(*destination_server_); }

    int calls(const std::string& name) {
        const std::lock_guard lock(mutex_);
        return calls_[name];
    }

    /// Done once, before the first rows are read again.
    std::function<void()> before_reading_;
    plan::Plan plan_;

private:
    void met(std::string_view point) {
        int passes = 0;
        {
            const std::lock_guard lock(mutex_);
            passes = ++calls_[std::string(point)];
        }
        if (point == "row_reader.read" && passes == 1 && before_reading_) {
            before_reading_();
        }
    }

    std::mutex mutex_;
    std::map<std::string, int> calls_;
    flow::ThreadRuntime runtime_{[this](std::string_view point) { met(point); }};
    flow::StopSignal stop_{runtime_};
    flow::Waits waits_{runtime_, stop_};
    flow::Throttle throttle_{runtime_, {}};
    Silent silent_;
    std::shared_ptr<memory::Server> source_server_ = std::make_shared<memory::Server>("source");
    std::shared_ptr<memory::Server> destination_server_ =
        std::make_shared<memory::Server>("destination");
    memory::Net net_;
    plan::TaskSpec spec_;
    std::unique_ptr<engine::Source> source_;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
    engine::TaskRecord record_;
};

TEST_F(IncrementalStageTest, ReadsTheRowsOfManyTransactionsAgainTogether) {
    for (int id = 1; id <= kRows; ++id) {
        update(id, id);
    }
    finish_copy();
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_EQ(source_rows(), destination_rows());
    EXPECT_LE(calls("row_reader.read"), 4);  // 1, 16 and the rest
    EXPECT_LE(calls("applier.begin"), 2);    // they are one batch, and the end may be another
}

/// Row 5 is gone at the source when it is read again, and the log does not say so yet. Were its
/// table settled at the position that its copy asks for, the update that comes next would be taken
/// for a contradiction.
TEST_F(IncrementalStageTest, SettlesNoTableWhileRowsOfItAreReadAgain) {
    plan_.spec.limits.batch_transactions = 1;
    update(5, 1);
    finish_copy();
    before_reading_ = [this] {
        update(5, 2);
        remove(5);
    };
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_TRUE(destination_rows().empty());  // the copy has left out the others
    EXPECT_GE(calls("row_reader.read"), 2);
}

/// Its rows may be of another shape, which only the plan of after the change can read.
TEST_F(IncrementalStageTest, TakesNoTransactionBehindAChangeOfTheSchema) {
    finish_copy();
    constexpr int kNew = kRows + 1;
    const auto insert = [&](int id) {
        write([&](memory::Database& source, memory::TransactionNumber own) {
            source.insert(own, table(source), row(id, 0));
        });
    };
    insert(kNew);
    source_heartbeat();
    const model::Position change = now();  // no transaction of ours ends there
    insert(kNew + 1);
    EXPECT_EQ(follow(change), IncrementalEnd::passed);
    EXPECT_EQ(destination_rows(), std::vector<Tuple>{row(kNew, 0)});  // the copy has no other
    EXPECT_EQ(follow(), IncrementalEnd::reached);
    EXPECT_EQ(destination_rows().size(), 2u);
}

}  // namespace
}  // namespace cutover::stage
