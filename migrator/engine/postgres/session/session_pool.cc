#include "migrator/engine/postgres/session/session_pool.h"

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;

namespace {

/// A thousand schema steps do not need a thousand sessions, and a server does not have that many.
constexpr std::size_t kMostIdle = 8;

}  // namespace

SessionPool::SessionPool(plan::Endpoint endpoint, Attention attention, bool require_writable)
    : endpoint_(std::move(endpoint)), attention_(attention), require_writable_(require_writable) {}

SessionPool::~SessionPool() {
    close_idle();
    if (opener_.joinable()) {
        opener_.join();
    }
}

std::optional<Connection> SessionPool::take_idle(const std::string& purpose) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
        wanted_ -= wanted_ > 0 ? 1 : 0;  // the caller opens the session that was meant for it
        return std::nullopt;
    }
    auto found = std::find_if(idle_.begin(), idle_.end(), [&](const Connection& idle) {
        return idle.application_name() == purpose;
    });
    found = found == idle_.end() ? idle_.begin() : found;
    std::optional<Connection> taken(std::move(*found));
    idle_.erase(found);
    return taken;
}

Connection SessionPool::take(const std::string& purpose, const Settle& settle) {
    while (std::optional<Connection> idle = take_idle(purpose)) {
        if (idle->application_name() == purpose) {
            if (idle->still_there()) {
                return std::move(*idle);
            }
            continue;
        }
        try {
            idle->renew(purpose);
            if (settle) {
                settle(*idle);
            }
            return std::move(*idle);
        } catch (const Error& error) {
            if (error.error_class() == model::ErrorClass::stopped) {
                throw;
            }
            continue;  // lost while idle, or could not be reset
        }
    }
    return open(purpose, settle);
}

Connection SessionPool::open(const std::string& purpose, const Settle& settle) const {
    ConnectOptions options;
    options.application_name = purpose;
    options.attention = attention_;
    options.require_writable = require_writable_;
    Connection session = Connection::open(endpoint_, options);
    if (settle) {
        settle(session);
    }
    return session;
}

void SessionPool::give_back(Connection connection) noexcept {
    if (!connection.alive() || connection.in_transaction()) {
        return;
    }
    connection.set_purpose({});
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) {
        idle_.push_back(std::move(connection));
    }
}

void SessionPool::prepare(std::size_t count, const std::string& purpose, const Settle& settle) {
    CUTOVER_CHECK(!opener_.joinable());
    wanted_ = std::min(count, kMostIdle);
    opener_ = std::thread([this, purpose, settle] { open_wanted(purpose, settle); });
}

bool SessionPool::still_wanted() {
    const std::lock_guard lock(mutex_);
    return wanted_ > 0 && wanted_-- > 0;
}

void SessionPool::open_wanted(const std::string& purpose, const Settle& settle) noexcept {
    try {
        while (still_wanted()) {
            give_back(open(purpose, settle));
        }
    } catch (const std::exception&) {
        // The caller of take() meets the same error and reports it.
    }
}

void SessionPool::close_idle() noexcept {
    std::vector<Connection> closed;
    const std::lock_guard lock(mutex_);
    wanted_ = 0;
    closed.swap(idle_);
}

}  // namespace cutover::postgres
