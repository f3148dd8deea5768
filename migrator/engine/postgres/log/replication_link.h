// The replication protocol's streaming mode over one connection: data and keepalives in, status
// updates out. It knows nothing of what the data means (transaction_assembler.h does).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "migrator/engine/postgres/capture/positions.h"
#include "migrator/engine/postgres/session/connection.h"

struct pg_conn;

namespace cutover::postgres {

/// What the server has sent. `data` stays valid until the next receive().
struct ReplicationMessage {
    enum class Kind { data, keepalive };
    Kind kind = Kind::data;
    std::string_view data;
    Lsn log_end = 0;  ///< of a keepalive: all that was committed up to here has been sent
    bool wants_reply = false;
};

/// One thread.
class ReplicationLink {
public:
    /// Starts streaming from `from`. Requires: a replication connection that runs nothing. Throws:
    /// refused (slot or publication missing), corrupt (slot invalidated), operation (slot in use),
    /// connection.
    ReplicationLink(Connection connection, const std::string& slot, const std::string& publication,
                    Lsn from);
    ~ReplicationLink();
    ReplicationLink(const ReplicationLink&) = delete;
    ReplicationLink& operator=(const ReplicationLink&) = delete;

    /// The next message; waits up to `wait` if there is none. Sends what status updates are due.
    /// Throws: connection (the link is broken, or silent although it was asked for a sign of life),
    /// corrupt, refused.
    std::optional<ReplicationMessage> receive(std::chrono::milliseconds wait);
    /// Everything up to here need not be sent again; sent at once.
    void confirm(Lsn flushed);

private:
    using Clock = std::chrono::steady_clock;

    bool take_message(ReplicationMessage& out);
    ReplicationMessage decode(std::string_view bytes);
    void gather() const;
    void wait_readable(std::chrono::milliseconds wait);
    void watch_silence();
    void send_status(bool ask_reply);
    [[noreturn]] void fail_at_end();

    Connection connection_;
    std::string slot_;
    char* buffer_ = nullptr;  ///< libpq's, of the last message
    int gulp_ = 0;            ///< bytes worth waiting for; 0: take what comes
    Lsn received_ = 0;
    Lsn flushed_ = 0;
    Clock::time_point heard_ = Clock::now();   ///< when the server last said something
    Clock::time_point spoken_ = Clock::now();  ///< when we did
    std::optional<Clock::time_point> asked_;   ///< when a sign of life was asked for
};

}  // namespace cutover::postgres
