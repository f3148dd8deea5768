// Somebody else at the destination who holds the rows of one table and then of the next, in a
// transaction that changes nothing: a report, say, that locks what it reads. A lane can come to
// wait for it while it waits for another lane.
#pragma once

#include "migrator/engine/memory/database/server.h"
#include "tests/simulation/random.h"
#include "tests/simulation/shape.h"
#include "tests/simulation/simulated_runtime.h"

namespace cutover::simulation {

class Bystander {
public:
    Bystander(const Shape& shape, memory::Server& destination, Process& world);

    /// In a fiber of the world, until `over`.
    void run(const bool& over);

private:
    void hold_tables(const bool& over);
    /// Waits for whoever has a row. False: it is given up, as the server is gone or because whoever
    /// has the row waits for this.
    bool lock_rows(memory::TransactionNumber own, const TableShape& shape, const bool& over);

    const Shape& shape_;
    memory::Server& destination_;
    Process& world_;
    Random random_;
};

}  // namespace cutover::simulation
