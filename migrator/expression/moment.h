// Dates and moments as numbers: days, and microseconds, since 2000-01-01, as PostgreSQL counts
// them. Only the ISO form is read; what depends on a session's settings is none of it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace cutover::expression {

inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kSinceEver = std::numeric_limits<std::int64_t>::min();

enum class Zone : std::uint8_t { none, required };

/// `2026-12-01`, `0044-03-15 BC`, `infinity`. Days. Nothing: it is none, or beyond what the server
/// takes.
std::optional<std::int64_t> parse_date(std::string_view text);
/// `2026-12-01 09:31:05.25`, with `+05:30` or `Z` if a zone is required. A moment of that zone's:
/// microseconds in UTC. Without a time it is midnight (only where no zone is required).
std::optional<std::int64_t> parse_moment(std::string_view text, Zone zone);
/// Midnight of that day; one too late for a moment is later than each, but for infinity.
std::int64_t midnight(std::int64_t day);

}  // namespace cutover::expression
