// A connection to a memory server. Every call passes through here: it may be interrupted by other
// workers, take time, fail or lose the connection as the weather says. What a lost or ended session
// had open at the server (a transaction, views, a task's lock) the server rolls back and lets go.
//
// One thread. Calls of a process that has been killed end in the runtime's own exception, without
// effect.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/engine/memory/database/server.h"

namespace cutover::memory {

/// Thrown by the work of a commit: nothing of the transaction is wanted after all. Not an error.
struct RollBack {};

class Session {
public:
    /// Connects at the first call. `net` and `runtime` must outlive it. `end` begins the calls'
    /// names.
    Session(flow::Runtime& runtime, const Net& net, plan::Endpoint endpoint, std::string end);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// One call: `work` runs with the database locked and must not wait. Throws: connection,
    /// operation (by the weather; the open transaction is gone), and whatever `work` throws. Of
    /// kind `commit`, without a transaction: its outcome may stay unknown as commit()'s, and `work`
    /// must own what it uses; until the server runs it, the call's name is in Server::under_way.
    void call(std::string_view name, CallKind kind, const std::function<void(Server&)>& work);
    /// Ends the open transaction: `work` runs with the database locked, then the transaction is
    /// committed. If `work` throws, it is rolled back. The outcome may stay unknown (throws
    /// connection); then the server may run `work` later, so it must own what it uses.
    void commit(std::string_view name, const std::function<void(Server&)>& work);
    /// A statement that may have to wait for another transaction: `work` is called until it is not
    /// blocked. Throws: operation if it waits too long. Kinds as of call(): where it is a
    /// transaction of its own, it is a commit.
    void statement(std::string_view name, const std::function<Outcome(Server&)>& work,
                   CallKind kind = CallKind::write);

    void begin();
    /// Throws: connection if it is gone (lost, or rolled back after a failure).
    TransactionNumber transaction() const;
    bool in_transaction() const { return transaction_ != 0; }
    /// Never throws, never waits.
    void rollback() noexcept;
    /// A view that ends with the session. Within call().
    std::uint64_t open_view(Server& server, const Snapshot& snapshot);
    void close_view() noexcept;
    /// True if the view is still there. Within call().
    bool view_open(Server& server) const;
    std::uint64_t number() const { return number_; }
    bool connected() const { return server_ != nullptr && server_->epoch == epoch_; }
    void disconnect() noexcept;

    /// Waits until a new snapshot sees everything that the log has told until now. A view of one's
    /// own that misses a transaction which the applier has met already would lose it.
    void wait_until_log_is_visible(std::string_view name);
    /// Waits until something has happened at the server since the last call(), or `deadline`.
    void wait_for_news(flow::TimePoint deadline);
    flow::Runtime& runtime() { return runtime_; }
    /// The weather's choice among 0 .. end - 1; 0 in calm weather.
    std::uint64_t weather_choice(std::string_view what, std::uint64_t end) const {
        return net_.weather == nullptr ? 0 : net_.weather->choose(what, end);
    }

private:
    /// Work that tells whether it has changed anything that others may wait for.
    using Work = std::function<bool(Server&)>;
    void request(std::string_view name, CallKind kind, const Work& work);
    void arrive(std::string_view name);
    void connect();
    [[noreturn]] void lose(std::string_view name, const char* how);
    Fate fate(std::string_view name, CallKind kind) const;
    void call_later(std::string_view name, const Work& work);
    void execute_later(const std::function<void(Server&)>& work);

    flow::Runtime& runtime_;
    const Net& net_;
    plan::Endpoint endpoint_;
    std::string end_;
    std::shared_ptr<flow::Gate> bell_;
    std::shared_ptr<Server> server_;
    std::uint64_t epoch_ = 0;
    std::uint64_t number_ = 0;
    TransactionNumber transaction_ = 0;
    std::uint64_t view_ = 0;
    std::uint64_t news_seen_ = 0;
};

}  // namespace cutover::memory
