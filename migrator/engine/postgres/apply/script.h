// Several statements, including COPYs from memory, in as few round trips as the protocol allows:
// one for all statements that follow each other without a COPY, and one more per COPY. On a loaded
// machine or a long line, the round trips cost more than the rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "migrator/engine/postgres/apply/staged_rows.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

/// Which statement of a script failed, and how.
struct ScriptError {
    std::size_t statement = 0;
    model::Error error;
};

/// May be run once.
class Script {
public:
    /// Adds one statement. What `parameters` refer to must live until run() is done. Returns the
    /// statement's number.
    std::size_t add(std::string sql, BinaryParameters parameters = {});
    /// Adds `COPY ... FROM STDIN (FORMAT binary)` with rows that must live until run() is done.
    std::size_t add_copy(std::string sql, const StagedRows& rows);
    std::size_t size() const { return steps_.size(); }

    /// Executes all in order, in the transaction that is open or that the script opens; stops at
    /// the first that fails and throws ScriptError. Returns the rows that each statement touched.
    std::vector<std::uint64_t> run(Connection& connection) const;
    /// Like run(), but throws the model::Error itself.
    std::vector<std::uint64_t> execute(Connection& connection) const;

private:
    struct Step {
        std::string sql;
        BinaryParameters parameters;
        const StagedRows* rows = nullptr;  ///< for a COPY
    };
    using Touched = std::vector<std::uint64_t>;
    std::size_t end_of_run(std::size_t from) const;
    void run_simple(Connection& connection, std::size_t end, Touched& touched) const;
    void run_pipeline(Connection& connection, std::size_t end, Touched& touched) const;
    void send(Connection& connection, std::size_t end, std::size_t first) const;

    std::vector<Step> steps_;
};

}  // namespace cutover::postgres
