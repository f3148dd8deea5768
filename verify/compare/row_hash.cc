#include "verify/compare/row_hash.h"

#include "verify/canonical/canonical.h"
#include "verify/compare/key_order.h"

namespace cutover::verify {

namespace {

bool put_canonical_cell(const PairCell& cell, Side side, const Cell& value, const RuleSet& rules,
                        std::string& out) {
    if (!value.has_value()) {
        put_cell(out, value.length == kNullLength ? Tag::null : Tag::absent, {});
        return true;
    }
    return cell.decoder(side).canonical(value.bytes, rules, out);
}

/// False if a cell could not be decoded.
bool put_compared_form(const TablePair& pair, Side side, std::string_view row, std::string& out) {
    bool ok = true;
    CellWalk walk(row);
    for (const PairCell& cell : pair.cells) {
        const Cell value = walk.next();
        if (!cell.compared) {
            continue;
        }
        if (cell.same_bytes) {
            put_varint(out, static_cast<std::uint64_t>(std::int64_t{value.length} + 2));
            out.append(value.bytes);
        } else {
            ok = put_canonical_cell(cell, side, value, {}, out) && ok;
        }
    }
    return ok;
}

}  // namespace

bool put_canonical_row(const TablePair& pair, Side side, std::string_view row, const RuleSet& rules,
                       std::string& out) {
    bool ok = true;
    put_row_head(out, pair.cells.size());
    CellWalk walk(row);
    for (const PairCell& cell : pair.cells) {
        const Cell value = walk.next();
        if (cell.compared) {
            ok = put_canonical_cell(cell, side, value, rules, out) && ok;
        }
    }
    return ok;
}

RowHasher::RowHasher(const TablePair& pair, Side side, std::uint64_t seed)
    : pair_(pair), side_(side), seed_(seed) {}

Hash128 RowHasher::row(std::string_view row, bool& uncomparable) {
    if (pair_.same_bytes) {
        return hash128(row, seed_);
    }
    buffer_.clear();
    uncomparable = !put_compared_form(pair_, side_, row, buffer_);
    return hash128(buffer_, seed_);
}

Hash128 RowHasher::key(std::string_view row, const Hash128& row_hash) {
    if (pair_.keyless()) {
        return row_hash;
    }
    if (pair_.plain_key) {
        return hash128(key_prefix(row, pair_.source_key.size()), seed_);
    }
    buffer_.clear();
    put_key_form(pair_.key(side_), row, buffer_);
    return hash128(buffer_, seed_);
}

Hash128 RowHasher::folded(std::string_view row, const RuleSet& rules) {
    buffer_.clear();
    put_canonical_row(pair_, side_, row, rules, buffer_);
    return hash128(buffer_, seed_);
}

}  // namespace cutover::verify
