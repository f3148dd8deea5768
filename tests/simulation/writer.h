// An application at the source: random transactions with hot keys, key changes, swaps of unique
// values, savepoints, aborts, truncates, rows that come and go in one transaction. It waits for row
// locks a little, then gives up. Its commit may stay invisible for a while after it is in the log.
#pragma once

#include <map>

#include "migrator/engine/memory/database/server.h"
#include "tests/simulation/shape.h"
#include "tests/simulation/simulated_runtime.h"

namespace cutover::simulation {

/// Fills a table before the task begins.
void load_rows(memory::Server& server, const TableShape& table, std::uint64_t rows, Random& random);

/// When each transaction has first changed something.
using FirstWrites = std::map<memory::TransactionNumber, model::Instant>;

class Writer {
public:
    /// `first_writes` is shared by all writers.
    Writer(const Shape& shape, memory::Server& server, Process& world, std::uint64_t number,
           FirstWrites& first_writes);
    /// Runs in a fiber of its own.
    void run();

private:
    /// False: give the transaction up.
    bool operate();
    bool insert(memory::Table& table, const TableShape& shape);
    bool update(memory::Table& table);
    bool remove(memory::Table& table, const TableShape& shape);
    bool swap_unique(memory::Table& table, const TableShape& shape);
    bool swap_keys(memory::Table& table, const TableShape& shape);
    bool truncate();
    bool replace(memory::Table& table, std::size_t place, model::Tuple row);
    void transact();
    /// Ends with a commit, an abort, or nothing if the server has forgotten the transaction.
    void end(bool commit);
    bool alive() const { return server_.epoch == epoch_ && !world_.dead(); }
    bool pause();
    void note_first_write();
    std::optional<std::size_t> pick_row(const memory::Table& table);
    template <typename Statement>
    bool try_statement(Statement statement);

    const Shape& shape_;
    memory::Server& server_;
    memory::Database& database_;
    Process& world_;
    Random random_;
    FirstWrites& first_writes_;
    std::uint64_t epoch_ = 0;
    memory::TransactionNumber transaction_ = 0;
    /// The row of each table that this writer removed last: another row may take its unique value.
    std::map<const memory::Table*, model::Tuple> let_go_;
};

}  // namespace cutover::simulation
