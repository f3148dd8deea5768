#include "verify/compare/narrow.h"

#include "migrator/model/check.h"
#include "verify/canonical/canonical.h"

namespace cutover::verify {

namespace {

/// Strict canonical form of a value into `out`. False if it cannot be decoded.
bool put_form(const PairCell& cell, Side side, const Cell& value, const RuleSet& rules,
              std::string& out) {
    out.clear();
    if (!value.has_value()) {
        put_cell(out, value.length == kNullLength ? Tag::null : Tag::absent, {});
        return true;
    }
    return cell.decoder(side).canonical(value.bytes, rules, out);
}

}  // namespace

Narrower::Narrower(const TablePair& pair, const RuleSet& rules)
    : pair_(pair), rules_(rules), rule_list_(rules.list()) {}

const RowDifference& Narrower::compare(std::string_view source_row,
                                       std::string_view destination_row) {
    difference_.verdict = RowVerdict::equal;
    difference_.cells.clear();
    difference_.rules.fill(0);
    CellWalk source(source_row);
    CellWalk destination(destination_row);
    for (std::size_t at = 0; at < pair_.cells.size(); ++at) {
        const Cell a = source.next();
        const Cell b = destination.next();
        if (pair_.cells[at].compared) {
            compare_cell(at, a, b);
        }
    }
    return difference_;
}

void Narrower::compare_cell(std::size_t at, const Cell& source, const Cell& destination) {
    const PairCell& cell = pair_.cells[at];
    const bool both = source.has_value() && destination.has_value();
    if ((cell.same_bytes || !both) && source.same_bytes(destination)) {
        return;
    }
    decoded_ = true;
    if (equal_under(cell, source, destination, {})) {
        return;
    }
    if (!decoded_) {
        difference_.cells.push_back(at);
        if (difference_.verdict != RowVerdict::different) {
            difference_.verdict = RowVerdict::uncomparable;
        }
        return;
    }
    if (passes_by_rule(cell, source, destination)) {
        if (difference_.verdict == RowVerdict::equal) {
            difference_.verdict = RowVerdict::equal_by_rule;
        }
        return;
    }
    difference_.cells.push_back(at);
    difference_.verdict = RowVerdict::different;
}

bool Narrower::equal_under(const PairCell& cell, const Cell& source, const Cell& destination,
                           const RuleSet& rules) {
    const bool source_decoded = put_form(cell, Side::source, source, rules, source_form_);
    const bool destination_decoded =
        put_form(cell, Side::destination, destination, rules, destination_form_);
    decoded_ = decoded_ && source_decoded && destination_decoded;
    return source_decoded && destination_decoded && source_form_ == destination_form_;
}

bool Narrower::passes_by_rule(const PairCell& cell, const Cell& source, const Cell& destination) {
    for (const Rule rule : rule_list_) {
        if (equal_under(cell, source, destination, {rule})) {
            ++difference_.rules[static_cast<std::size_t>(rule)];
            return true;
        }
    }
    if (rule_list_.size() < 2 || !equal_under(cell, source, destination, rules_)) {
        return false;
    }
    // No rule alone explains the difference: each rule that cannot be left out has been used.
    for (const Rule rule : rule_list_) {
        RuleSet without;
        for (const Rule other : rule_list_) {
            if (other != rule) {
                without.add(other);
            }
        }
        if (!equal_under(cell, source, destination, without)) {
            ++difference_.rules[static_cast<std::size_t>(rule)];
        }
    }
    return true;
}

std::string canonical_cell(const PairCell& cell, Side side, const Cell& value) {
    std::string out;
    put_form(cell, side, value, {}, out);
    return out;
}

std::vector<CellDifference> Narrower::describe(std::string_view source_row,
                                               std::string_view destination_row,
                                               const std::vector<std::size_t>& cells) const {
    std::vector<CellDifference> out;
    CellWalk source(source_row);
    CellWalk destination(destination_row);
    auto wanted = cells.begin();
    for (std::size_t at = 0; at < pair_.cells.size() && wanted != cells.end(); ++at) {
        const Cell a = source.next();
        const Cell b = destination.next();
        if (at != *wanted) {
            continue;
        }
        ++wanted;
        const std::string form_a = canonical_cell(pair_.cells[at], Side::source, a);
        const std::string form_b = canonical_cell(pair_.cells[at], Side::destination, b);
        out.push_back({pair_.cells[at].source_column, shortened(printable(form_a)),
                       shortened(printable(form_b)), difference_kind(form_a, form_b)});
    }
    CUTOVER_CHECK(wanted == cells.end());  // `cells` must be in the order of the pair's cells
    return out;
}

std::string describe_key(const TablePair& pair, Side side, std::string_view row) {
    std::string out = "(";
    CellWalk walk(row);
    const bool keyless = pair.keyless();
    const std::size_t count = keyless ? pair.cells.size() : pair.source_key.size();
    for (std::size_t at = 0; at < count; ++at) {
        const PairCell& cell = pair.cells[at];
        const Cell value = walk.next();
        out += (at == 0 ? "" : ", ") + cell.source_column + "=";
        // A cell that is only read for its order holds the value's text.
        out += cell.compared ? shortened(printable(canonical_cell(cell, side, value)), 60)
                             : shortened(std::string(value.bytes), 60);
    }
    return out + ")";
}

std::string shortened(std::string text, std::size_t limit) {
    if (text.size() <= limit) {
        return text;
    }
    const std::size_t whole = text.size();
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) {
        --limit;
    }
    text.resize(limit);
    return text + "... (" + std::to_string(whole) + " bytes)";
}

}  // namespace cutover::verify
