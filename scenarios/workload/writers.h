// The threads of one workload. Each has a connection of its own, writes one transaction after the
// other at its pace, tells the ledger what it was told, and looks for the primary again when the
// connection is gone.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "fixtures/data/session.h"
#include "scenarios/ledger/ledger.h"
#include "scenarios/workload/latency.h"

namespace cutover::scenarios {

/// Where writers connect, how fast they write.
struct WritersPlan {
    plan::Endpoint endpoint;
    fixtures::SessionOptions session;
    double transactions_per_second = 0;  ///< of all together; 0: unlimited
    /// After each transaction: as long pauses as short ones, up to this. 0: none.
    std::chrono::milliseconds longest_pause{0};
    std::uint64_t seed = 0;  ///< of the pauses
};

/// start() and stop() belong to one thread; the rest may be called from any.
class Writers {
public:
    /// Writes the statements of one transaction that has been begun; false: roll it back on
    /// purpose.
    using Transact = std::function<bool(fixtures::Session&, WriterNumber, WriteNumber)>;

    Writers(Ledger& ledger, Transact transact) : ledger_(ledger), transact_(std::move(transact)) {}
    ~Writers() { stop(); }
    Writers(const Writers&) = delete;
    Writers& operator=(const Writers&) = delete;

    void start(const WritersPlan& plan);
    void stop();

    std::uint64_t reconnects() const { return reconnects_; }
    const Latency& latency() const { return latency_; }
    double longest_silence_ms() const;
    /// Why transactions failed: error code -> how often.
    std::map<std::string, std::uint64_t> errors() const;
    std::optional<std::chrono::system_clock::time_point> first_acknowledged() const;
    std::optional<std::chrono::system_clock::time_point> last_acknowledged() const;

private:
    using Time = std::chrono::steady_clock::time_point;

    void write(WriterNumber writer, const std::stop_token& stop);
    std::unique_ptr<fixtures::Session> connect(const std::stop_token& stop);
    WriteOutcome attempt(fixtures::Session& session, WriterNumber writer, WriteNumber number);
    void acknowledged(Time sent);
    std::chrono::nanoseconds pause_after(WriterNumber writer, WriteNumber number) const;
    void sleep_until(Time when, const std::stop_token& stop) const;

    Ledger& ledger_;
    Transact transact_;
    WritersPlan plan_;
    std::vector<std::jthread> threads_;
    std::atomic<std::uint64_t> reconnects_ = 0;
    Latency latency_;
    mutable std::mutex mutex_;
    bool running_ = false;
    Time last_sign_of_life_{};
    std::chrono::nanoseconds longest_silence_{};
    std::map<std::string, std::uint64_t> errors_;
    std::optional<std::chrono::system_clock::time_point> first_;
    std::optional<std::chrono::system_clock::time_point> last_;
};

}  // namespace cutover::scenarios
