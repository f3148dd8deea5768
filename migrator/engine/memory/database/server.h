// A memory server: a database, the control rows that tasks keep in it, and whether it answers at
// all. And the net in which servers are found by host and port. Sessions (session.h) are the way
// in.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrator/engine/memory/database/database.h"
#include "migrator/engine/memory/database/weather.h"
#include "migrator/engine/sink.h"
#include "migrator/flow/waits.h"
#include "migrator/plan/endpoint.h"

namespace cutover::memory {

/// How this server reads the rest of a half-copied table once the view it was begun under has died.
enum class Personality : std::uint8_t {
    key_ranges,       ///< chunks are key ranges; each gets a stamp of its own (like MySQL, MongoDB)
    location_ranges,  ///< chunks are places; only versions that the first stamp saw (like
                      ///< PostgreSQL)
};

/// What a task keeps at its destination.
struct TaskRows {
    engine::TaskRecord record;
    std::uint64_t lock_holder = 0;       ///< session number
    std::uint64_t listener_session = 0;  ///< that hears the task's commands
    std::string listener;                ///< the process it is of
    std::vector<model::Chunk> chunks;
    std::vector<model::ChunkReceipt> receipts;
    std::map<std::string, std::string> done_steps;  ///< statements by their steps' ids
    engine::StoredPlan plan;
    std::string status;
};

struct CommandRow {
    std::string task;
    engine::Command command;
    std::optional<std::string> answer;
    std::uint64_t poster = 0;  ///< session number; 0: gone
};

struct Server {
    explicit Server(std::string identity, std::uint64_t seed = 1)
        : database(std::move(identity), seed) {}

    Database database;
    Personality personality = Personality::location_ranges;
    engine::SinkTraits as_sink;  ///< what it can do as a destination
    /// As a destination: a trigger of others' counts changes in a row of its own, which every
    /// transaction that applies something then holds to its end.
    bool counts_changes = false;
    TransactionNumber counted_by = 0;  ///< who has counted last
    /// Whom a transaction waits for, so that who waits for it in turn is told of both.
    std::map<TransactionNumber, TransactionNumber> waits_for;
    /// Whose commit the server has not come to, and whose session is gone: nobody can let them go.
    std::set<TransactionNumber> late_commits;
    /// As a source: a change stream may silently begin again somewhat earlier.
    bool redelivers = false;
    std::map<std::string, TaskRows> tasks;
    std::map<std::uint64_t, CommandRow> commands;
    std::uint64_t next_command = 1;
    std::uint64_t next_birth = 1'000'000;  ///< a task's epochs begin here
    /// What a session held is let go of; 0: every session.
    void let_go(std::uint64_t session);
    bool foreign_control = false;            ///< another role has made what tasks keep here
    std::set<std::string> foreign_captures;  ///< names of captures that another role has made

    /// Called when a slot's reader lets the log up to here be forgotten.
    std::function<void(const std::string& slot, LogPlace place)> on_acknowledge;

    /// Called when a reader begins with a chunk.
    std::function<void(const model::Chunk& chunk)> on_chunk_open;

    bool up = true;
    std::uint64_t epoch = 1;  ///< sessions of an earlier epoch are broken
    std::uint64_t next_session = 1;
    std::set<std::string, std::less<>>
        under_way;  ///< calls whose caller is gone, and which are yet to come true

    /// Who keeps a transaction waiting: `by`, whom that waits for, and so on.
    std::vector<TransactionNumber> in_the_way(TransactionNumber by) const;

    /// Ends every session; running transactions, views and task locks are gone. With the database's
    /// mutex.
    void break_sessions();

    /// Wakes whoever waits for a commit or a lock. Without the database's mutex.
    void ring();
    std::atomic<std::uint64_t> news = 0;  ///< grows with every ring()
    void listen(const std::shared_ptr<flow::Gate>& bell) { bells_.push_back(bell); }

private:
    std::vector<std::weak_ptr<flow::Gate>> bells_;
};

/// Shared by all sessions of a program or simulation; must outlive them.
struct Net {
    std::map<std::string, std::shared_ptr<Server>> servers;  ///< by `host:port`
    Weather* weather = nullptr;                              ///< null: calm
    flow::Waits* waits = nullptr;            ///< of the task that calls; null: of none
    model::Side end = model::Side::neither;  ///< which end of that task this is

    /// The first of the endpoint's servers that answers; null if none does.
    std::shared_ptr<Server> find(const plan::Endpoint& endpoint) const;
    /// The same net as one end of a task sees it.
    Net on_behalf_of(flow::Waits* task, model::Side which) const {
        Net own = *this;
        own.waits = task;
        own.end = which;
        return own;
    }
};

}  // namespace cutover::memory
