// A destination database with a claimed task, for the tests of the PostgreSQL sink's parts. Plans
// are made by hand from the destination's own catalog: source and destination have the same names
// and types.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/sink.h"
#include "migrator/model/error.h"
#include "migrator/plan/plan.h"
#include "tests/support/live_postgres.h"

namespace cutover::postgres {

class SinkTest : public tests::LivePostgres {
protected:
    void SetUp() override;
    /// Opens sink and control anew, as another process with this spec would.
    void open_sink(const plan::TaskSpec& spec);

    /// Runs SQL at the destination as a bystander.
    void sql(const std::string& statements);
    /// The rows of a query, cells joined by `|`, rows by newlines; NULL is `-`.
    std::string rows(const std::string& query);
    /// The first row of a query as a tuple in binary form.
    model::Tuple tuple(const std::string& query);
    /// As tuple(), with the cells of these columns absent.
    model::Tuple tuple_without(const std::string& query, const std::vector<std::size_t>& absent);
    /// All rows of a query as one batch of a full copy.
    model::RowBatch batch(const std::string& query);

    /// A plan over these tables (`schema.name`), in this order.
    plan::Plan plan_of(const std::vector<std::string>& tables);
    model::Chunk chunk(model::TableIndex table, std::uint32_t number) const;
    model::ChunkReceipt receipt(const model::Chunk& chunk, std::uint64_t rows) const;
    model::Marker marker(const std::string& position, std::uint64_t transactions = 1) const;
    std::vector<engine::ApplyMode> modes(const plan::Plan& plan, engine::ApplyMode mode) const;

    /// One whole batch: begin, stage, apply, commit.
    std::vector<engine::MissingBase> apply(engine::ChangeApplier& applier, const plan::Plan& plan,
                                           const model::NetBatch& batch,
                                           engine::ApplyMode mode = engine::ApplyMode::strict);

    plan::TaskSpec spec_;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
    std::optional<Connection> bystander_;
    fixtures::PostgresEndpoint destination_;
    std::optional<fixtures::PostgresClient> owner_;  ///< who makes the tables: the same account
};

/// The model::Error that `body` throws; fails the test if there is none.
template <typename Body>
model::Error error_of(Body body) {
    try {
        body();
    } catch (const model::Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error was thrown";
    return model::Error(model::ErrorClass::operation, "none", "none");
}

}  // namespace cutover::postgres
