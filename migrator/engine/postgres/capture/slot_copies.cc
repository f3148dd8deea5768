#include "migrator/engine/postgres/capture/slot_copies.h"

#include <utility>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr std::chrono::milliseconds kCopiesPause(500);
/// A primary holds a failover slot back for as long as a named standby does not follow.
constexpr std::chrono::seconds kMoveWithin(10);
/// How far a standby may lag behind the creation of the account before it is left out.
constexpr std::chrono::seconds kAdmittedWithin(30);

constexpr const char* kKeeper =
    "SELECT pg_is_in_recovery() AND coalesce(current_setting('sync_replication_slots', true), "
    "'off') = 'on'";
/// Through JSON: the columns are there from version 17 on.
constexpr const char* kKept =
    "SELECT coalesce((j->>'synced')::bool AND NOT (j->>'temporary')::bool"
    " AND j->>'invalidation_reason' IS NULL, false)"
    " FROM (SELECT to_jsonb(s) AS j FROM pg_replication_slots s WHERE slot_name = $1) t";

/// A slot moves at the places where the log says which transactions run. The server writes such a
/// place now and then; whoever makes a slot has it write one at once.
void have_running_transactions_logged(const plan::Endpoint& source, const std::string& name,
                                      const Attention& attention) {
    ConnectOptions options;
    options.application_name = name;
    options.attention = attention;
    options.replication = true;
    Connection replication = Connection::open(source, options);
    try {
        const std::string own = name + "_v" + std::to_string(replication.server_process());
        replication.exec_within("CREATE_REPLICATION_SLOT " + quote_identifier(own) +
                                    " TEMPORARY LOGICAL pgoutput (SNAPSHOT 'nothing')",
                                kMoveWithin);
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::connection ||
            error.error_class() == ErrorClass::stopped) {
            throw;
        }
        // No slot is free: then it takes until the server does it by itself.
    }
}

}  // namespace

SlotKeepers::SlotKeepers(const plan::Endpoint& source, const Attention& attention) {
    if (source.hosts.size() < 2) {
        return;  // the primary alone
    }
    for (const plan::HostPort& host : source.hosts) {
        plan::Endpoint one = source;
        one.hosts = {host};
        add(one, attention);
    }
}

/// A standby that refuses the account or the database has not replayed yet how they were created.
void SlotKeepers::add(const plan::Endpoint& host, const Attention& attention) {
    ConnectOptions options;
    options.attention = attention;
    options.application_name = "cutover slot copies";
    options.require_writable = false;
    options.connect_timeout = std::chrono::seconds(3);
    Patience wait(attention, host.display() + " to let the account in", kAdmittedWithin);
    while (true) {
        try {
            Connection connection = Connection::open(host, options);
            if (connection.exec(kKeeper).boolean(0, 0)) {
                standbys_.push_back(std::move(connection));
            }
            return;
        } catch (const Error& error) {
            if (error.error_class() == ErrorClass::stopped) {
                throw;
            }
            if (error.error_class() != ErrorClass::refused || !wait.pause(kCopiesPause)) {
                return;  // a server that is not there keeps nothing
            }
        }
    }
}

bool SlotKeepers::all_keep(const std::string& name) {
    for (Connection& standby : standbys_) {
        const Result row = standby.exec_params(kKept, {name});
        if (row.rows() == 0 || !row.boolean(0, 0)) {
            return false;
        }
    }
    return true;
}

void SlotKeepers::wait_for_copies(Connection& primary, const plan::Endpoint& source,
                                  const std::string& name, std::chrono::seconds patience) {
    Patience wait(primary.attention(), "standbys to keep a copy of replication slot '" + name + "'",
                  patience);
    const std::string move = "SELECT pg_replication_slot_advance(" + primary.quote_literal(name) +
                             ", pg_current_wal_flush_lsn())";
    try {
        while (!all_keep(name)) {
            have_running_transactions_logged(source, name, primary.attention());
            if (!primary.exec_within(move, kMoveWithin)) {
                return;  // a standby that is named in synchronized_standby_slots does not
                         // follow
            }
            if (!wait.pause(kCopiesPause)) {
                return;
            }
        }
    } catch (const Error& error) {
        if (error.error_class() != ErrorClass::connection) {
            throw;
        }
        // A standby went away; the primary's own loss is met by the next statement.
    }
}

}  // namespace cutover::postgres
