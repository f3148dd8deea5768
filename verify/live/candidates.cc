#include "verify/live/candidates.h"

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"
#include "verify/canonical/canonical.h"

namespace cutover::verify {

Candidate candidate_of(const TablePair& pair, Side side, std::string_view row) {
    CUTOVER_CHECK(!pair.keyless());
    Candidate out;
    put_key_form(pair.key(side), row, out.key);
    out.shown = describe_key(pair, side, row);
    CellWalk walk(row);
    for (std::size_t at = 0; at < pair.source_key.size(); ++at) {
        const PairCell& cell = pair.cells[at];
        const Cell value = walk.next();
        std::string& form = out.cells.emplace_back();
        if (cell.compared) {
            form = canonical_cell(cell, side, value);
        } else {  // read for the order only: it holds the value's text
            put_cell(form, Tag::text, value.bytes);
        }
    }
    return out;
}

void CandidateCollector::found(const TablePair& pair, const RowFinding& finding) {
    if (pair.keyless()) {
        return;
    }
    const bool at_source = !finding.source_row.empty();
    const std::lock_guard lock(mutex_);
    CUTOVER_CHECK(taken_.count(&pair) == 0);
    Kept& kept = tables_[&pair];
    if (kept.too_many) {
        return;
    }
    if (kept.candidates.size() >= limit_) {
        kept.too_many = true;
        kept.candidates = {};
        return;
    }
    kept.candidates.push_back(at_source
                                  ? candidate_of(pair, Side::source, finding.source_row)
                                  : candidate_of(pair, Side::destination, finding.destination_row));
    Candidate& candidate = kept.candidates.back();
    candidate.at_source = at_source;
    candidate.at_destination = !finding.destination_row.empty();
    candidate.source.rows = candidate.at_source ? 1 : 0;
    candidate.destination_rows = candidate.at_destination ? 1 : 0;
}

CandidateCollector::Kept CandidateCollector::take(const TablePair& pair) {
    const std::lock_guard lock(mutex_);
    CUTOVER_CHECK(taken_.insert(&pair).second);
    Kept kept = std::move(tables_[&pair]);
    std::vector<Candidate>& all = kept.candidates;
    std::sort(all.begin(), all.end(),
              [](const Candidate& a, const Candidate& b) { return a.key < b.key; });
    all.erase(std::unique(all.begin(), all.end(),
                          [](const Candidate& a, const Candidate& b) { return a.key == b.key; }),
              all.end());
    return kept;
}

}  // namespace cutover::verify
