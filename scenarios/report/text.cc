#include "scenarios/report/text.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <array>
#include <cmath>

#include "migrator/model/visible.h"

namespace cutover::scenarios::report {

std::string escape(std::string_view text) {
    std::string safe;
    safe.reserve(text.size() + text.size() / 8);
    for (const char letter : model::visible_lines(text)) {
        switch (letter) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            default:
                safe += letter;
        }
    }
    return safe;
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, ",");
    }
    return digits;
}

std::string short_number(double number) {
    constexpr std::array<const char*, 5> units = {"", " k", " M", " G", " T"};
    std::size_t unit = 0;
    while (std::abs(number) >= 999.5 && unit + 1 < units.size()) {
        number /= 1000;
        ++unit;
    }
    const double size = std::abs(number);
    const int decimals = size >= 99.5 || number == std::round(number) ? 0 : size >= 9.95 ? 1 : 2;
    return fmt::format("{:.{}f}{}", number, decimals, units[unit]);
}

std::string duration(std::chrono::milliseconds time) {
    return duration_of_seconds(static_cast<double>(time.count()) / 1000.0);
}

std::string duration_of_seconds(double seconds) {
    if (seconds < 0.9995) {
        return fmt::format("{:.0f} ms", seconds * 1000);
    }
    if (seconds < 99.95) {
        return fmt::format("{:.1f} s", seconds);
    }
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 3600) {
        return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    }
    if (whole < 48 * 3600) {
        return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
    }
    return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

std::string bytes(double count) {
    constexpr std::array<const char*, 5> units = {"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (count >= 999.5 && unit + 1 < units.size()) {
        count /= 1000;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", count, unit == 0 || count >= 99.5 ? 0 : 1, units[unit]);
}

double seconds_between(model::Instant from, model::Instant to) {
    return std::chrono::duration<double>(to - from).count();
}

std::string since(model::Instant start, model::Instant at) {
    const auto tenths = (at - start).count() / 100'000;
    const auto size = static_cast<std::uint64_t>(tenths < 0 ? -tenths : tenths);
    return fmt::format("{}{:02}:{:02}.{}", tenths < 0 ? "−" : "+", size / 600, size / 10 % 60,
                       size % 10);
}

std::string date_time(model::Instant at) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(
                           std::chrono::time_point_cast<std::chrono::system_clock::duration>(at))));
}

std::string rfc3339(model::Instant at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                       fmt::gmtime(static_cast<std::time_t>(seconds.time_since_epoch().count())),
                       (at - seconds).count());
}

}  // namespace cutover::scenarios::report
