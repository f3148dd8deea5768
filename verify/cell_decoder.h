// Where an engine's wire form becomes canonical: one decoder per column and end, made by that
// engine's reader from its own catalog. Everything above this line knows cells only as bytes.
#pragma once

#include <string>
#include <string_view>

#include "verify/rule.h"

namespace cutover::verify {

/// Stateless; shared by threads.
class CellDecoder {
public:
    virtual ~CellDecoder() = default;

    /// Appends the canonical cell of a value that is not NULL. Without rules the form is strict.
    /// False if the bytes cannot be decoded: the cell is then Tag::uncomparable with the reason.
    virtual bool canonical(std::string_view wire, const RuleSet& rules, std::string& out) const = 0;
};

}  // namespace cutover::verify
