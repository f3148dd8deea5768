#include "migrator/expression/like.h"

#include <algorithm>

namespace cutover::expression {

namespace {

bool goes_on(char one) {
    return (static_cast<unsigned char>(one) & 0xc0) == 0x80;
}

std::size_t behind_character(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && goes_on(text[at]);) {
        ++at;
    }
    return at;
}

}  // namespace

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char one) { return !goes_on(one); }));
}

std::optional<LikePattern> LikePattern::parse(std::string_view pattern, std::string_view escape) {
    LikePattern out;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (!escape.empty() && pattern[at] == escape.front()) {
            if (++at == pattern.size()) {
                return std::nullopt;
            }
            out.pieces_.push_back(static_cast<unsigned char>(pattern[at]));
        } else {
            const char one = pattern[at];
            out.pieces_.push_back(one == '%'   ? std::uint16_t{kRun}
                                  : one == '_' ? std::uint16_t{kOne}
                                               : static_cast<unsigned char>(one));
        }
    }
    return out;
}

/// Goes back to the last run only: an earlier one could not do better.
bool LikePattern::matches(std::string_view text) const {
    std::size_t at = 0, piece = 0;
    std::optional<std::size_t> run;
    std::size_t run_end = 0;
    while (at < text.size()) {
        if (piece < pieces_.size() && pieces_[piece] == kRun) {
            run = ++piece;
            run_end = at;
        } else if (piece < pieces_.size() &&
                   (pieces_[piece] == kOne ||
                    pieces_[piece] == static_cast<unsigned char>(text[at]))) {
            at = pieces_[piece++] == kOne ? behind_character(text, at) : at + 1;
        } else if (run) {
            run_end = behind_character(text, run_end);
            at = run_end;
            piece = *run;
        } else {
            return false;
        }
    }
    return std::all_of(pieces_.begin() + static_cast<std::ptrdiff_t>(piece), pieces_.end(),
                       [](std::uint16_t one) { return one == kRun; });
}

}  // namespace cutover::expression
