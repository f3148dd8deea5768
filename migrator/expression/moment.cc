#include "migrator/expression/moment.h"

#include <algorithm>

namespace cutover::expression {

namespace {

constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;
constexpr std::int64_t kFirstDay = -2451545;                           // 4714-11-24 BC
constexpr std::int64_t kBehindLastDay = 2145031949;                    // 5874898-01-01
constexpr std::int64_t kBehindLastMoment = 9'223'371'331'200'000'000;  // 294277-01-01

/// Days since 2000-01-01 in the Gregorian calendar; year 0 is 1 BC.
std::int64_t day_of(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t of_era = year - era * 400;
    const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730425;
}

bool leap(std::int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/// Takes text from its front, piece by piece.
class Pieces {
public:
    explicit Pieces(std::string_view text) : text_(text) {}
    bool empty() const { return text_.empty(); }
    bool take(std::string_view word) {
        const bool there = text_.starts_with(word);
        text_.remove_prefix(there ? word.size() : 0);
        return there;
    }
    /// A number of so many digits.
    std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
        std::size_t length = 0;
        std::int64_t value = 0;
        while (length < most && length < text_.size() && text_[length] >= '0' &&
               text_[length] <= '9') {
            value = value * 10 + (text_[length++] - '0');
        }
        text_.remove_prefix(length);
        taken_ = length;
        return length < least ? std::nullopt : std::optional(value);
    }
    std::size_t taken() const { return taken_; }

private:
    std::string_view text_;
    std::size_t taken_ = 0;
};

std::optional<std::int64_t> take_day(Pieces& pieces, bool before_christ) {
    const auto year = pieces.number(4, 7);
    const bool first = pieces.take("-");
    const auto month = pieces.number(2, 2);
    const bool second = pieces.take("-");
    const auto day = pieces.number(2, 2);
    if (!year || !month || !day || !first || !second || *year < 1 || *month < 1 || *month > 12 ||
        *day < 1) {
        return std::nullopt;
    }
    const std::int64_t counted = before_christ ? 1 - *year : *year;
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const std::int64_t last = kDays[*month - 1] + (*month == 2 && leap(counted) ? 1 : 0);
    const std::int64_t found = day_of(counted, *month, *day);
    return *day > last || found < kFirstDay || found >= kBehindLastDay ? std::nullopt
                                                                       : std::optional(found);
}

/// Microseconds of the day.
std::optional<std::int64_t> take_time(Pieces& pieces) {
    const auto hour = pieces.number(2, 2);
    const bool first = pieces.take(":");
    const auto minute = pieces.number(2, 2);
    const bool second = pieces.take(":");
    const auto seconds = second ? pieces.number(2, 2) : std::optional<std::int64_t>(0);
    if (!hour || !minute || !seconds || !first || *hour > 23 || *minute > 59 || *seconds > 59) {
        return std::nullopt;
    }
    std::int64_t fraction = 0;
    if (second && pieces.take(".")) {
        const auto digits = pieces.number(1, 6);
        if (!digits) {
            return std::nullopt;
        }
        fraction = *digits;
        for (std::size_t length = pieces.taken(); length < 6; ++length) {
            fraction *= 10;
        }
    }
    return ((*hour * 60 + *minute) * 60 + *seconds) * 1'000'000 + fraction;
}

/// Microseconds east of UTC.
std::optional<std::int64_t> take_zone(Pieces& pieces) {
    if (pieces.take("Z")) {
        return 0;
    }
    const bool west = pieces.take("-");
    if (!west && !pieces.take("+")) {
        return std::nullopt;
    }
    const auto hours = pieces.number(2, 2);
    const auto minutes = pieces.take(":") ? pieces.number(2, 2) : std::optional<std::int64_t>(0);
    const auto seconds = pieces.take(":") ? pieces.number(2, 2) : std::optional<std::int64_t>(0);
    if (!hours || !minutes || !seconds || *hours > 15 || *minutes > 59 || *seconds > 59) {
        return std::nullopt;
    }
    const std::int64_t east = ((*hours * 60 + *minutes) * 60 + *seconds) * 1'000'000;
    return west ? -east : east;
}

std::optional<std::int64_t> endless(std::string_view text) {
    return text == "infinity"    ? std::optional(kForever)
           : text == "-infinity" ? std::optional(kSinceEver)
                                 : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) {
    if (const auto found = endless(text)) {
        return found;
    }
    const bool before_christ = text.ends_with(" BC");
    Pieces pieces(text.substr(0, text.size() - (before_christ ? 3 : 0)));
    const auto day = take_day(pieces, before_christ);
    return pieces.empty() ? day : std::nullopt;
}

std::optional<std::int64_t> parse_moment(std::string_view text, Zone zone) {
    if (const auto found = endless(text)) {
        return found;
    }
    const bool before_christ = text.ends_with(" BC");
    Pieces pieces(text.substr(0, text.size() - (before_christ ? 3 : 0)));
    const auto day = take_day(pieces, before_christ);
    std::optional<std::int64_t> time, east = 0;
    if (pieces.take(" ")) {
        time = take_time(pieces);
        east = zone == Zone::required && time ? take_zone(pieces) : east;
    } else if (zone == Zone::none) {
        time = 0;
    }
    if (!day || !time || !east || !pieces.empty() ||
        *day > kBehindLastMoment / kMicrosecondsPerDay) {
        return std::nullopt;
    }
    // A day behind the last and a zone's hours still fit into 64 bits.
    const std::int64_t moment = *day * kMicrosecondsPerDay + *time - *east;
    if (moment < kFirstDay * kMicrosecondsPerDay || moment >= kBehindLastMoment) {
        return std::nullopt;
    }
    return moment;
}

std::int64_t midnight(std::int64_t day) {
    if (day == kForever || day == kSinceEver) {
        return day;
    }
    return day >= kBehindLastMoment / kMicrosecondsPerDay ? kForever - 1
                                                          : day * kMicrosecondsPerDay;
}

}  // namespace cutover::expression
