// Rows that differed in the first pass of the live mode: their keys are kept, up to a limit per
// table, so that the rounds (rounds.h) can look at them again. The comparison reports findings to
// it; it judges nothing.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "verify/canonical/digest.h"
#include "verify/compare/tally.h"

namespace cutover::verify {

/// What one end has shown for a key.
struct Look {
    std::uint64_t rows = 0;
    Hash128 hash;         ///< over the rows in their compared form
    std::string version;  ///< of the rows, as their end reports it; empty if there are no rows
};

struct Candidate {
    std::string key;                 ///< equal exactly if the keys are, whichever end it came from
    std::vector<std::string> cells;  ///< canonical cells of the key's columns, for asking an end
    std::string shown;               ///< `(id=5)`
    bool at_source = false;          ///< the first pass has seen it there
    bool at_destination = false;
    Look source;                 ///< as it was last read
    std::uint32_t position = 0;  ///< index of the position that lies after that reading
    std::string destination_version;
    std::uint64_t destination_rows = 0;
    bool destination_seen = false;  ///< in a round
    unsigned still = 0;             ///< rounds in which neither end moved (without positions)
    bool settled = false;           ///< there is a verdict
};

/// Requires: `pair` has a key.
Candidate candidate_of(const TablePair& pair, Side side, std::string_view row);

class CandidateCollector final : public FindingListener {
public:
    /// Keeps this many keys per table.
    explicit CandidateCollector(std::size_t keys_per_table) : limit_(keys_per_table) {}

    void found(const TablePair& pair, const RowFinding& finding) override;

    struct Kept {
        std::vector<Candidate> candidates;  ///< by key, each once
        bool too_many = false;              ///< then there are none
    };
    /// What was found for this table. Requires: nothing more will be found; call it once.
    Kept take(const TablePair& pair);

private:
    const std::size_t limit_;
    std::mutex mutex_;
    std::map<const TablePair*, Kept> tables_;
    std::set<const TablePair*> taken_;
};

}  // namespace cutover::verify
