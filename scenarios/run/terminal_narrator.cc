#include "scenarios/run/terminal_narrator.h"

#include <fmt/format.h>

#include "migrator/model/visible.h"

namespace cutover::scenarios {

namespace {

constexpr std::chrono::milliseconds kOnTerminal{200};
constexpr std::chrono::seconds kInPlainLines{5};
constexpr std::size_t kWidest = 110;

std::string eta(const Sample& sample) {
    if (sample.per_second <= 0 || sample.rows_total <= sample.rows) {
        return {};
    }
    const double seconds = static_cast<double>(sample.rows_total - sample.rows) / sample.per_second;
    return fmt::format(", {:.0f} s left", seconds);
}

std::string place(const Observed& observed, const Evidence& evidence) {
    const Sample* sample = evidence.samples.empty() ? nullptr : &evidence.samples.back();
    std::string text = observed.phase.empty() ? "starting" : observed.phase;
    if (observed.phase == "full" && sample != nullptr && sample->phase == "full") {
        text += fmt::format(" {:.0f} %, {} rows, {:.0f} rows/s{}", observed.fraction * 100,
                            sample->rows, sample->per_second, eta(*sample));
    } else if (sample != nullptr && sample->phase == "incremental") {
        text += fmt::format(", {} transactions, {:.0f} changes/s", sample->transactions,
                            sample->per_second);
        if (observed.lag) {
            text += fmt::format(", lag {} ms", observed.lag->count());
        }
    }
    if (!evidence.workload_samples.empty()) {
        const WorkloadSample& writers = evidence.workload_samples.back();
        text += fmt::format("; writers {} committed, {:.0f}/s", writers.transactions_acknowledged,
                            writers.transactions_per_second);
    }
    return text.substr(0, kWidest);
}

}  // namespace

std::string TerminalNarrator::clock() const {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_).count();
    return fmt::format("{:3}:{:02} ", seconds / 60, seconds % 60);
}

void TerminalNarrator::clear() {
    if (std::exchange(dirty_, false)) {
        out_ << "\r\033[K" << std::flush;
    }
}

void TerminalNarrator::say(const std::string& line) {
    clear();
    out_ << clock() << model::visible(line) << std::endl;
}

void TerminalNarrator::progress(const Observed& observed, const Evidence& evidence) {
    const Clock::duration every =
        terminal_ ? Clock::duration(kOnTerminal) : Clock::duration(kInPlainLines);
    if (Clock::now() - told_ < every) {
        return;
    }
    told_ = Clock::now();
    const std::string line = model::visible(place(observed, evidence));
    if (line == last_) {
        return;
    }
    last_ = line;
    if (terminal_) {
        out_ << "\r\033[K" << clock() << line << std::flush;
        dirty_ = true;
    } else {
        out_ << clock() << line << std::endl;
    }
}

}  // namespace cutover::scenarios
