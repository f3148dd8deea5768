// What the benches measured: repeated timings of ours and of a peer, their medians and their ratio,
// compared with a target and printed as a table and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cutover::bench {

double median(std::vector<double> values);

/// One line of the result. Timings are in seconds, in the order in which they were taken.
struct Comparison {
    std::string name;
    std::string ours_is;  ///< what was timed
    std::string peer_is;
    std::vector<double> ours_seconds;
    std::vector<double> peer_seconds;
    double amount = 0;  ///< rows or transactions per run
    std::string unit;   ///< of `amount`
    enum class Ratio {
        speed,
        time
    } ratio = Ratio::speed;  ///< speed: peer's time / ours; time: ours / peer's
    double target = 0;       ///< speed: at least; time: at most
    std::vector<std::string> remarks;

    double value() const;
    bool met() const;
};

/// Cost per row over sizes.
struct FlatCost {
    struct Size {
        double rows = 0;
        std::vector<double> seconds;
        double nanoseconds_per_row() const { return median(seconds) * 1e9 / rows; }
    };
    std::vector<Size> sizes;
    double target = 0.15;  ///< largest deviation from the mean of all sizes

    double largest_deviation() const;
    bool met() const { return largest_deviation() <= target; }
};

struct Figures {
    std::vector<Comparison> comparisons;
    std::optional<FlatCost> flat;
    double peak_memory_mb = 0;  ///< the largest of all our processes
    double memory_target_mb = 512;
    std::string machine;
    std::string servers;
    int runs = 0;

    bool all_met() const;
    std::string table() const;
    std::string json() const;
};

}  // namespace cutover::bench
