#include "scenarios/workload/sampler.h"

#include <fmt/core.h>

#include <utility>

#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

constexpr std::size_t kMostSamples = 20;
constexpr std::chrono::milliseconds kNap{50};

}  // namespace

Sampler::Sampler(std::vector<Workload*> workloads, WorkloadEnd end, std::string side,
                 std::chrono::milliseconds pause)
    : workloads_(std::move(workloads)),
      end_(std::move(end)),
      side_(std::move(side)),
      pause_(pause),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Sampler::stop() {
    thread_.request_stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Sampler::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        for (Workload* workload : workloads_) {
            try {
                for (const Check& check : workload->sample(end_, side_)) {
                    note(check);
                }
            } catch (const model::Error&) {
                // The end is away, or its tables are not there yet.
            }
        }
        for (auto waited = kNap; waited <= pause_ && !stop.stop_requested(); waited += kNap) {
            std::this_thread::sleep_for(kNap);
        }
    }
}

void Sampler::note(const Check& check) {
    const std::scoped_lock lock(mutex_);
    Seen& seen = seen_[check.name];
    ++seen.reads;
    if (!check.passed) {
        ++seen.broken;
        if (seen.samples.size() < kMostSamples) {
            seen.samples.push_back(check.detail);
        }
    }
}

std::vector<Check> Sampler::checks() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Check> checks;
    for (const auto& [name, seen] : seen_) {
        Check check;
        check.name = name + ".sampled";
        check.side = side_;
        check.passed = seen.broken == 0;
        check.detail = fmt::format("did not hold in {} of {} reads while rows arrived", seen.broken,
                                   seen.reads);
        check.samples = seen.samples;
        checks.push_back(std::move(check));
    }
    return checks;
}

}  // namespace cutover::scenarios
