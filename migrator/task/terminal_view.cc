// The task's events as text. On a terminal the progress is a block that is drawn over itself;
// elsewhere it is a line every few seconds. What happened (phases, retries, findings) stays as
// lines in both.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "migrator/model/visible.h"
#include "migrator/precheck/text.h"
#include "migrator/task/view.h"

namespace cutover::task {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPlainEvery{5};
constexpr std::size_t kShownTables = 8;
constexpr std::size_t kBarWidth = 24;

/// 1234567 as `1,234,567`.
std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

std::string grouped(double number) {
    return grouped(static_cast<std::uint64_t>(std::max(0.0, number)));
}

std::string size_text(model::Bytes bytes) {
    const auto count = static_cast<double>(bytes.count);
    return count < (1 << 30) ? fmt::format("{:.1f} MB", count / (1 << 20))
                             : fmt::format("{:.2f} GB", count / (1 << 30));
}

std::string time_text(flow::Duration duration) {
    const std::int64_t millis = std::max<std::int64_t>(0, duration.count() / 1000);
    if (millis < 10'000) {
        return fmt::format("{:.1f} s", static_cast<double>(millis) / 1000);
    }
    const std::int64_t seconds = millis / 1000;
    if (seconds < 120) {
        return fmt::format("{} s", seconds);
    }
    return seconds < 7200 ? fmt::format("{} min {} s", seconds / 60, seconds % 60)
                          : fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
}

/// `words` and the end, if there is one to name.
std::string with(const char* words, std::optional<model::Side> end) {
    return end ? fmt::format("{}{}", words, model::to_string(*end)) : "";
}

std::string at(model::Side end) {
    return end == model::Side::neither ? "" : fmt::format(" at the {}", model::to_string(end));
}

const char* paused_text(bool paused) {
    return paused ? "paused  " : "";
}

std::string bar(double fraction) {
    const double clamped = std::clamp(fraction, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(clamped * kBarWidth);
    return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
}

/// How long the rest will take at the present rate; empty if nothing can be said.
std::string eta(const stage::FullProgress& event) {
    if (event.rows_per_second < 1 || event.rows >= event.rows_total) {
        return "";
    }
    const double seconds =
        static_cast<double>((event.rows_total - event.rows).count) / event.rows_per_second;
    return ", about " +
           time_text(std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6))) + " left";
}

std::string summary(const stage::FullProgress& event) {
    return fmt::format("{}full copy {} {:.0f} %  {} of ~{} rows, {} of {}, {} rows/s{}",
                       paused_text(event.paused), bar(event.fraction), event.fraction * 100,
                       grouped(event.rows.count), grouped(event.rows_total.count),
                       size_text(event.bytes), size_text(event.bytes_total),
                       grouped(event.rows_per_second), eta(event));
}

std::string summary(const stage::IncrementalProgress& event) {
    return fmt::format(
        "{}incremental  lag {}  {} transactions, {} changes, {} changes/s, applied up to {}{}",
        paused_text(event.paused), event.lag ? time_text(*event.lag) : "unknown",
        grouped(event.transactions), grouped(event.changes), grouped(event.changes_per_second),
        event.position,
        event.consistent ? "" : "  (not yet consistent: catching up with the copy)");
}

std::vector<std::string> block(const stage::FullProgress& event) {
    std::vector<std::string> lines = {summary(event)};
    for (const stage::TableProgress& table : event.tables) {
        const bool working = table.rows.count > 0 && table.rows < table.rows_total;
        if (working && lines.size() <= kShownTables) {
            const double part =
                static_cast<double>(table.rows.count) / static_cast<double>(table.rows_total.count);
            lines.push_back(fmt::format("  {} {:3.0f} %  {}  {} of ~{} rows", bar(part), part * 100,
                                        table.table, grouped(table.rows.count),
                                        grouped(table.rows_total.count)));
        }
    }
    return lines;
}

std::vector<std::string> block(const stage::IncrementalProgress& event) {
    return {summary(event)};
}

std::size_t terminal_width() {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
    return known ? size.ws_col : 100;
}

/// Cut to one terminal line, so that the block can be found again: never inside a UTF-8 character.
std::string cut(std::string text, std::size_t width) {
    if (text.size() < width) {
        return text;
    }
    std::size_t end = width - 1;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    text.resize(end);
    return text;
}

