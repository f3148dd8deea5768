#include "scenarios/report/prediction.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

constexpr double kWindowSeconds = 1.0;
constexpr std::size_t kLeastWindows = 4;

bool within_fault(const Evidence& evidence, Instant from, Instant to) {
    return std::any_of(
        evidence.faults.begin(), evidence.faults.end(), [&](const FaultRecord& fault) {
            const Instant end = fault.effect_ended.value_or(fault.healed.value_or(fault.injected));
            return fault.injected <= to && end >= from;
        });
}

struct Window {
    double seconds = 0;
    double rows = 0;
};

/// Rates over at least a second each, within one process, no fault in them.
std::vector<Window> full_windows(const Evidence& evidence) {
    std::vector<Window> windows;
    const Sample* first = nullptr;
    for (const Sample& sample : evidence.samples) {
        if (sample.phase != "full") {
            continue;
        }
        if (first == nullptr || first->process != sample.process ||
            within_fault(evidence, first->at, sample.at)) {
            first = &sample;
            continue;
        }
        const double seconds = seconds_between(first->at, sample.at);
        if (seconds >= kWindowSeconds && sample.rows >= first->rows) {
            windows.push_back({seconds, static_cast<double>(sample.rows - first->rows)});
            first = &sample;
        }
    }
    return windows;
}

double percentile(const std::vector<double>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::optional<Band> band_of(const std::vector<Window>& windows) {
    std::vector<double> rates;
    Window all;
    for (const Window& window : windows) {
        if (window.rows > 0) {
            rates.push_back(window.rows / window.seconds);
        }
        all.rows += window.rows;
        all.seconds += window.seconds;
    }
    if (rates.size() < kLeastWindows) {
        return std::nullopt;
    }
    std::sort(rates.begin(), rates.end());
    const double mean = all.rows / all.seconds;
    return Band{std::min(mean, percentile(rates, 0.1)), mean,
                std::max(mean, percentile(rates, 0.9))};
}

std::optional<double> seconds(const std::optional<std::chrono::milliseconds>& time) {
    return time ? std::optional(static_cast<double>(time->count()) / 1000.0) : std::nullopt;
}

/// What is left of the cutover once everything is applied is the same for every backlog; what
/// drains the backlog is the lag at the moment the writers stop.
std::optional<Band> cutover_band(const Rates& rates) {
    const auto whole = seconds(rates.cutover_took);
    if (!whole) {
        return std::nullopt;
    }
    const double drain = std::min(seconds(rates.drain_took).value_or(0), *whole);
    const double rest = *whole - drain;
    const double usual = seconds(rates.lag_p50).value_or(drain);
    const double worst = seconds(rates.lag_p99).value_or(drain);
    return Band{std::min(*whole, rest + usual), *whole,
                std::max(*whole, rest + std::max(drain, worst))};
}

}  // namespace

Band Prediction::seconds_for(double rows) const {
    return {rows / rows_per_second->high, rows / rows_per_second->middle,
            rows / rows_per_second->low};
}

Prediction predict(const Evidence& evidence) {
    Prediction prediction;
    const std::vector<Window> windows = full_windows(evidence);
    prediction.windows = windows.size();
    prediction.rows_per_second = band_of(windows);
    prediction.full_method = fmt::format(
        "Rows per second in {} windows of at least a second, faults left out; the band runs from "
        "the slowest to the "
        "fastest tenth of the windows. It assumes that rows scale linearly, which "
        "scripts/bench measures and this run does not. "
        "Other machines, networks and row widths are not in it.",
        windows.size());
    if (!prediction.rows_per_second) {
        prediction.full_method = fmt::format(
            "No prediction: {} undisturbed windows of a second, and at least {} are needed.",
            windows.size(), kLeastWindows);
    }
    const Rates& rates = evidence.rates;
    if (rates.full_bytes_per_second && rates.full_rows_per_second &&
        *rates.full_rows_per_second > 0) {
        prediction.bytes_per_row = *rates.full_bytes_per_second / *rates.full_rows_per_second;
    }
    prediction.sustainable_changes_per_second = rates.catch_up_changes_per_second;
    prediction.cutover_window_seconds = cutover_band(rates);
    prediction.cutover_method =
        "The measured cutover; its band replaces the time that drained the backlog by the median "
        "and by the 99th "
        "percentile of the lag. One cutover was measured: rehearse again for a better band.";
    return prediction;
}

}  // namespace cutover::scenarios::report
