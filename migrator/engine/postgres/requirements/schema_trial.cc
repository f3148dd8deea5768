#include "migrator/engine/postgres/requirements/schema_trial.h"

#include <algorithm>
#include <set>
#include <string>

#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/trust/statement_guard.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using engine::Trial;
using model::Error;
using model::ErrorClass;

namespace {

/// A step locks what it makes: a table, its out-of-line part, and the index of that.
constexpr std::int64_t kLocksPerStep = 3;

std::size_t most_steps(Connection& connection) {
    const Result row = connection.exec(
        "SELECT current_setting('max_locks_per_transaction')::bigint"
        " * (current_setting('max_connections')::bigint"
        " + current_setting('max_prepared_transactions')::bigint)");
    return static_cast<std::size_t>(
        std::max<std::int64_t>(1, row.integer(0, 0) / 2 / kLocksPerStep));
}

class Trying {
public:
    explicit Trying(Connection& connection) : connection_(connection) {}

    Trial run(const std::vector<plan::SchemaStep>& steps) {
        const std::size_t most = std::min(steps.size(), most_steps(connection_));
        connection_.exec("BEGIN");
        connection_.exec("SET LOCAL lock_timeout = '1s'");
        try {
            while (trial_.tried < most && try_step(steps[trial_.tried])) {
                ++trial_.tried;
            }
        } catch (...) {
            connection_.rollback();
            throw;
        }
        connection_.rollback();
        return std::move(trial_);
    }

private:
    /// False if the server has no room for more locks.
    bool try_step(const plan::SchemaStep& step) {
        if (failed_tables_.contains(step.table)) {
            return true;  // belongs to a table that could not be made
        }
        try {
            connection_.exec("SAVEPOINT cutover_trial");
            if (!step.before.empty()) {
                connection_.exec(step.before);
            }
            require_harmless(connection_, step.statement);
            connection_.exec(step.statement);
            connection_.exec("RELEASE SAVEPOINT cutover_trial");
        } catch (const Error& error) {
            if (error.error_class() == ErrorClass::connection) {
                throw;
            }
            connection_.exec("ROLLBACK TO SAVEPOINT cutover_trial");
            if (has_state(error, "53200")) {
                return false;
            }
            note(step, error);
        }
        return true;
    }

    void note(const plan::SchemaStep& step, const Error& error) {
        const bool table = !step.table.name.empty() && step.id.starts_with("table:");
        const bool follows = std::any_of(failed_.begin(), failed_.end(), [&](const auto& name) {
            return error.message().find(name) != std::string::npos;
        });
        const bool locked = has_state(error, "55P03");  // says nothing about the statement
        if (table) {
            failed_tables_.insert(step.table);
        }
        remember(step.object.substr(step.object.find(' ') + 1));
        if (!follows && !locked) {
            trial_.complaints.push_back(
                {step.object, error.message(), error.hint(), says_exists(error)});
        }
    }

    /// The server names some objects with their schemas and some without.
    void remember(const std::string& name) {
        failed_.insert("\"" + name + "\"");
        failed_.insert("\"" + name.substr(name.rfind('.') + 1) + "\"");
    }

    Connection& connection_;
    Trial trial_;
    std::set<model::ObjectName> failed_tables_;
    std::set<std::string> failed_;  ///< names, as the server quotes them in its messages
};

}  // namespace

Trial try_steps(Connection& connection, const std::vector<plan::SchemaStep>& steps) {
    return Trying(connection).run(steps);
}

}  // namespace cutover::postgres