class TerminalView final : public View {
public:
    TerminalView(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

    void on(const stage::Event& event) override {
        const std::lock_guard lock(mutex_);
        std::visit([this](const auto& one) { show(one); }, event);
        out_.flush();
    }

    void findings(const std::vector<model::Finding>& findings, bool ignored) override {
        const std::lock_guard lock(mutex_);
        if (ignored) {
            for (const model::FindingKind& kind : model::kinds_of(findings)) {
                line(fmt::format("ignored, because the task file says so: {} ({})",
                                 kind.first().code, kind.objects()));
            }
        } else {
            std::vector<model::Finding> told;
            std::copy_if(findings.begin(), findings.end(), std::back_inserter(told),
                         [](const model::Finding& finding) {
                             return finding.severity != model::Severity::note;
                         });
            erase();
            precheck::print(out_, told);
        }
        out_.flush();
    }

private:
    void show(const stage::Started& event) {
        line(fmt::format("task {} {} (claim {})", event.task, event.resumed ? "goes on" : "starts",
                         event.epoch));
    }
    void show(const stage::PhaseStarted& event) {
        if (!held_back_.empty()) {
            out_ << model::visible(std::exchange(held_back_, "")) << "\n";
        }
        line(fmt::format("phase {}", engine::to_string(event.phase)));
        shown_at_ = {};
    }
    void show(const stage::ChunkDone&) {}
    void show(const stage::FullProgress& event) {
        copied_ = event.rows;
        progress(event);
    }
    void show(const stage::IncrementalProgress& event) { progress(event); }
    void show(const stage::Waiting& event) {
        const std::string holders = model::to_text(event.wait.holders);
        line(fmt::format("waiting{} for {}{}", at(event.wait.side), event.wait.what,
                         holders.empty() ? "" : ": " + holders));
    }
    void show(const stage::Waited& event) {
        line(fmt::format("waited {}{} for {}", time_text(event.after), at(event.wait.side),
                         event.wait.what));
    }
    void show(const stage::Retrying& event) {
        line(fmt::format("trying again{} (attempt {}, gives up in {}): {}",
                         with(" at the ", event.error.side()), event.attempt,
                         time_text(event.gives_up_in), event.error.message()));
    }
    void show(const stage::Recovered& event) {
        line(fmt::format("goes on after {}{}", time_text(event.after),
                         with(" without the ", event.end)));
    }
    void show(const stage::FailoverProved& event) {
        line("another server is the source now, without a gap: " + event.proof);
    }
    void show(const stage::FindingRaised& event) {
        erase();
        precheck::print(out_, precheck::Findings{event.finding});
    }
    void show(const stage::Failed& event) {
        // The error itself is told by the program's main, once.
        if (!event.position.empty()) {
            line("applied up to " + event.position +
                 "; what is durable stays: start again to go on");
        }
    }
    void show(const stage::LateWriteSeen& event) {
        line(
            fmt::format("LATE WRITE: {} transactions have changed the source behind the cutover's "
                        "point; the destination lacks them",
                        grouped(event.late.transactions)));
        for (const stage::LateWrite& write : event.late.first) {
            line(fmt::format("  {} {}{}", write.change, write.table,
                             write.key.empty() ? "" : " (" + write.key + ")"));
        }
    }
    void show(const stage::Ended& event) {
        if (event.position.empty()) {  // no log was followed: nothing was applied
            line(event.outcome +
                 (copied_ ? fmt::format(": {} rows copied", grouped(copied_->count)) : ""));
            return;
        }
        line(fmt::format("{}: {} transactions, {} changes, applied up to {}", event.outcome,
                         grouped(event.transactions), grouped(event.changes), event.position));
    }

    template <typename Progress>
    void progress(const Progress& event) {
        if (terminal_) {
            draw(block(event));
            return;
        }
        const Clock::time_point now = Clock::now();
        const bool due = shown_at_ == Clock::time_point{} || now - shown_at_ >= kPlainEvery;
        held_back_ = due ? "" : summary(event);
        if (due) {
            shown_at_ = now;
            out_ << model::visible(summary(event)) << "\n";
        }
    }

    void line(const std::string& text) {
        erase();
        out_ << model::visible(text) << "\n";
    }

    void draw(const std::vector<std::string>& lines) {
        erase();
        const std::size_t width = terminal_width();
        for (const std::string& text : lines) {
            out_ << cut(model::visible(text), width) << "\n";
        }
        drawn_ = lines.size();
    }

    /// Goes back to the top of the block and wipes it.
    void erase() {
        if (drawn_ > 0) {
            out_ << fmt::format("\x1b[{}A\x1b[J", drawn_);
            drawn_ = 0;
        }
    }

    std::mutex mutex_;
    std::ostream& out_;
    const bool terminal_;
    std::size_t drawn_ = 0;
    Clock::time_point shown_at_{};
    std::optional<model::Rows> copied_;
    std::string held_back_;  ///< the latest progress, if it was too soon to show it
};

}  // namespace

std::unique_ptr<View> make_terminal_view(std::ostream& out, bool terminal) {
    return std::make_unique<TerminalView>(out, terminal);
}

}  // namespace cutover::task
