#include "scenarios/report/timeline_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

constexpr double kWidth = 1080;
constexpr double kLeft = 74;
constexpr double kRight = 12;
constexpr double kRowHeight = 20;
constexpr std::size_t kMostPoints = 1200;
constexpr std::size_t kMostNumberedFaults = 40;
/// Longer silence is drawn as a gap, not as a line through it.
constexpr double kGapSeconds = 2.5;

struct Point {
    Instant at{};
    double value = 0;
    std::uint32_t process = 0;
};

struct Series {
    std::string style;
    std::string name;
    std::vector<Point> points;
};

struct Panel {
    std::string title;
    double height = 0;
    std::vector<Series> series;
    std::function<std::string(double)> label;
};

/// The time axis: from the first life of the migrator (or the first write) to the last thing it
/// did.
struct Span {
    Instant from{};
    Instant to{};

    double x(Instant at) const {
        const double share =
            seconds_between(from, std::clamp(at, from, to)) / seconds_between(from, to);
        return kLeft + share * (kWidth - kLeft - kRight);
    }
};

Span span_of(const Evidence& evidence) {
    Instant from = evidence.samples.front().at;
    Instant to = evidence.samples.back().at;
    const auto include = [&](Instant at) {
        from = std::min(from, at);
        to = std::max(to, at);
    };
    for (const ProcessRun& run : evidence.processes) {
        include(run.started);
        include(run.ended.value_or(run.started));
    }
    for (const FaultRecord& fault : evidence.faults) {
        include(fault.injected);
        include(fault.effect_ended.value_or(fault.injected));
    }
    const auto over = evidence.milestones.find("cut_over");
    if (over != evidence.milestones.end()) {
        include(over->second);
    }
    return {from, std::max(to, from + std::chrono::seconds(1))};
}

double nice_step(double range, int steps) {
    const double raw = std::max(range, 1e-9) / steps;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (raw <= factor * power * 1.0001) {
            return factor * power;
        }
    }
    return 10 * power;
}

double nice_seconds(double range) {
    for (const double step :
         {1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0}) {
        if (range / step <= 14) {
            return step;
        }
    }
    return std::ceil(range / 14 / 3600) * 3600;
}

/// Keeps the highest of each run of points, so that no spike disappears.
std::vector<Point> thinned(const std::vector<Point>& points) {
    if (points.size() <= kMostPoints) {
        return points;
    }
    std::vector<Point> kept;
    const std::size_t run = points.size() / kMostPoints + 1;
    for (std::size_t at = 0; at < points.size(); at += run) {
        const auto end =
            points.begin() + static_cast<std::ptrdiff_t>(std::min(at + run, points.size()));
        kept.push_back(
            *std::max_element(points.begin() + static_cast<std::ptrdiff_t>(at), end,
                              [](const Point& a, const Point& b) { return a.value < b.value; }));
    }
    return kept;
}

std::string lag_label(double seconds) {
    return seconds >= 1 && seconds < 100 ? fmt::format("{:g} s", seconds)
                                         : duration_of_seconds(seconds);
}

std::vector<Panel> panels_of(const Evidence& evidence) {
    Series copied{"copied", "rows copied/s", {}};
    Series applied{"applied", "changes applied/s", {}};
    Series written{"written", "transactions written/s", {}};
    Series lag{"lag", "lag", {}};
    for (const Sample& sample : evidence.samples) {
        if (sample.phase == "full") {
            copied.points.push_back({sample.at, sample.per_second, sample.process});
            continue;
        }
        applied.points.push_back({sample.at, sample.per_second, sample.process});
        if (sample.lag) {
            lag.points.push_back(
                {sample.at, static_cast<double>(sample.lag->count()) / 1000.0, sample.process});
        }
    }
    for (const WorkloadSample& sample : evidence.workload_samples) {
        written.points.push_back({sample.at, sample.transactions_per_second, 0});
    }
    const auto rate = [](double value) { return short_number(value); };
    std::vector<Panel> panels = {{"copy, rows/s", 120, {copied}, rate},
                                 {"log, per second", 120, {applied, written}, rate},
                                 {"lag", 90, {lag}, lag_label}};
    std::erase_if(panels, [](const Panel& panel) {
        return std::all_of(panel.series.begin(), panel.series.end(),
                           [](const Series& series) { return series.points.empty(); });
    });
    return panels;
}

class Drawing {
public:
    Drawing(const Evidence& evidence) : evidence_(evidence), span_(span_of(evidence)) {}

