#include "tests/contract/postgres_ends.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "migrator/engine/postgres/copy/copy_rows.h"
#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/route/postgres_to_postgres.h"
#include "tests/support/live_postgres.h"
#include "tests/support/lying_server.h"
#include "tests/support/postgres_rows.h"

namespace cutover::contract {

namespace {

using fixtures::PostgresClient;
using model::CellKind;
using model::Tuple;

constexpr const char* kSourceTables =
    "CREATE SCHEMA app;"
    "CREATE TABLE app.keyed (id int PRIMARY KEY, name text);"
    "CREATE TABLE app.heap (v int, name text);"
    "CREATE TABLE app.filtered (id int PRIMARY KEY, v int)";

std::string name_of(TableName table) {
    return std::string("app.") + table_text(table);
}

std::string first_column(TableName table) {
    return table == TableName::heap ? "v" : "id";
}

/// `('1', NULL)`; the server makes the columns' types of the texts.
std::string values_of(const Row& row) {
    std::string out;
    for (const auto& cell : row) {
        out += out.empty() ? "(" : ", ";
        out += cell ? fixtures::quoted_text(*cell) : "NULL";
    }
    return out + ")";
}

bool is_number(const plan::TablePlan& table, std::size_t column) {
    return table.columns[column].source.type == "integer";
}

void append_cell(Tuple& tuple, const plan::TablePlan& table, std::size_t column,
                 const std::optional<std::string>& cell) {
    if (!cell) {
        tuple.append(CellKind::null);
    } else if (is_number(table, column)) {
        tuple.append(CellKind::binary, tests::int4(std::stoi(*cell)));
    } else {
        tuple.append(CellKind::binary, *cell);  // text is its own binary form
    }
}

Tuple to_tuple(const plan::TablePlan& table, const Row& row) {
    Tuple tuple;
    for (std::size_t column = 0; column < row.size(); ++column) {
        append_cell(tuple, table, column, row[column]);
    }
    return tuple;
}

Tuple to_key(const plan::TablePlan& table, const Row& key) {
    Tuple tuple;
    for (std::size_t at = 0; at < key.size(); ++at) {
        append_cell(tuple, table, table.key.columns[at].column, key[at]);
    }
    return tuple;
}

Row to_row(const plan::TablePlan& table, const Tuple& tuple) {
    Row row;
    for (std::size_t column = 0; column < tuple.size(); ++column) {
        const std::string_view bytes = tuple.bytes(column);
        if (tuple.kind(column) == CellKind::null || tuple.kind(column) == CellKind::absent) {
            row.emplace_back();
        } else if (tuple.kind(column) == CellKind::binary && is_number(table, column)) {
            row.emplace_back(std::to_string(static_cast<std::int32_t>(tests::number_of(bytes))));
        } else {
            row.emplace_back(bytes);
        }
    }
    return row;
}

class PostgresEnds final : public EndUnderTest {
public:
    explicit PostgresEnds(int version) : databases_(version) {}

    /// False if there is no server.
    bool start() {
        if (!databases_.find_server()) {
            return false;
        }
        source_ = databases_.make_source("source");
        destination_ = databases_.make_destination("destination");
        PostgresClient(source_.application).query(kSourceTables);
        plan::TaskSpec spec;
        spec.name = "contract";
        spec.source = source_.mover.as_plan();
        spec.destination = destination_.as_plan();
        spec.filters[{"app", "filtered"}] = "v >= 10";
        engine::Planned planned = route::PostgresToPostgres().plan(
            spec, postgres::make_inspector(spec.source)->catalog({}),
            postgres::make_inspector(spec.destination)->catalog({}));
        for (const model::Finding& finding : planned.findings) {
            ADD_FAILURE() << "a finding on the contract's tables: " << finding.found;
        }
        plan_ = std::move(planned.plan);
        return true;
    }

    flow::Runtime& runtime() override { return runtime_; }
    flow::StopSignal& stop() override { return stop_; }
    flow::Waits& waits() override { return waits_; }
    const plan::Plan& plan() override { return plan_; }
    std::unique_ptr<engine::Source> open_source() override {
        return postgres::make_source(runtime_, plan_.spec, &waits_);
    }
    std::unique_ptr<engine::Sink> open_sink() override {
        return postgres::make_sink(runtime_, plan_.spec, &waits_);
    }

    int begin() override {
        const int number = ++last_transaction_;
        transactions_.emplace(number, source_.application).first->second.query("BEGIN");
        return number;
    }
    void insert(int transaction, TableName name, const Row& row) override {
        run(transaction, "INSERT INTO " + name_of(name) + " VALUES " + values_of(row));
    }
    void update(int transaction, TableName name, const std::string& first,
                const Row& row) override {
        const std::string columns = name == TableName::filtered ? "(id, v)"
                                    : name == TableName::heap   ? "(v, name)"
                                                                : "(id, name)";
        run(transaction,
            "UPDATE " + name_of(name) + " SET " + columns + " = " + values_of(row) +
                where_first(name, first),
            true);
    }
    void remove(int transaction, TableName name, const std::string& first) override {
        run(transaction, "DELETE FROM " + name_of(name) + where_first(name, first), true);
    }
    void truncate(int transaction, TableName name) override {
        run(transaction, "TRUNCATE " + name_of(name));
    }
    void commit(int transaction) override { end(transaction, "COMMIT"); }
    void rollback(int transaction) override { end(transaction, "ROLLBACK"); }

