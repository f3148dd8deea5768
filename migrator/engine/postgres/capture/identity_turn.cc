#include "migrator/engine/postgres/capture/identity_turn.h"

#include <chrono>
#include <string>
#include <utility>

#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/error.h"
#include "migrator/model/wait.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr std::chrono::seconds kLimit(60);
constexpr std::chrono::milliseconds kTurnPause(200);
/// No task's slot begins like this.
constexpr const char* kTurn =
    "(SELECT 'identities_of_cutover_' || oid FROM pg_catalog.pg_database"
    " WHERE datname = pg_catalog.current_database())";

bool taken(Connection& connection) {
    try {
        connection.exec("SELECT pg_catalog.pg_create_physical_replication_slot(" +
                        std::string(kTurn) + ", false, true)");
        return true;
    } catch (const Error& error) {
        if (has_state(error, "42710")) {  // there is one
            return false;
        }
        throw;
    }
}

model::Holder holder(Connection& connection) {
    const Result row = connection.exec(
        "SELECT s.slot_name, s.active_pid, coalesce(a.application_name, '')"
        " FROM pg_catalog.pg_replication_slots s"
        " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid WHERE s.slot_name = " +
        std::string(kTurn));
    if (row.rows() == 0) {
        return {"process", "that has just ended", "", {}};
    }
    if (row.is_null(0, 1)) {
        return {"replication slot", row.text(0, 0), "", {}};
    }
    return {"process", row.text(0, 1), row.text(0, 2), {}};
}

}  // namespace

IdentityTurn::IdentityTurn(Connection session) : session_(std::move(session)) {
    Patience patience(session_.attention(),
                      "another task to have set or put back replica identities", kLimit);
    while (!taken(session_)) {
        const model::Holder other = holder(session_);
        if (!patience.pause(kTurnPause, {other})) {
            throw Error(ErrorClass::operation, "source.identities_held",
                        "another task is setting or putting back replica identities at the source "
                        "for more than a minute: " +
                            model::to_text(other),
                        "wait for it, or end that session (a slot that no session holds: drop it)");
        }
    }
}

void IdentityTurn::end() {
    session_.exec("SELECT pg_catalog.pg_drop_replication_slot(" + std::string(kTurn) + ")");
}

}  // namespace cutover::postgres
