// Where an engine's wire form becomes canonical: one decoder per column and end, made by that
// engine's reader from its own catalog. Everything above this line knows cells only as bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "verify/canonical/number.h"
#include "verify/canonical/rule.h"
#include "verify/canonical/value_family.h"

namespace cutover::verify {

/// Stateless; shared by threads.
class CellDecoder {
public:
    /// `family`: the cells can be compared with cells of the same family. `byte_form`: cells that
    /// have the same non-empty form are equal exactly if their bytes are.
    CellDecoder(ValueFamily family, std::string byte_form)
        : family_(std::move(family)), byte_form_(std::move(byte_form)) {}
    CellDecoder(const CellDecoder&) = delete;
    CellDecoder& operator=(const CellDecoder&) = delete;
    virtual ~CellDecoder() = default;

    const ValueFamily& family() const { return family_; }
    const std::string& byte_form() const { return byte_form_; }

    /// Appends the canonical cell of a value that is not NULL. Without rules the form is strict.
    /// False if the bytes cannot be decoded: the cell is then Tag::uncomparable with the reason.
    virtual bool canonical(std::string_view wire, const RuleSet& rules, std::string& out) const = 0;

    /// The value of a cell that is ordered as KeyOrder::numeric. False if the bytes are not a
    /// number.
    virtual bool number(std::string_view /*wire*/, ExactNumber& /*out*/) const { return false; }

private:
    ValueFamily family_;
    std::string byte_form_;
};

}  // namespace cutover::verify
