#include "bench/throughput/figures.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace cutover::bench {

namespace {

std::string verdict(bool met) {
    return met ? "met" : "short";
}

std::string seconds_list(const std::vector<double>& values) {
    std::string text;
    for (const double value : values) {
        text += fmt::format("{}{:.2f}", text.empty() ? "" : " ", value);
    }
    return text;
}

}  // namespace

double median(std::vector<double> values) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double Comparison::value() const {
    const double ours = median(ours_seconds);
    const double peer = median(peer_seconds);
    return ratio == Ratio::speed ? peer / ours : ours / peer;
}

bool Comparison::met() const {
    return ratio == Ratio::speed ? value() >= target : value() <= target;
}

double FlatCost::largest_deviation() const {
    double sum = 0;
    for (const Size& size : sizes) {
        sum += size.nanoseconds_per_row();
    }
    const double mean = sum / static_cast<double>(sizes.size());
    double largest = 0;
    for (const Size& size : sizes) {
        largest = std::max(largest, std::abs(size.nanoseconds_per_row() / mean - 1));
    }
    return largest;
}

bool Figures::all_met() const {
    return std::all_of(comparisons.begin(), comparisons.end(),
                       [](const Comparison& one) { return one.met(); }) &&
           (!flat || flat->met()) && peak_memory_mb <= memory_target_mb;
}

std::string Figures::table() const {
    std::string text =
        fmt::format("{}\n{}\nmedians of {} alternating runs\n\n", machine, servers, runs);
    text += fmt::format("{:<34} {:>10} {:>10} {:>14} {:>8} {:>9}  {}\n", "bench", "ours", "peer",
                        "ours per s", "ratio", "target", "");
    for (const Comparison& one : comparisons) {
        const bool speed = one.ratio == Comparison::Ratio::speed;
        text += fmt::format(
            "{:<34} {:>8.2f} s {:>8.2f} s {:>9.0f} {:<4.4} {:>8.2f} {:>4}{:>5.2f}  {}\n", one.name,
            median(one.ours_seconds), median(one.peer_seconds),
            one.amount / median(one.ours_seconds), one.unit, one.value(),
            speed ? ">= " : "<= ", one.target, verdict(one.met()));
    }
    for (std::size_t at = 0; flat && at < flat->sizes.size(); ++at) {
        const auto& size = flat->sizes[at];
        text += fmt::format("{:<34} {:>8.2f} s {:>10} {:>6.0f} ns/row\n",
                            fmt::format("copy of {:.0f} rows", size.rows), median(size.seconds), "",
                            size.nanoseconds_per_row());
    }
    if (flat) {
        text += fmt::format("{:<34} {:>57.0f}% {:>7}%  {}\n", "cost per row, largest deviation",
                            flat->largest_deviation() * 100,
                            fmt::format("<= {:.0f}", flat->target * 100), verdict(flat->met()));
    }
    text += fmt::format("{:<34} {:>7.0f} MB {:>51}  {}\n", "peak memory of the process",
                        peak_memory_mb, fmt::format("<= {:.0f} MB", memory_target_mb),
                        verdict(peak_memory_mb <= memory_target_mb));
    for (const Comparison& one : comparisons) {
        text += fmt::format("\n{}\n  ours: {}: {}\n  peer: {}: {}\n", one.name, one.ours_is,
                            seconds_list(one.ours_seconds), one.peer_is,
                            seconds_list(one.peer_seconds));
        for (const std::string& remark : one.remarks) {
            text += "  " + remark + "\n";
        }
    }
    return text;
}

std::string Figures::json() const {
    nlohmann::json document = {{"format", "cutover.bench/1"},
                               {"machine", machine},
                               {"servers", servers},
                               {"runs", runs},
                               {"all_met", all_met()},
                               {"peak_memory_mb", peak_memory_mb},
                               {"memory_target_mb", memory_target_mb}};
    for (const Comparison& one : comparisons) {
        document["comparisons"].push_back(
            {{"name", one.name},
             {"ours", one.ours_is},
             {"peer", one.peer_is},
             {"ours_seconds", one.ours_seconds},
             {"peer_seconds", one.peer_seconds},
             {"amount", one.amount},
             {"unit", one.unit},
             {"ratio", one.ratio == Comparison::Ratio::speed ? "peer seconds / ours"
                                                             : "ours seconds / peer's"},
             {"value", one.value()},
             {"target", one.target},
             {"met", one.met()},
             {"remarks", one.remarks}});
    }
    if (flat) {
        for (const auto& size : flat->sizes) {
            document["flat"]["sizes"].push_back(
                {{"rows", size.rows},
                 {"seconds", size.seconds},
                 {"nanoseconds_per_row", size.nanoseconds_per_row()}});
        }
        document["flat"]["largest_deviation"] = flat->largest_deviation();
        document["flat"]["target"] = flat->target;
        document["flat"]["met"] = flat->met();
    }
    return document.dump(2) + "\n";
}

}  // namespace cutover::bench
