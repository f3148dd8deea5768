// Reads an end over and over while rows arrive there and keeps what did not hold: torn states are
// visible only while they last. Ends that cannot be reached for a while (a fault) are not findings.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "scenarios/workload/workload.h"

namespace cutover::scenarios {

/// Samples several workloads at one end, from a thread of its own, until stop().
class Sampler {
public:
    Sampler(std::vector<Workload*> workloads, WorkloadEnd end, std::string side,
            std::chrono::milliseconds pause = std::chrono::milliseconds(250));
    ~Sampler() { stop(); }
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    void stop();
    /// One check per name (`bank.total.sampled`): how often it was read, and the first states in
    /// which it did not hold.
    std::vector<Check> checks() const;

private:
    struct Seen {
        std::uint64_t reads = 0;
        std::uint64_t broken = 0;
        std::vector<std::string> samples;
    };

    void run(const std::stop_token& stop);
    void note(const Check& check);

    std::vector<Workload*> workloads_;
    WorkloadEnd end_;
    std::string side_;
    std::chrono::milliseconds pause_;
    mutable std::mutex mutex_;
    std::map<std::string, Seen> seen_;
    std::jthread thread_;
};

}  // namespace cutover::scenarios
