#include "scenarios/workload/writers.h"

#include <algorithm>
#include <cmath>

#include "migrator/model/error.h"
#include "scenarios/workload/draw.h"

namespace cutover::scenarios {

namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;
constexpr std::chrono::milliseconds kBetweenAttempts{150};
constexpr std::chrono::milliseconds kNap{50};
constexpr std::chrono::milliseconds kShortestPause{20};
/// A writer that fell behind its pace does not make up for more than this.
constexpr std::chrono::seconds kMostCatchUp{1};

WriteOutcome outcome_of(fixtures::CommitOutcome outcome) {
    switch (outcome) {
        case fixtures::CommitOutcome::committed:
            return WriteOutcome::ok;
        case fixtures::CommitOutcome::rolled_back:
            return WriteOutcome::failed;
        case fixtures::CommitOutcome::unknown:
            break;
    }
    return WriteOutcome::unknown;
}

}  // namespace

void Writers::start(const WritersPlan& plan) {
    stop();
    plan_ = plan;
    {
        const std::scoped_lock lock(mutex_);
        last_sign_of_life_ = steady_clock::now();
        running_ = true;
    }
    for (WriterNumber writer = 0; writer < ledger_.writers(); ++writer) {
        threads_.emplace_back([this, writer](const std::stop_token& stop) { write(writer, stop); });
    }
}

void Writers::stop() {
    {
        const std::scoped_lock lock(mutex_);
        if (running_) {
            longest_silence_ = std::max<std::chrono::nanoseconds>(
                longest_silence_, steady_clock::now() - last_sign_of_life_);
            running_ = false;
        }
    }
    for (std::jthread& thread : threads_) {
        thread.request_stop();
    }
    threads_.clear();
}

void Writers::write(WriterNumber writer, const std::stop_token& stop) {
    const double mine = plan_.transactions_per_second / ledger_.writers();
    const auto pause = mine <= 0 ? std::chrono::nanoseconds(0)
                                 : std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / mine));
    Time due = steady_clock::now() + pause * writer / ledger_.writers();
    std::unique_ptr<fixtures::Session> session;
    while (!stop.stop_requested()) {
        if (session == nullptr || !session->is_open()) {
            session = connect(stop);
            continue;
        }
        sleep_until(due, stop);
        due = std::max(due + pause, steady_clock::now() - kMostCatchUp);
        const auto number = stop.stop_requested() ? std::nullopt : ledger_.begin(writer);
        if (!number) {
            return;
        }
        const Time sent = steady_clock::now();
        const WriteOutcome outcome = attempt(*session, writer, *number);
        ledger_.settle(writer, *number, outcome);
        if (outcome == WriteOutcome::ok) {
            acknowledged(sent);
        }
        due += pause_after(writer, *number);
    }
}

/// By magnitude: a pause of 20 to 40 ms is as likely as one of 2 to 4 s.
std::chrono::nanoseconds Writers::pause_after(WriterNumber writer, WriteNumber number) const {
    if (plan_.longest_pause.count() == 0) {
        return std::chrono::nanoseconds(0);
    }
    Draw draw(plan_.seed, "pause", writer, number);
    const double magnitude = static_cast<double>(draw.below(1'000'000)) / 1e6;
    const double longest = static_cast<double>(plan_.longest_pause / kShortestPause);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(kShortestPause *
                                                                std::pow(longest, magnitude));
}

std::unique_ptr<fixtures::Session> Writers::connect(const std::stop_token& stop) {
    try {
        auto session = fixtures::open_session(plan_.endpoint, plan_.session, stop);
        ++reconnects_;
        return session;
    } catch (const model::Error&) {
        // Nobody is primary yet; whoever it will be, it is among the endpoint's hosts.
        sleep_until(steady_clock::now() + kBetweenAttempts, stop);
        return nullptr;
    }
}

WriteOutcome Writers::attempt(fixtures::Session& session, WriterNumber writer, WriteNumber number) {
    try {
        if (transact_(session, writer, number)) {
            return outcome_of(session.commit());
        }
    } catch (const model::Error& error) {
        // Before the commit was sent, so it cannot have been committed.
        const std::scoped_lock lock(mutex_);
        ++errors_[error.code()];
    }
    session.rollback();
    return WriteOutcome::failed;
}

void Writers::acknowledged(Time sent) {
    const Time now = steady_clock::now();
    latency_.add(now - sent);
    const std::scoped_lock lock(mutex_);
    longest_silence_ =
        std::max<std::chrono::nanoseconds>(longest_silence_, now - last_sign_of_life_);
    last_sign_of_life_ = now;
    last_ = system_clock::now();
    if (!first_) {
        first_ = last_;
    }
}

void Writers::sleep_until(Time when, const std::stop_token& stop) const {
    for (Time now = steady_clock::now(); now < when && !stop.stop_requested();
         now = steady_clock::now()) {
        std::this_thread::sleep_for(std::min<steady_clock::duration>(when - now, kNap));
    }
}

double Writers::longest_silence_ms() const {
    const std::scoped_lock lock(mutex_);
    return std::chrono::duration<double, std::milli>(longest_silence_).count();
}

std::map<std::string, std::uint64_t> Writers::errors() const {
    const std::scoped_lock lock(mutex_);
    return errors_;
}

std::optional<system_clock::time_point> Writers::first_acknowledged() const {
    const std::scoped_lock lock(mutex_);
    return first_;
}

std::optional<system_clock::time_point> Writers::last_acknowledged() const {
    const std::scoped_lock lock(mutex_);
    return last_;
}

}  // namespace cutover::scenarios
