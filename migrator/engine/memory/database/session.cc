#include "migrator/engine/memory/database/session.h"

#include <algorithm>

#include <optional>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::memory {

using model::Error;
using model::ErrorClass;

namespace {

constexpr flow::Duration kLockPatience = std::chrono::seconds(30);
constexpr flow::Duration kAskEvery = std::chrono::milliseconds(50);

/// Commits what is open after `work` has agreed, else rolls back. With the database locked.
void finish(Server& server, TransactionNumber transaction, model::Instant now,
            const std::function<void(Server&)>& work) {
    try {
        work(server);
    } catch (const RollBack&) {
        server.database.abort(transaction);
        return;
    } catch (...) {
        server.database.abort(transaction);
        throw;
    }
    server.database.commit(transaction, now);
}

}  // namespace

Session::Session(flow::Runtime& runtime, const Net& net, plan::Endpoint endpoint, std::string end)
    : runtime_(runtime),
      net_(net),
      endpoint_(std::move(endpoint)),
      end_(std::move(end)),
      bell_(runtime.make_gate()) {}

Session::~Session() {
    disconnect();
}

void Session::disconnect() noexcept {
    rollback();
    close_view();
    if (connected()) {
        const std::lock_guard lock(server_->database.mutex());
        server_->let_go(number_);
    }
    server_.reset();
    transaction_ = 0;
    view_ = 0;
}

void Session::connect() {
    server_ = net_.find(endpoint_);
    if (server_ == nullptr) {
        throw Error(ErrorClass::connection, "memory.unreachable", end_ + ": no server answers");
    }
    const std::lock_guard lock(server_->database.mutex());
    epoch_ = server_->epoch;
    number_ = server_->next_session++;
    server_->listen(bell_);
}

void Session::lose(std::string_view name, const char* how) {
    disconnect();
    throw Error(ErrorClass::connection, "memory.connection_lost",
                end_ + ": connection lost " + how + " " + std::string(name));
}

Fate Session::fate(std::string_view name, CallKind kind) const {
    return net_.weather == nullptr ? Fate::pass : net_.weather->fate(name, kind);
}

/// Everything that may happen before the server has the call.
void Session::arrive(std::string_view name) {
    runtime_.yield(name);
    if (net_.weather != nullptr) {
        const flow::Duration delay = net_.weather->delay(name);
        if (delay > flow::Duration(0)) {
            const flow::TimePoint until = runtime_.now() + delay;
            const std::unique_ptr<flow::Gate> gate = runtime_.make_gate();
            std::unique_lock lock(*gate);
            while (runtime_.now() < until) {
                gate->wait_until(until);
            }
        }
    }
    if (server_ == nullptr) {
        connect();
    }
    if (!connected() || !server_->up) {
        lose(name, "before");
    }
}

void Session::call(std::string_view name, CallKind kind, const std::function<void(Server&)>& work) {
    request(name, kind, [work](Server& server) {
        work(server);
        return true;
    });
}

void Session::request(std::string_view name, CallKind kind, const Work& work) {
    try {
        arrive(name);
    } catch (const Error&) {
        throw;
    } catch (...) {
        // The process died while the call was on its way.
        if (kind == CallKind::commit && connected() && net_.weather != nullptr &&
            net_.weather->commit_survives_client()) {
            call_later(name, work);
        }
        throw;
    }
    const Fate fate = this->fate(name, kind);
    if (fate == Fate::lose_late && kind == CallKind::commit) {
        call_later(name, work);
    }
    if (fate == Fate::lose_before || fate == Fate::lose_late) {
        lose(name, "before");
    }
    if (fate == Fate::fail) {
        rollback();
        throw Error(ErrorClass::operation, "memory.failed",
                    end_ + ": " + std::string(name) + " failed");
    }
    bool changed = false;
    {
        const std::lock_guard lock(server_->database.mutex());
        news_seen_ = server_->news;
        changed = work(*server_);
    }
    if (kind != CallKind::read && changed) {
        server_->ring();
        if (server_->news == news_seen_ + 1) {
            ++news_seen_;  // its own doing is no news
        }
        runtime_.yield(name);
    }
    if (fate == Fate::lose_after) {
        lose(name, "after");
    }
}

void Session::call_later(std::string_view name, const Work& work) {
    server_->under_way.emplace(name);
    net_.weather->later([server = server_, epoch = epoch_, name = std::string(name), work] {
        {
            const std::lock_guard lock(server->database.mutex());
            if (server->epoch != epoch) {
                return;
            }
            server->under_way.erase(name);
            try {
                work(*server);
            } catch (const Error&) {
                // Nobody is left to hear it.
            }
        }
        server->ring();
    });
}

void Session::execute_later(const std::function<void(Server&)>& work) {
    // The server keeps the transaction and its locks until it gets to the commit.
    server_->late_commits.insert(transaction_);
    net_.weather->later([server = server_, epoch = epoch_,
                         transaction = std::exchange(transaction_, 0), now = runtime_.wall(),
                         work] {
        {
            const std::lock_guard lock(server->database.mutex());
            if (server->epoch != epoch) {
                return;
            }
            server->late_commits.erase(transaction);
            try {
                finish(*server, transaction, now, work);
            } catch (const Error&) {
                // Refused (fenced): nobody is left to hear it.
            }
        }
        server->ring();
    });
}

