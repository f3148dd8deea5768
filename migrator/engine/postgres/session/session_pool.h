// Keeps sessions of one end between their uses. Opening one costs a handshake, a password proof and
// a server process with empty caches: a dozen milliseconds, more than copying ten thousand rows. A
// session that is passed on to another purpose is reset first (DISCARD ALL).
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "migrator/engine/postgres/session/connection.h"

namespace cutover::postgres {

/// For any thread. The destructor closes the idle sessions; taken sessions belong to their takers.
class SessionPool {
public:
    using Settle = std::function<void(Connection&)>;

    /// `require_writable`: false if a standby will do.
    explicit SessionPool(plan::Endpoint endpoint, Attention attention = {},
                         bool require_writable = true);
    ~SessionPool();
    SessionPool(const SessionPool&) = delete;
    SessionPool& operator=(const SessionPool&) = delete;

    const plan::Endpoint& endpoint() const { return endpoint_; }
    const Attention& attention() const { return attention_; }

    /// An idle session, or a new one, at a host that fits. `purpose` is its application_name;
    /// `settle` gives the session the settings of the purpose, unless it was used for that purpose
    /// before. Throws: like Connection::open() and `settle`.
    Connection take(const std::string& purpose, const Settle& settle = {});
    /// Keeps the session, with its settings, for the next caller of take(); closes it if it is
    /// lost, in a transaction, or one too many.
    void give_back(Connection connection) noexcept;
    /// Begins to open `count` sessions (eight at most) on a thread of its own, for later calls of
    /// take(), which meet any errors themselves. Call it once.
    void prepare(std::size_t count, const std::string& purpose, const Settle& settle = {});
    /// Closes the idle sessions and prepares no more.
    void close_idle() noexcept;

private:
    Connection open(const std::string& purpose, const Settle& settle) const;
    std::optional<Connection> take_idle(const std::string& purpose);
    bool still_wanted();
    void open_wanted(const std::string& purpose, const Settle& settle) noexcept;

    const plan::Endpoint endpoint_;
    const Attention attention_;
    const bool require_writable_;
    std::mutex mutex_;
    std::vector<Connection> idle_;
    std::size_t wanted_ = 0;  ///< sessions that prepare() has not begun to open
    std::thread opener_;
};

}  // namespace cutover::postgres
