#include "migrator/engine/postgres/session/session_limit.h"

#include <string>

#include "migrator/model/error.h"

namespace cutover::postgres {

SessionLimit::SessionLimit(Connection& connection, Kind kind, std::chrono::milliseconds limit)
    : connection_(connection), setting_(kind == Kind::lock ? "lock_timeout" : "statement_timeout") {
    connection_.exec(std::string("SET ") + setting_ + " = " + std::to_string(limit.count()));
}

SessionLimit::~SessionLimit() {
    connection_.rollback();  // a failed transaction takes no statement
    if (!connection_.alive()) {
        return;
    }
    try {
        connection_.exec(std::string("SET ") + setting_ + " = 0");
    } catch (const model::Error&) {
        connection_.close();
    }
}

}  // namespace cutover::postgres
