// How a connection of connection.h is made: host by host, with settings under which each value has
// only one form.
#include <libpq-fe.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "migrator/engine/postgres/session/connecting.h"
#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// Settings under which each value has only one form. search_path holds only what the system needs,
/// so that every name we see or use is qualified and no temporary table comes before the system's.
constexpr Statements kSession =
    "SET client_encoding='UTF8'; SET timezone='UTC'; SET datestyle='ISO, YMD'; SET "
    "intervalstyle='postgres';"
    " SET extra_float_digits=3; SET bytea_output='hex'; SET lc_monetary='C'; SET "
    "xmloption='content';"
    " SET statement_timeout=0; SET lock_timeout=0; SET idle_in_transaction_session_timeout=0;"
    " SET search_path=pg_catalog, pg_temp; SET quote_all_identifiers=off; SET row_security=off;"
    " SET synchronize_seqscans=off; SET standard_conforming_strings=on;"
    " SET default_transaction_isolation='read committed'; SET default_transaction_deferrable=off;"
    // A source is frozen by switching this on for its database; what the task writes there (its
    // slot, its publication, heartbeats) does not belong to the application's data.
    " SET default_transaction_read_only=off;"
    // Settings of later versions: timeouts that would end a long copy or a waiting session; and
    // views, which run their owner's code: only the system's views are read here.
    " SELECT set_config(name, CASE name WHEN 'restrict_nonsystem_relation_kind' THEN 'view' ELSE "
    "'0'"
    " END, false) FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout',"
    " 'restrict_nonsystem_relation_kind')";

constexpr std::chrono::seconds kSettleWithin(30);

void no_notice(void*, const pg_result*) {}

/// Hosts that this process has been connected to, so their names are right. For any thread.
class ReachedHosts {
public:
    void add(const std::string& host) {
        const std::lock_guard lock(mutex_);
        hosts_.insert(host);
    }
    bool contains(const std::string& host) const {
        const std::lock_guard lock(mutex_);
        return hosts_.contains(host);
    }

private:
    mutable std::mutex mutex_;
    std::set<std::string> hosts_;
};

ReachedHosts& reached_hosts() {
    static ReachedHosts hosts;
    return hosts;
}

}  // namespace

/// Connects to the one host of `one`. On behalf of a task it uses a thread of its own, because
/// neither a name service nor a server can be interrupted while it is asked.
Connection::Handle Connection::connect(const plan::Endpoint& one, const ConnectOptions& options) {
    flow::Waits* waits = options.attention.waits;
    if (waits == nullptr) {
        return Handle(connect_host(one, one.hosts.front(), options));
    }
    const std::string what = "a connection to " + one.display();
    flow::Notice notice(waits);
    auto made = aside<std::pair<Handle, std::optional<Error>>>(
        [one, options]() -> std::pair<Handle, std::optional<Error>> {
            try {
                return {Handle(connect_host(one, one.hosts.front(), options)), std::nullopt};
            } catch (const Error& error) {
                return {nullptr, error};
            }
        },
        [&] {
            if (notice.due()) {
                notice.tell(options.attention.end, what, {});
            }
            return !waits->over();
        });
    if (!made) {
        waits->throw_if_over(what);
    }
    if (made->second) {
        throw Error(*made->second);
    }
    return std::move(made->first);
}

Connection Connection::open_host(const plan::Endpoint& endpoint, const plan::HostPort& host,
                                 const ConnectOptions& options) {
    plan::Endpoint one = endpoint;
    one.hosts = {host};
    Connection connection(connect(one, options), options.replication);
    pg_conn* raw = connection.raw();
    PQsetNoticeReceiver(raw, no_notice, nullptr);
    if (PQstatus(raw) != CONNECTION_OK) {
        throw connection_error(raw, one.display(), reached_hosts().contains(host.host));
    }
    reached_hosts().add(host.host);
    PQsetnonblocking(raw, 1);
    if (options.attention.waits != nullptr) {
        connection.attention_ = options.attention;
        connection.host_ = std::make_shared<const plan::Endpoint>(std::move(one));
    }
    connection.settle();
    return connection;
}

/// The time is limited, because a server that is stopped takes a connection and never answers.
void Connection::settle() {
    const bool sent = PQsendQuery(raw(), kSession.text()) == 1;
    if (!finish_within(sent, kSession.text(), kSettleWithin)) {
        throw Error(ErrorClass::connection, "postgres.silent",
                    "the server took the connection and does not answer",
                    "look at its load and at its log");
    }
}

void Connection::renew(const std::string& application_name) {
    exec("DISCARD ALL");  // a statement by itself: it is not allowed among several
    settle();
    exec("SET application_name=" + quote_literal(application_name));
}

/// Tries host by host instead of passing libpq the list: libpq gives up on all of them if the first
/// takes the connection and drops it, as a balancer in front of a dead server does.
Connection Connection::open(const plan::Endpoint& endpoint, const ConnectOptions& options) {
    std::vector<Error> errors;
    for (const plan::HostPort& host : endpoint.hosts) {
        try {
            return open_host(endpoint, host, options);
        } catch (const Error& error) {
            errors.push_back(error);
        }
    }
    CUTOVER_CHECK(!errors.empty());
    // Waiting is worthwhile if any of them may come back.
    const auto away = std::find_if(errors.begin(), errors.end(),
                                   [](const Error& error) { return error.may_retry(); });
    const Error& first = away == errors.end() ? errors.front() : *away;
    if (errors.size() == 1) {
        throw first;
    }
    std::string all;
    for (const Error& error : errors) {
        all += (all.empty() ? "" : "; ") + error.message();
    }
    throw Error(first.error_class(), first.code(), all, first.hint());
}

}  // namespace cutover::postgres
