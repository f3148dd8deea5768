#include "migrator/engine/postgres/capture/positions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

template <typename Number>
bool parse_number(std::string_view text, Number& out, int base = 10) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && !text.empty();
}

Error malformed(std::string_view what, std::string_view text) {
    return Error(ErrorClass::corrupt, "position.malformed",
                 fmt::format("not a {}: '{}'", what, text.substr(0, 60)),
                 "the task's stored state is damaged or was made by another program")
        .at(model::Side::neither);
}

}  // namespace

std::string to_text(Lsn lsn) {
    return fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xFFFFFFFFu);
}

std::optional<Lsn> parse_lsn(std::string_view text) {
    const std::size_t slash = text.find('/');
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    if (slash == std::string_view::npos || !parse_number(text.substr(0, slash), high, 16) ||
        !parse_number(text.substr(slash + 1), low, 16)) {
        return std::nullopt;
    }
    return (static_cast<Lsn>(high) << 32) | low;
}

model::Position to_position(LogPoint point) {
    std::string text = to_text(point.lsn);
    return {fmt::format("{}:{}", point.timeline, text), std::move(text)};
}

LogPoint to_log_point(const model::Position& position) {
    const std::string_view bytes = position.bytes;
    const std::size_t colon = bytes.find(':');
    LogPoint point;
    if (colon == std::string_view::npos || !parse_number(bytes.substr(0, colon), point.timeline)) {
        throw malformed("position", bytes);
    }
    const std::optional<Lsn> lsn = parse_lsn(bytes.substr(colon + 1));
    if (!lsn) {
        throw malformed("position", bytes);
    }
    point.lsn = *lsn;
    return point;
}

namespace {

/// The first of the list, which is cut off it.
Xid8 take_xid(std::string_view& list) {
    const std::size_t end = std::min(list.find(','), list.size());
    Xid8 xid = 0;
    if (!parse_number(list.substr(0, end), xid)) {
        throw malformed("snapshot", list);
    }
    list.remove_prefix(std::min(end + 1, list.size()));
    return xid;
}

}  // namespace

Snapshot Snapshot::parse(std::string_view text) {
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    Snapshot out;
    if (second == std::string_view::npos || !parse_number(text.substr(0, first), out.xmin) ||
        !parse_number(text.substr(first + 1, second - first - 1), out.xmax)) {
        throw malformed("snapshot", text);
    }
    out.in_progress = text.substr(second + 1);
    for (std::string_view rest = out.in_progress; !rest.empty();) {
        take_xid(rest);  // throws
    }
    return out;
}

bool Snapshot::sees(Xid8 xid) const {
    if (xid < xmin) {
        return true;
    }
    if (xid >= xmax) {
        return false;
    }
    for (std::string_view rest = in_progress; !rest.empty();) {
        if (take_xid(rest) == xid) {
            return false;
        }
    }
    return true;
}

std::vector<Xid8> Snapshot::running() const {
    std::vector<Xid8> out;
    for (std::string_view rest = in_progress; !rest.empty();) {
        out.push_back(take_xid(rest));
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::optional<Xid8> Snapshot::lacks(const Snapshot& earlier) const {
    for (std::string_view rest = in_progress; !rest.empty();) {
        const Xid8 xid = take_xid(rest);
        if (earlier.sees(xid)) {
            return xid;
        }
    }
    for (Xid8 xid = xmax; xid < earlier.xmax; ++xid) {
        if (earlier.sees(xid)) {
            return xid;
        }
    }
    return std::nullopt;
}

Xid8 widen(std::uint32_t xid, Xid8 reference) {
    const auto distance = static_cast<std::int32_t>(xid - static_cast<std::uint32_t>(reference));
    if (distance < 0 && static_cast<Xid8>(-static_cast<std::int64_t>(distance)) > reference) {
        return xid;  // before the first wrap there is only one epoch
    }
    return reference + static_cast<Xid8>(static_cast<std::int64_t>(distance));
}

TimelineHistory::TimelineHistory(Timeline current, std::string_view file) : current_(current) {
    while (!file.empty()) {
        const std::size_t end = std::min(file.find('\n'), file.size());
        std::string_view line = file.substr(0, end);
        file.remove_prefix(std::min(end + 1, file.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos || line.front() == '#') {
            continue;
        }
        const std::size_t tab = line.find_first_of(" \t");
        if (tab == std::string_view::npos) {
            throw malformed("timeline history", line);
        }
        const std::size_t start = line.find_first_not_of(" \t", tab);
        Timeline timeline = 0;
        const std::string_view rest = start == std::string_view::npos ? "" : line.substr(start);
        const std::optional<Lsn> lsn = parse_lsn(rest.substr(0, rest.find_first_of(" \t\r")));
        if (!parse_number(line.substr(0, tab), timeline) || !lsn) {
            throw malformed("timeline history", line);
        }
        ends_[timeline] = *lsn;
    }
}

std::optional<Lsn> TimelineHistory::end_of(Timeline timeline) const {
    const auto found = ends_.find(timeline);
    return found == ends_.end() ? std::nullopt : std::optional<Lsn>(found->second);
}

bool TimelineHistory::holds(LogPoint point) const {
    if (point.timeline == current_) {
        return true;
    }
    const std::optional<Lsn> end = end_of(point.timeline);
    return end && point.lsn <= *end;
}

}  // namespace cutover::postgres
