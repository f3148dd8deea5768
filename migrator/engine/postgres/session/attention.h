// How the sessions of one end wait for their server on behalf of a task: they check several times a
// second, report waits that last and what is in the way, and give up when the task is asked to
// stop. Every wait of this folder goes through here, whether for an answer (ServerCall), for a
// connection (aside) or for something to become true at the server (Patience).
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "migrator/flow/waits.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

class Connection;

/// On whose behalf a session waits. Without `waits`: on nobody's, and without a limit.
struct Attention {
    flow::Waits* waits = nullptr;  ///< outlives every session
    model::Side end = model::Side::neither;
    bool looks = true;  ///< whether it finds out what is in the way
};

/// One call to the server, from the moment it was sent. For one thread.
class ServerCall {
public:
    /// Both arguments must outlive the call.
    ServerCall(Connection& connection, std::string_view sql) : connection_(connection), sql_(sql) {}

    /// Has the call cancelled after this time.
    void limit(std::chrono::milliseconds limit) { deadline_ = Clock::now() + limit; }
    /// True if it was cancelled because of its limit.
    bool late() const { return late_; }
    /// Waits until the server has sent something (or, if `writes`, can take more), or a moment has
    /// passed. Throws: stopped `task.stopped`; the call is then cancelled and the connection
    /// closed.
    void wait(bool writes = false);

private:
    using Clock = std::chrono::steady_clock;

    void look_up();
    std::string what() const;

    Connection& connection_;
    const std::string_view sql_;
    Clock::time_point looked_at_ = Clock::now();
    std::optional<Clock::time_point> deadline_;
    bool late_ = false;
    std::optional<flow::Notice> notice_;
};

/// A loop that checks again and again until something is true. For one thread.
class Patience {
public:
    /// `what` completes `waiting for ...`.
    Patience(const Attention& attention, std::string what, std::chrono::milliseconds limit);

    /// Sleeps before the next look. False if the limit has passed. Throws: stopped.
    bool pause(std::chrono::milliseconds duration, std::vector<model::Holder> holders = {});

private:
    using Clock = std::chrono::steady_clock;

    const Attention attention_;
    const std::string what_;
    const Clock::time_point deadline_;
    flow::Notice notice_;
};

/// Runs `work`, which cannot be interrupted, on a thread of its own and waits for its result,
/// calling `look_up` meanwhile. If `look_up` throws or returns false, the thread is left to itself
/// and destroys what it still makes, so `work` must own all that it uses. Returns nothing if the
/// thread was left. Throws: what `work` and `look_up` throw.
template <typename Made>
std::optional<Made> aside(std::function<Made()> work, const std::function<bool()>& look_up) {
    struct Shared {
        std::mutex mutex;
        std::condition_variable done;
        std::optional<Made> made;
        std::exception_ptr failure;
    };
    const auto shared = std::make_shared<Shared>();
    std::thread([shared, work = std::move(work)] {
        std::optional<Made> made;
        std::exception_ptr failure;
        try {
            made.emplace(work());
        } catch (...) {
            failure = std::current_exception();
        }
        const std::lock_guard lock(shared->mutex);
        shared->made = std::move(made);
        shared->failure = std::move(failure);
        shared->done.notify_all();
    }).detach();
    std::unique_lock lock(shared->mutex);
    while (!shared->done.wait_for(lock, std::chrono::milliseconds(100),
                                  [&] { return shared->made.has_value() || shared->failure; })) {
        lock.unlock();
        if (!look_up()) {
            return std::nullopt;
        }
        lock.lock();
    }
    if (shared->failure) {
        std::rethrow_exception(shared->failure);
    }
    return std::move(shared->made);
}

}  // namespace cutover::postgres