    std::string draw() {
        phases();
        lives();
        chunks();
        y_ += 22;  // the fault numbers stand here
        panels_top_ = y_;
        const std::vector<Panel> panels = panels_of(evidence_);
        for (const Panel& panel : panels) {
            draw_panel(panel);
        }
        panels_bottom_ = y_ - 12;
        time_axis();
        milestones();
        const std::string shades = faults();
        return fmt::format(
                   "<svg class=\"timeline\" viewBox=\"0 0 {} {:.0f}\" role=\"img\" "
                   "aria-labelledby=\"plot-title"
                   " plot-text\"><title id=\"plot-title\">Timeline of the rehearsal</title><desc "
                   "id=\"plot-text\">"
                   "{}</desc><defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
                   "patternUnits=\"userSpaceOnUse\""
                   " patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" "
                   "x2=\"0\" y2=\"6\"/>"
                   "</pattern></defs>",
                   kWidth, y_ + 30, escape(description())) +
               shades + grid_ + body_ + "</svg>\n";
    }

private:
    std::string description() const {
        return fmt::format(
            "{} faults over {}; {} lives of the migrator; {} chunks copied. The tables below "
            "say the same in words.",
            evidence_.faults.size(), duration_of_seconds(seconds_between(span_.from, span_.to)),
            evidence_.processes.size(), evidence_.chunks.size());
    }

    void row_label(const std::string& text) {
        body_ += fmt::format("<text class=\"row\" x=\"{}\" y=\"{:.1f}\">{}</text>", kLeft - 8,
                             y_ + 13, escape(text));
    }

    void bar(Instant from, Instant to, const std::string& style, const std::string& text,
             const std::string& title) {
        const double left = span_.x(from);
        const double width = std::max(1.0, span_.x(to) - left - 1);
        body_ += fmt::format(
            "<g><title>{}</title><rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\""
            " height=\"{}\" rx=\"2\"/>",
            escape(title), style, left, y_, width, kRowHeight - 3);
        if (width > 7.0 * static_cast<double>(text.size()) + 6) {
            body_ += fmt::format("<text class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                                 left + 5, y_ + 12.5, escape(text));
        }
        body_ += "</g>";
    }

    void phases() {
        row_label("phase");
        for (std::size_t at = 0; at < evidence_.phases.size(); ++at) {
            const PhaseChange& phase = evidence_.phases[at];
            const Instant end =
                at + 1 < evidence_.phases.size() ? evidence_.phases[at + 1].at : span_.to;
            if (phase.phase != "finished") {
                bar(phase.at, end, "phase " + phase.phase, phase.phase,
                    phase.phase + " from " + since(evidence_.started, phase.at));
            }
        }
        y_ += kRowHeight;
    }

    void lives() {
        row_label("migrator");
        for (const ProcessRun& run : evidence_.processes) {
            const std::string how = run.killed_by_us      ? "killed"
                                    : run.frozen_by_us    ? "frozen"
                                    : run.outcome.empty() ? "ended"
                                                          : run.outcome;
            bar(run.started, run.ended.value_or(span_.to), "life", fmt::format("#{}", run.number),
                fmt::format("process {} {}: {}", run.number, run.resumed ? "resumed" : "started",
                            how));
        }
        y_ += kRowHeight;
    }

    void chunks() {
        if (evidence_.chunks.empty()) {
            return;
        }
        row_label("chunks");
        double last = -10;
        for (const ChunkCopied& chunk : evidence_.chunks) {
            const double x = span_.x(chunk.at);
            if (x - last < 0.6 && !chunk.resumed) {
                continue;  // more ticks than pixels
            }
            last = x;
            body_ += fmt::format(
                "<line class=\"chunk{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
                chunk.resumed ? " resumed" : "", x, x, y_ + 2, y_ + kRowHeight - 4);
        }
        y_ += kRowHeight;
    }

    void draw_panel(const Panel& panel) {
        double highest = 0;
        for (const Series& series : panel.series) {
            for (const Point& point : series.points) {
                highest = std::max(highest, point.value);
            }
        }
        const double step = nice_step(std::max(highest, 1e-3), 3);
        const double top = std::max(step, std::ceil(highest / step) * step);
        const double bottom = y_ + 18 + panel.height;
        const auto y = [&](double value) { return bottom - value / top * panel.height; };
        double legend = kLeft + 4;
        const int lines = static_cast<int>(std::lround(top / step));
        for (int line = 0; line <= lines; ++line) {
            const double value = line * step;
            grid_ += fmt::format(
                "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
                "<text class=\"tick\" x=\"{3}\" y=\"{4:.1f}\">{5}</text>",
                kLeft, kWidth - kRight, y(value), kLeft - 8, y(value) + 4,
                escape(value == 0 ? "0" : panel.label(value)));
        }
        for (const Series& series : panel.series) {
            if (series.points.empty()) {
                continue;
            }
            body_ += fmt::format(
                "<g class=\"{0}\"><line class=\"line\" x1=\"{1:.1f}\" x2=\"{2:.1f}\" y1=\"{3:.1f}\""
                " y2=\"{3:.1f}\"/></g><text class=\"legend\" x=\"{4:.1f}\" "
                "y=\"{5:.1f}\">{6}</text>",
                series.style, legend, legend + 18, y_ + 8, legend + 24, y_ + 12,
                escape(series.name));
            legend += 40 + 7.2 * static_cast<double>(series.name.size());
            draw_series(series, y, bottom);
        }
        y_ = bottom + 14;
    }

    template <typename Y>
    void draw_series(const Series& series, Y y, double bottom) {
        std::string line;
        std::string area;
        double last_x = 0;
        const Point* before = nullptr;
        const std::vector<Point> points = thinned(series.points);
        for (const Point& point : points) {
            const bool gap = before == nullptr || point.process != before->process ||
                             seconds_between(before->at, point.at) > kGapSeconds;
            const double x = span_.x(point.at);
            if (gap && before != nullptr) {
                area += fmt::format("L{:.1f} {:.1f}Z", last_x, bottom);
            }
            area += gap ? fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}", x, bottom, x, y(point.value))
                        : fmt::format("L{:.1f} {:.1f}", x, y(point.value));
            line += fmt::format("{}{:.1f} {:.1f}", gap ? 'M' : 'L', x, y(point.value));
            last_x = x;
            before = &point;
        }
        area += fmt::format("L{:.1f} {:.1f}Z", last_x, bottom);
        body_ += fmt::format(
            "<g class=\"{}\"><path class=\"area\" d=\"{}\"/><path class=\"line\" d=\"{}\"/></g>",
            series.style, area, line);
    }

