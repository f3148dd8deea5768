// What the tests of PostgreSQL as a source stand on: a table, a task, shorthands, on two server
// versions.
#pragma once

#include "migrator/engine/postgres/source.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <thread>

#include "migrator/engine/postgres/copy/chunk_reader.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"
#include "tests/live/engine/postgres/reading_support.h"
#include "tests/live/engine/postgres/replica.h"
#include "tests/support/postgres_rows.h"

namespace cutover::postgres {

using engine::ResumeMode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr model::Bytes kBatch{64 << 10};

template <typename Version>
class SourceTest : public tests::LivePostgresOf<Version::value> {
protected:
    void SetUp() override {
        tests::LivePostgresOf<Version::value>::SetUp();
        if (this->IsSkipped() || this->HasFatalFailure()) {
            return;
        }
        spec_.name = this->endpoint().database;
        spec_.source = this->accounts().mover.as_plan();
        spec_.objects.include = {"public"};
        name_ = "cutover_" + spec_.name;
        sql("CREATE TABLE item (id int PRIMARY KEY, name text)");
    }
    void TearDown() override {
        source_.reset();
        if (!name_.empty()) {
            make_source(runtime_, spec_)->drop_capture(plan_);
        }
        tests::LivePostgresOf<Version::value>::TearDown();
    }
    /// A session of the application.
    fixtures::PostgresClient application() const {
        return fixtures::PostgresClient(this->accounts().application);
    }
    /// Done by the application.
    void sql(const std::string& statement) { application().query(statement); }
    /// Looked at by the superuser, who sees every session.
    std::string value(const std::string& statement) { return this->connect().value(statement); }
    /// Leaves a transaction open with subtransactions that are released, rolled back and still
    /// open.
    void begin_subtransactions(fixtures::PostgresClient& open) {
        open.query("BEGIN; UPDATE item SET name = 'open' WHERE id = 3000");
        open.query(
            "SAVEPOINT a; INSERT INTO item VALUES (10003, 'sub'); UPDATE item SET name = 'sub' "
            "WHERE "
            "id BETWEEN 3001 AND 3010");
        open.query("SAVEPOINT b; INSERT INTO item VALUES (10004, 'subsub'); RELEASE b");
        open.query(
            "SAVEPOINT c; INSERT INTO item VALUES (10005, 'gone'); UPDATE item SET name = 'gone' "
            "WHERE "
            "id = 3020; ROLLBACK TO c");
        open.query(
            "SAVEPOINT d; DELETE FROM item WHERE id = 3030; INSERT INTO item VALUES (10006, 'late "
            "sub')");
    }
    /// What may happen to table item while nobody copies: ends the open transaction, changes,
    /// removes, moves, rolls back, vacuums, adds.
    void change_items(fixtures::PostgresClient& open) {
        open.query("UPDATE item SET name = 'after' WHERE id = 3040; COMMIT");
        sql("UPDATE item SET name = 'changed' WHERE id % 10 = 5");
        sql("DELETE FROM item WHERE id % 100 = 7; UPDATE item SET id = id + 20000 WHERE id BETWEEN "
            "2500 AND 2509");
        sql("BEGIN; SAVEPOINT s; UPDATE item SET name = 'never' WHERE id % 10 = 3; ROLLBACK TO s; "
            "COMMIT");
        sql("VACUUM item");
        sql("INSERT INTO item SELECT n, 'new' FROM generate_series(30001, 31000) n");
    }
    std::string slots() {
        return value("SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '" + name_ +
                     "%'");
    }
    std::string identity_of(const std::string& table) {
        return value("SELECT relreplident FROM pg_class WHERE oid = '" + table + "'::regclass");
    }
    engine::Source& source() {
        if (!source_) {
            source_ = make_source(runtime_, spec_);
        }
        return *source_;
    }
    void capture() {
        plan_ = plan_from_catalog(spec_);
        origin_ = source().create_capture(plan_);
    }
    const plan::TablePlan& table(const std::string& name) {
        for (const plan::TablePlan& known : plan_.tables) {
            if (known.source.name == name) {
                return known;
            }
        }
        throw std::runtime_error("no table " + name);
    }
    std::vector<model::Tuple> read(const plan::TablePlan& table, const model::Chunk& chunk,
                                   const model::ChunkView& first,
                                   model::ChunkView* view = nullptr) {
        const auto reader = source().open_reader();
        const model::ChunkView got = reader->open(table, chunk, first);
        if (view != nullptr) {
            *view = got;
        }
        model::RowBatch batch;
        std::vector<model::Tuple> out;
        for (bool more = true; more;) {
            batch.clear();
            more = reader->next(batch, {kBatch});
            std::vector<model::Tuple> rows = tests::rows_of(batch.bytes);
            EXPECT_EQ(rows.size(), batch.rows.count);
            out.insert(out.end(), rows.begin(), rows.end());
        }
        return out;
    }
    model::Error failure(const std::function<void()>& act) {
        try {
            act();
        } catch (const model::Error& error) {
            return error;
        }
        ADD_FAILURE() << "no error";
        return model::Error(model::ErrorClass::operation, "none", "");
    }
    std::set<std::string> rows_now(const std::string& table_name) {
        std::set<std::string> out;
        for (const auto& row : this->connect().query("SELECT * FROM " + table_name)) {
            std::string text = "(";
            for (std::size_t at = 0; at < row.size(); ++at) {
                text += (at == 0 ? "" : ",") + row[at].value_or("-");
            }
            out.insert(text + ")");
        }
        return out;
    }
    /// Everything the log has after `from`, put on `replica`.
    void replay(Replica& replica, const model::Position& from) {
        const auto stream = source().open_changes(plan_, origin_, from, engine::LogReader::task);
        const std::string end = source().current_position().text;
        source().heartbeat();
        std::vector<model::SourceTransaction> transactions;
        take_until_quiet(*stream, end, &transactions);
        model::Change change;
        for (model::SourceTransaction& transaction : transactions) {
            while (transaction.changes->next(change)) {
                replica.apply(change);
            }
        }
    }
    void wait_for(const std::string& condition) {
        for (int attempt = 0; attempt < 600; ++attempt) {
            if (value("SELECT " + condition) == "t") {
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        ADD_FAILURE() << "never: " << condition;
    }

    flow::ThreadRuntime runtime_;
    plan::TaskSpec spec_;
    plan::Plan plan_;
    std::string name_;
    engine::CaptureOrigin origin_;
    std::unique_ptr<engine::Source> source_;
};

using Versions = testing::Types<std::integral_constant<int, 15>, std::integral_constant<int, 17>>;
}  // namespace cutover::postgres
