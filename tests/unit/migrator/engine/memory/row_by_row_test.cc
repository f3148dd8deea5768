// A memory destination that is not atomic: what each write says to the server, and what comes late.
#include <gtest/gtest.h>

#include "migrator/engine/memory/change_applier.h"
#include "migrator/engine/memory/database/statement.h"
#include "migrator/engine/memory/sink.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"

namespace cutover::memory {
namespace {

using engine::ApplyMode;

/// Loses the connection at one call, which the server comes to only when it is told to.
class LateCall final : public Weather {
public:
    Fate fate(std::string_view call, CallKind kind) override {
        return kind == CallKind::commit && call == late ? Fate::lose_late : Fate::pass;
    }
    void later(const std::function<void()>& action) override { waiting.push_back(action); }

    std::string late;
    std::vector<std::function<void()>> waiting;
};

class RowByRow : public ::testing::Test {
protected:
    RowByRow() {
        server_->as_sink.atomic = false;
        net_.servers = {{"destination:1", server_}};
        net_.weather = &weather_;
        plan_.spec.name = "task";
        plan_.spec.destination.hosts = {{"destination", 1}};
        for (const char* statement :
             {"table app t id:int:notnull u:int", "key app t primary primary id",
              "key app t unique0 unique u"}) {
            execute(server_->database, statement, IfDone::refuse);
        }
        plan::TablePlan& table = plan_.tables.emplace_back();
        table.destination = {"app", "t"};
        table.key.columns = {{0, nullptr}};
        for (const char* column : {"id", "u"}) {
            table.columns.push_back({{}, column, "int"});
        }
        sink_ = std::make_unique<MemorySink>(runtime_, net_, plan_.spec, nullptr);
        control_ = sink_->open_control();
        control_->claim("task", "one", {});
    }

    static model::Tuple row(const std::string& id, const std::string& u) {
        model::Tuple row;
        row.append(model::CellKind::text, id);
        row.append(model::CellKind::text, u);
        return row;
    }
    void insert(const std::string& id, const std::string& u, ApplyMode mode) {
        const auto applier = sink_->open_applier(plan_);
        applier->begin();
        model::TableBatch batch;
        batch.inserts.push_back(row(id, u));
        const model::NetBatch net{{batch}};
        applier->stage(net);
        applier->apply({mode});
        applier->commit({{"1", "1"}, {}, 1, 1});
    }
    std::vector<std::string> rows() {
        Table& table = server_->database.table({"app", "t"});
        std::vector<std::string> rows;
        for (const std::size_t place : server_->database.scan(0, table)) {
            const model::Tuple& one = table.at(place).row;
            rows.push_back(std::string(one.bytes(0)) + ":" + std::string(one.bytes(1)));
        }
        std::sort(rows.begin(), rows.end());
        return rows;
    }

    flow::ThreadRuntime runtime_;
    LateCall weather_;
    std::shared_ptr<Server> server_ = std::make_shared<Server>("destination");
    Net net_;
    plan::Plan plan_;
    std::unique_ptr<MemorySink> sink_;
    std::unique_ptr<engine::Control> control_;
};

TEST_F(RowByRow, ARowThatIsLaterThanTheLogMakesRoomForOneThatNeedsItsValue) {
    insert("1", "5", ApplyMode::strict);
    EXPECT_THROW(insert("2", "5", ApplyMode::tolerant), model::Error);
    EXPECT_EQ(rows(), (std::vector<std::string>{"1:5"}));
    insert("2", "5", ApplyMode::replayed);
    EXPECT_EQ(rows(), (std::vector<std::string>{"2:5"}));
}

/// Whatever was sent under an earlier claim: a row, or the marker.
TEST_F(RowByRow, WhatComesLateIsRefusedUnderTheNextClaim) {
    for (const char* call : {"rows.put", "applier.marker"}) {
        weather_.late = call;
        EXPECT_THROW(insert("7", "7", ApplyMode::tolerant), model::Error) << call;
        weather_.late.clear();
        ASSERT_EQ(weather_.waiting.size(), 1u) << call;
        const std::vector<std::string> before = rows();
        control_.reset();
        control_ = sink_->open_control();
        const engine::TaskRecord record = control_->claim("task", "one", {});
        std::exchange(weather_.waiting, {}).front()();
        EXPECT_EQ(rows(), before) << call;
        EXPECT_EQ(control_->load("task")->marker.position, record.marker.position) << call;
    }
}

TEST_F(RowByRow, WhatComesLateUnderTheSameClaimComesTrue) {
    weather_.late = "rows.put";
    EXPECT_THROW(insert("7", "7", ApplyMode::tolerant), model::Error);
    EXPECT_TRUE(rows().empty());
    weather_.waiting.front()();
    EXPECT_EQ(rows(), (std::vector<std::string>{"7:7"}));
}

/// Whoever dies between the two leaves a table that its successor takes for its own.
TEST_F(RowByRow, ASchemaStepThatWasNotRecordedIsTakenForDone) {
    plan::SchemaStep step;
    step.id = "table:app.t";
    step.statement = "table app t id:int:notnull u:int";
    EXPECT_NO_THROW(sink_->run_schema_step(step));
    EXPECT_EQ(control_->done_schema_steps(), std::vector<std::string>{step.id});
    server_->as_sink.atomic = true;
    step.id = "table:again";
    EXPECT_THROW(sink_->run_schema_step(step), model::Error);
}

}  // namespace
}  // namespace cutover::memory
