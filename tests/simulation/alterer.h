// Somebody who changes tables of the source while they are written to and copied: columns come, go,
// are renamed and exchange their names. Those that a table was made with stay what they are.
#pragma once

#include "migrator/engine/memory/database/server.h"
#include "tests/simulation/shape.h"
#include "tests/simulation/simulated_runtime.h"

namespace cutover::simulation {

class Alterer {
public:
    Alterer(const Shape& shape, memory::Server& source, const memory::Server& destination,
            Process& world);
    /// Runs in a fiber of its own until it is through or `over`.
    void run(const bool& over);

private:
    bool rows_are_moved() const;
    memory::Outcome alter(const TableShape& shape);
    memory::Outcome add(memory::Table& table);
    memory::Outcome exchange(memory::Table& table, std::size_t first, std::size_t second);
    std::string free_name(const memory::Table& table);

    const Shape& shape_;
    memory::Server& source_;
    memory::Database& database_;
    const memory::Server& destination_;
    Process& world_;
    Random random_;
};

}  // namespace cutover::simulation
