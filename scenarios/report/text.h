// Numbers, durations and instants as people read them, and texts as HTML and XML want them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "migrator/model/units.h"

namespace cutover::scenarios::report {

/// For element content and quoted attributes, in HTML and XML. Visible first (model/visible.h);
/// newlines and tabs stay.
std::string escape(std::string_view text);

/// `2,217,067`
std::string grouped(std::uint64_t number);
/// Three significant digits with a unit: `412 k`, `1.83 M`.
std::string short_number(double number);
/// `85 ms`, `4.2 s`, `3 min 12 s`, `5 h 07 min`.
std::string duration(std::chrono::milliseconds time);
std::string duration_of_seconds(double seconds);
/// `1.2 GB`; decimal units.
std::string bytes(double count);
double seconds_between(model::Instant from, model::Instant to);
/// Time since `start`: `+00:41.2`.
std::string since(model::Instant start, model::Instant at);
/// `2026-11-21 10:05:32 UTC`
std::string date_time(model::Instant at);
/// RFC 3339 with microseconds.
std::string rfc3339(model::Instant at);

/// What stands where nothing was seen.
inline constexpr const char* kNothing = "–";

template <typename T, typename Format>
std::string or_nothing(const std::optional<T>& value, Format format) {
    return value ? format(*value) : std::string(kNothing);
}

}  // namespace cutover::scenarios::report