    void time_axis() {
        const double step = nice_seconds(seconds_between(span_.from, span_.to));
        const double offset = seconds_between(evidence_.started, span_.from);
        for (double at = std::ceil(offset / step) * step;; at += step) {
            const Instant when =
                evidence_.started + std::chrono::microseconds(static_cast<std::int64_t>(at * 1e6));
            if (when > span_.to) {
                break;
            }
            const std::string text = since(evidence_.started, when);
            grid_ += fmt::format(
                "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
                "<text class=\"time\" x=\"{0:.1f}\" y=\"{3:.1f}\">{4}</text>",
                span_.x(when), panels_top_, y_ - 8, y_ + 8,
                escape(text.substr(0, text.size() - 2)));
        }
    }

    void milestones() {
        for (const auto& [name, at] : evidence_.milestones) {
            if (at < span_.from || at > span_.to ||
                (name != "writers_stopped" && name != "cut_over")) {
                continue;
            }
            const std::string words = name == "cut_over" ? "cut over" : "writers stopped";
            body_ += fmt::format(
                "<g class=\"milestone\"><title>{0} at {1}</title><line x1=\"{2:.1f}\" "
                "x2=\"{2:.1f}\""
                " y1=\"{3:.1f}\" y2=\"{4:.1f}\"/><text x=\"{2:.1f}\" y=\"{5:.1f}\">{0}</text></g>",
                words, since(evidence_.started, at), span_.x(at), panels_top_, y_ - 8,
                name == "cut_over" ? y_ + 36 : y_ + 24);
        }
        y_ += evidence_.milestones.contains("cut_over") ? 16 : 0;
    }

    std::string faults() const {
        std::string shades;
        std::size_t number = 0;
        double last_mark = -100;
        for (const FaultRecord& fault : evidence_.faults) {
            ++number;
            const double left = span_.x(fault.injected);
            const double right =
                std::max(span_.x(fault.effect_ended.value_or(fault.injected)), left + 3);
            shades += fmt::format(
                "<g class=\"fault\"><title>{} {} {}: {}</title><rect class=\"tint\" x=\"{:.1f}\" "
                "y=\"{:.1f}\""
                " width=\"{:.1f}\" height=\"{:.1f}\"/><rect fill=\"url(#hatch)\" x=\"{:.1f}\" "
                "y=\"{:.1f}\""
                " width=\"{:.1f}\" height=\"{:.1f}\"/>",
                number, escape(fault.name), escape(fault.target),
                since(evidence_.started, fault.injected), left, panels_top_ - 4, right - left,
                panels_bottom_ - panels_top_ + 4, left, panels_top_ - 4, right - left,
                panels_bottom_ - panels_top_ + 4);
            if (evidence_.faults.size() <= kMostNumberedFaults) {
                const double mark = std::max(left, last_mark + 19);
                last_mark = mark;
                shades += fmt::format(
                    "<circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"8.5\"/><text x=\"{0:.1f}\""
                    " y=\"{2:.1f}\">{3}</text>",
                    mark, panels_top_ - 13, panels_top_ - 9, number);
            }
            shades += "</g>";
        }
        return shades;
    }

    const Evidence& evidence_;
    Span span_;
    std::string grid_;  ///< below body_
    std::string body_;
    double y_ = 2;
    double panels_top_ = 0;
    double panels_bottom_ = 0;
};

}  // namespace

std::string timeline_svg(const Evidence& evidence) {
    return evidence.samples.empty() ? "" : Drawing(evidence).draw();
}

}  // namespace cutover::scenarios::report