void Session::commit(std::string_view name, const std::function<void(Server&)>& work) {
    transaction();
    try {
        arrive(name);
    } catch (const Error&) {
        throw;
    } catch (...) {
        // The process died while the commit was on its way.
        if (connected() && transaction_ != 0 && net_.weather != nullptr &&
            net_.weather->commit_survives_client()) {
            execute_later(work);
        }
        throw;
    }
    const Fate fate = this->fate(name, CallKind::commit);
    if (fate == Fate::lose_late) {
        execute_later(work);
    }
    if (fate == Fate::lose_before || fate == Fate::lose_late) {
        lose(name, "during");
    }
    if (fate == Fate::fail) {
        rollback();
        throw Error(ErrorClass::operation, "memory.failed",
                    end_ + ": " + std::string(name) + " failed");
    }
    {
        const std::lock_guard lock(server_->database.mutex());
        finish(*server_, std::exchange(transaction_, 0), runtime_.wall(), work);
    }
    server_->ring();
    runtime_.yield(name);
    if (fate == Fate::lose_after) {
        lose(name, "after");
    }
}

void Session::statement(std::string_view name, const std::function<Outcome(Server&)>& work,
                        CallKind kind) {
    struct Answer {
        Outcome outcome;
        std::vector<TransactionNumber> in_the_way;
        bool late = false;
    };
    // A server counts its own time, not that of a client which a machine has stalled.
    flow::Duration waited{};
    flow::TimePoint asked = runtime_.now();
    flow::Notice notice(net_.waits);
    bool late = false;  ///< some of the time went by for a commit that the server came to late
    for (;;) {
        const auto answer = std::make_shared<Answer>();
        request(name, kind, [answer, work, transaction = transaction_](Server& server) {
            const Outcome& outcome = answer->outcome = work(server);
            const bool blocked = outcome.kind == Outcome::Kind::blocked;
            server.waits_for.erase(transaction);
            if (blocked) {
                answer->in_the_way = server.in_the_way(outcome.by);
                answer->late = std::any_of(
                    answer->in_the_way.begin(), answer->in_the_way.end(),
                    [&](TransactionNumber one) { return server.late_commits.contains(one); });
            }
            if (blocked && transaction != 0) {
                server.waits_for[transaction] = outcome.by;
            }
            return !blocked;
        });
        if (answer->outcome.kind != Outcome::Kind::blocked) {
            return;
        }
        late |= answer->late;
        const flow::TimePoint now = runtime_.now();
        waited += std::min<flow::Duration>(now - asked, kAskEvery);
        asked = now;
        if (waited >= kLockPatience) {
            rollback();
            throw Error(ErrorClass::operation, late ? "memory.late_commit" : "memory.lock_timeout",
                        end_ + ": " + std::string(name) + " waited too long for a lock");
        }
        if (net_.waits != nullptr) {
            net_.waits->throw_if_over(std::string(name));
        }
        if (notice.due()) {
            std::vector<model::Holder> holders;
            for (const TransactionNumber one : answer->in_the_way) {
                holders.push_back({"transaction", std::to_string(one), "", std::nullopt});
            }
            notice.tell(net_.end, std::string(name), std::move(holders));
        }
        wait_for_news(runtime_.now() + kAskEvery);
    }
}

TransactionNumber Session::transaction() const {
    if (transaction_ == 0) {
        throw Error(ErrorClass::connection, "memory.no_transaction",
                    end_ + ": the transaction is gone with its connection");
    }
    return transaction_;
}

void Session::begin() {
    call(end_ + ".begin", CallKind::read, [&](Server& server) {
        CUTOVER_CHECK(transaction_ == 0);
        transaction_ =
            server.database.begin(server.as_sink.foreign_keys == engine::ForeignKeys::held);
    });
}

void Session::rollback() noexcept {
    if (transaction_ != 0 && connected()) {
        const std::lock_guard lock(server_->database.mutex());
        server_->waits_for.erase(transaction_);
        server_->database.abort(transaction_);
    }
    transaction_ = 0;
}

std::uint64_t Session::open_view(Server& server, const Snapshot& snapshot) {
    if (view_ != 0) {
        server.database.close_view(view_);
    }
    view_ = server.database.open_view(snapshot);
    return view_;
}

void Session::close_view() noexcept {
    if (view_ != 0 && connected()) {
        const std::lock_guard lock(server_->database.mutex());
        server_->database.close_view(view_);
    }
    view_ = 0;
}

bool Session::view_open(Server& server) const {
    return view_ != 0 && connected() && server.database.view_open(view_);
}

void Session::wait_until_log_is_visible(std::string_view name) {
    std::optional<std::uint64_t> end;
    for (bool visible = false; !visible;) {
        call(name, CallKind::read, [&](Server& server) {
            end = end.value_or(server.database.end_of_log().offset);
            visible = server.database.visible_up_to(*end);
        });
        if (!visible) {
            if (net_.waits != nullptr) {
                net_.waits->throw_if_over(std::string(name));
            }
            wait_for_news(runtime_.now() + std::chrono::milliseconds(50));
        }
    }
}

void Session::wait_for_news(flow::TimePoint deadline) {
    std::unique_lock lock(*bell_);
    if (connected() && server_->news == news_seen_) {
        bell_->wait_until(deadline);
    }
}

}  // namespace cutover::memory
