#include "migrator/engine/postgres/session/attention.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/session/error.h"

namespace cutover::postgres {

using model::Error;
using model::Holder;

namespace {

constexpr std::chrono::milliseconds kSlice(100);
constexpr std::chrono::milliseconds kLookAnyway(500);
constexpr std::chrono::seconds kLookWithin(2);

/// The sessions that block a session and those that block them, transactions without a session, and
/// the standbys that their commits, or its own, wait for. Does not tell what they run.
constexpr const char* kHolders = R"(
WITH RECURSIVE blocker (pid) AS (
    SELECT p.pid FROM unnest(pg_blocking_pids($1::int)) p (pid)
    UNION
    SELECT p.pid FROM blocker b CROSS JOIN LATERAL unnest(pg_blocking_pids(b.pid)) p (pid)
     WHERE b.pid <> 0)
SELECT 'process', b.pid::text, coalesce(a.application_name, ''),
       extract(epoch FROM clock_timestamp() - a.xact_start)::bigint
  FROM blocker b LEFT JOIN pg_stat_activity a ON a.pid = b.pid WHERE b.pid NOT IN (0, $1::int)
UNION ALL
SELECT DISTINCT 'prepared transaction', quote_literal(p.gid), '',
       extract(epoch FROM clock_timestamp() - p.prepared)::bigint
  FROM pg_locks w
  JOIN pg_locks h ON h.pid IS NULL AND h.granted AND h.locktype = w.locktype
   AND (h.database, h.relation, h.page, h.tuple, h.transactionid::text, h.classid, h.objid, h.objsubid)
       IS NOT DISTINCT FROM
       (w.database, w.relation, w.page, w.tuple, w.transactionid::text, w.classid, w.objid, w.objsubid)
  JOIN pg_locks x ON x.pid IS NULL AND x.locktype = 'transactionid'
   AND x.virtualtransaction = h.virtualtransaction
  JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
 WHERE w.pid = $1::int AND NOT w.granted
UNION ALL
SELECT 'synchronous standby', quote_literal(current_setting('synchronous_standby_names')), '', NULL
 WHERE EXISTS (SELECT FROM pg_stat_activity a WHERE a.wait_event = 'SyncRep'
                  AND (a.pid = $1::int OR a.pid IN (SELECT pid FROM blocker))))";

/// Uses a session of its own at the same server, since the one that waits cannot be asked. If none
/// can be opened, the result is a holder without a name (Holder::id).
std::vector<Holder> holders_of(const Connection& waiting) {
    ConnectOptions options;
    options.application_name = "cutover who waits";
    options.require_writable = false;
    options.connect_timeout = kLookWithin;
    options.attention = waiting.attention();
    options.attention.looks = false;
    std::vector<Holder> out;
    try {
        Connection look = Connection::open(waiting.same_host(), options);
        look.exec("SET statement_timeout = '2s'");
        const Result rows = look.exec_params(kHolders, {std::to_string(waiting.server_process())});
        for (int row = 0; row < rows.rows(); ++row) {
            Holder holder{rows.text(row, 0), rows.text(row, 1), rows.text(row, 2), std::nullopt};
            if (!rows.is_null(row, 3)) {
                holder.open_for = std::chrono::seconds(rows.integer(row, 3));
            }
            out.push_back(std::move(holder));
        }
    } catch (const Error& error) {
        out = {{"who is in the way could not be asked: " + error.message(), "", "", std::nullopt}};
    }
    return out;
}

/// What ends the wait if none of those sessions can: they have done their part.
std::string remark_on(const std::vector<Holder>& holders) {
    const auto standby = std::find_if(holders.begin(), holders.end(), [](const Holder& holder) {
        return holder.kind == "synchronous standby";
    });
    return standby == holders.end()
               ? ""
               : " (a commit waits for a synchronous standby, wait event SyncRep: bring one of "
                 "those that synchronous_standby_names lists back, or take them out of it)";
}

}  // namespace

std::string ServerCall::what() const {
    return connection_.purpose().empty() ? "the answer to: " + statement_head(sql_)
                                         : connection_.purpose();
}

void ServerCall::wait(bool writes) {
    pollfd socket{PQsocket(connection_.raw()), POLLIN, 0};
    if (writes) {
        socket.events |= POLLOUT;
    }
    const bool quiet = ::poll(&socket, 1, static_cast<int>(kSlice.count())) == 0;
    // an answer may also be endless
    if (quiet || Clock::now() - looked_at_ >= kLookAnyway) {
        looked_at_ = Clock::now();
        look_up();
    }
}

void ServerCall::look_up() {
    if (deadline_ && !late_ && Clock::now() >= *deadline_) {
        late_ = true;
        connection_.cancel();
    }
    flow::Waits* waits = connection_.attention().waits;
    if (waits == nullptr) {
        return;
    }
    if (waits->over()) {
        connection_.cancel();
        connection_.close();
        waits->throw_if_over(what());
    }
    if (!notice_) {
        notice_.emplace(waits);
    }
    if (notice_->due()) {
        std::vector<Holder> holders;
        if (connection_.attention().looks) {
            holders = holders_of(connection_);
        }
        notice_->tell(connection_.attention().end, what() + remark_on(holders), holders);
    }
}

Patience::Patience(const Attention& attention, std::string what, std::chrono::milliseconds limit)
    : attention_(attention),
      what_(std::move(what)),
      deadline_(Clock::now() + limit),
      notice_(attention.waits) {}

bool Patience::pause(std::chrono::milliseconds duration, std::vector<Holder> holders) {
    if (Clock::now() >= deadline_) {
        return false;
    }
    if (notice_.due()) {
        notice_.tell(attention_.end, what_, std::move(holders));
    }
    const Clock::time_point until = Clock::now() + duration;
    while (Clock::now() < until) {
        if (attention_.waits != nullptr) {
            attention_.waits->throw_if_over(what_);
        }
        std::this_thread::sleep_for(std::min<Clock::duration>(kSlice, until - Clock::now()));
    }
    return true;
}

}  // namespace cutover::postgres
