// How long acknowledged transactions took, in buckets that are 5 % wide: a percentile of millions
// in a few hundred counters.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace cutover::scenarios {

/// Any thread.
class Latency {
public:
    void add(std::chrono::nanoseconds took) {
        const double micros = std::max(1.0, static_cast<double>(took.count()) / 1000.0);
        const auto bucket = static_cast<std::size_t>(std::log(micros) / kStep);
        ++buckets_[std::min(bucket, buckets_.size() - 1)];
    }

    /// Upper edge of the bucket with that share of the transactions; 0 if there are none.
    double percentile_ms(double share) const {
        std::uint64_t all = 0;
        for (const auto& bucket : buckets_) {
            all += bucket;
        }
        std::uint64_t seen = 0;
        for (std::size_t at = 0; at < buckets_.size() && all > 0; ++at) {
            seen += buckets_[at];
            if (static_cast<double>(seen) >= share * static_cast<double>(all)) {
                return std::exp(static_cast<double>(at + 1) * kStep) / 1000.0;
            }
        }
        return 0;
    }

private:
    static constexpr double kStep = 0.05;
    std::array<std::atomic<std::uint64_t>, 420> buckets_{};  // up to 20 minutes
};

}  // namespace cutover::scenarios