    bool may_write(TableName name) override {
        try {
            PostgresClient(source_.application)
                .query("BEGIN; INSERT INTO " + name_of(name) + " VALUES (999, '1'); ROLLBACK");
        } catch (const model::Error&) {
            return false;
        }
        return true;
    }
    void occupy(TableName name) override {
        foreigner_.emplace(destination_).query("BEGIN");
        foreigner_->query("LOCK TABLE " + name_of(name) + " IN ROW EXCLUSIVE MODE");
    }

    bool refer() override {
        PostgresClient(destination_)
            .query(
                "ALTER TABLE app.filtered ADD FOREIGN KEY (v) REFERENCES app.keyed (id) NOT VALID");
        return true;
    }

    void occupy_control() override {
        as_another(destination_,
                   "CREATE SCHEMA cutover; CREATE TABLE cutover.task (name text PRIMARY KEY)");
    }
    void occupy_capture() override {
        as_another(source_.application, "CREATE PUBLICATION cutover_contract");
    }

    void exchange(TableName name) override {
        const std::string table = name_of(name);
        PostgresClient(source_.application)
            .query("ALTER TABLE " + table + " RENAME TO planned; CREATE TABLE " + table +
                   " (LIKE app.planned INCLUDING ALL)");
    }
    Trapped ask_for(const std::string& secret) override {
        tests::LyingServer server("N", tests::wire_request(3));
        plan::TaskSpec spec = plan_.spec;
        spec.source = server.endpoint(plan::TlsMode::prefer, secret);
        Trapped out;
        try {
            postgres::make_source(runtime_, spec, &waits_)->current_position();
        } catch (const model::Error& error) {
            out.told = error.what();
        }
        out.heard = server.heard();
        return out;
    }

    std::vector<Row> destination_rows(TableName name) override {
        std::vector<Row> rows =
            PostgresClient(destination_).query("SELECT * FROM " + name_of(name));
        std::sort(rows.begin(), rows.end());
        return rows;
    }

    std::vector<Row> rows(const plan::TablePlan& table, const model::RowBatch& batch) override {
        std::vector<Row> rows;
        for (const Tuple& tuple : tests::rows_of(batch.bytes)) {
            rows.push_back(to_row(table, tuple));
        }
        return rows;
    }
    Row row(const plan::TablePlan& table, const Tuple& tuple) override {
        return to_row(table, tuple);
    }
    model::RowBatch destination_batch(const plan::TablePlan& table,
                                      const std::vector<Row>& rows) override {
        postgres::CopyRows out;
        for (const Row& row : rows) {
            out.begin_row(row.size());
            out.cells(to_tuple(table, row));
        }
        return {out.bytes(), {out.rows()}};
    }
    Tuple destination_tuple(const plan::TablePlan& table, const Row& row) override {
        return to_tuple(table, row);
    }
    Tuple destination_key(const plan::TablePlan& table, const Row& key) override {
        return to_key(table, key);
    }
    Tuple source_key(const plan::TablePlan& table, const Row& key) override {
        return to_key(table, key);
    }

private:
    static std::string where_first(TableName name, const std::string& first) {
        return " WHERE " + first_column(name) + " = " + fixtures::quoted_text(first);
    }
    /// A role of every server's that may do next to nothing; what it makes goes with the database.
    void as_another(const fixtures::PostgresEndpoint& end, const std::string& statements) {
        databases_.server()
            .connect(end.database)
            .query("GRANT CREATE ON DATABASE " + fixtures::quoted_name(end.database) +
                   " TO pg_monitor; SET ROLE pg_monitor; " + statements);
    }
    /// `one_row`: the statement must meet exactly one.
    void run(int transaction, const std::string& statement, bool one_row = false) {
        PostgresClient& client = transactions_.at(transaction);
        if (one_row) {
            const auto met = client.query(statement + " RETURNING 1");
            CUTOVER_CHECK(met.size() == 1);
        } else {
            client.query(statement);
        }
    }
    void end(int transaction, const std::string& statement) {
        transactions_.at(transaction).query(statement);
        transactions_.erase(transaction);
    }

    flow::ThreadRuntime runtime_;
    flow::StopSignal stop_{runtime_};
    flow::Waits waits_{runtime_, stop_};
    tests::TestDatabases databases_;
    tests::SourceAccounts source_;
    fixtures::PostgresEndpoint destination_;
    std::map<int, PostgresClient> transactions_;
    int last_transaction_ = 0;
    std::optional<PostgresClient> foreigner_;
    plan::Plan plan_;
};

}  // namespace

std::unique_ptr<EndUnderTest> make_postgres_ends(int version) {
    auto ends = std::make_unique<PostgresEnds>(version);
    return ends->start() ? std::move(ends) : nullptr;
}

}  // namespace cutover::contract
