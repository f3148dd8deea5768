// Several statements, COPYs from memory among them, in as few round trips as the protocol allows:
// one, and one more per COPY. On a loaded machine or a long line it is the round trips that cost,
// not the rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/engine/postgres/connection.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

/// Which statement of a script failed, and how.
struct ScriptError {
    std::size_t statement = 0;
    model::Error error;
};

/// Used once.
class Script {
public:
    /// Returns the statement's number.
    std::size_t add(const std::string& sql);
    /// `COPY ... FROM STDIN (FORMAT binary)` with rows that must live until run() is done.
    std::size_t add_copy(const std::string& sql, std::string_view rows);
    std::size_t size() const { return steps_.size(); }

    /// Executes all in order, in the transaction that is open or that the script opens; stops at
    /// the first that fails and throws ScriptError. Returns, per statement, the rows it touched.
    /// Requires: no statement holds parameters.
    std::vector<std::uint64_t> run(Connection& connection) const;
    /// As run(), but throws the model::Error itself.
    std::vector<std::uint64_t> execute(Connection& connection) const;

private:
    struct Step {
        std::string sql;
        std::string_view rows;
        bool copy = false;
    };
    std::vector<Step> steps_;
};

}  // namespace cutover::postgres
