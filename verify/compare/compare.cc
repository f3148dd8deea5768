#include "verify/compare/compare.h"

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"

namespace cutover::verify {

RowCursor::RowCursor(Gatherer& rows) : rows_(rows), block_(rows.take()) {}

void RowCursor::look_ahead() {
    if (!looked_ahead_) {
        ahead_ = rows_.take();
        looked_ahead_ = true;
    }
}

bool RowCursor::key_repeats() {
    if (at_ + 1 < block_->rows()) {
        return (block_->flags[at_ + 1] & RowBlock::kRepeatsKey) != 0;
    }
    look_ahead();
    return ahead_ != nullptr && (ahead_->flags[0] & RowBlock::kRepeatsKey) != 0;
}

void RowCursor::next() {
    if (++at_ < block_->rows()) {
        return;
    }
    look_ahead();
    rows_.give_back(std::move(block_));
    block_ = std::move(ahead_);
    looked_ahead_ = false;
    at_ = 0;
}

Merge::Merge(const TablePair& pair, const RuleSet& rules, std::uint64_t seed, Tally& tally)
    : pair_(pair),
      narrower_(pair, rules),
      source_hasher_(pair, Side::source, seed),
      destination_hasher_(pair, Side::destination, seed),
      tally_(tally) {
    CUTOVER_CHECK(!pair.keyless());
}

void Merge::run(RowCursor& source, RowCursor& destination) {
    while (!source.done() && !destination.done()) {
        if (pair_.same_bytes && source.row() == destination.row() && !source.key_repeats() &&
            !destination.key_repeats()) {
            tally_.equal();
            source.next();
            destination.next();
            continue;
        }
        const int order =
            compare_keys(pair_.source_key, source.row(), pair_.destination_key, destination.row());
        if (order == 0) {
            meet(source, destination);
        } else if (order < 0) {
            missing(source);
        } else {
            extra(destination);
        }
    }
    while (!source.done()) {
        missing(source);
    }
    while (!destination.done()) {
        extra(destination);
    }
}

void Merge::meet(RowCursor& source, RowCursor& destination) {
    if (!source.key_repeats() && !destination.key_repeats()) {
        meet_rows(source.row(), destination.row(),
                  source.uncomparable() || destination.uncomparable());
        source.next();
        destination.next();
        return;
    }
    meet_groups(take_group(source, source_hasher_), take_group(destination, destination_hasher_));
}

void Merge::meet_rows(std::string_view source, std::string_view destination, bool uncomparable) {
    if (pair_.same_bytes && source == destination && !uncomparable) {
        tally_.equal();
        return;
    }
    tally_.compared(source, destination, narrower_.compare(source, destination), narrower_);
}

void Merge::meet_groups(const KeyGroup& source, const KeyGroup& destination) {
    if (source.count != destination.count) {
        tally_.duplicate(source.rows.front(), destination.rows.front(), source.count,
                         destination.count);
        return;
    }
    if (source.digest == destination.digest) {
        tally_.equal(source.count);
        return;
    }
    // The contents of rows of one key differ. Within a key any order will do.
    const std::size_t kept = std::min(source.rows.size(), destination.rows.size());
    for (std::size_t at = 0; at < kept; ++at) {
        meet_rows(source.rows[at], destination.rows[at], false);
    }
    if (source.count > kept) {
        tally_.duplicate(source.rows.front(), destination.rows.front(), source.count - kept,
                         destination.count - kept);
    }
}

void Merge::missing(RowCursor& source) {
    tally_.missing(source.row());
    source.next();
}

void Merge::extra(RowCursor& destination) {
    tally_.extra(destination.row());
    destination.next();
}

KeyGroup Merge::take_group(RowCursor& cursor, RowHasher& hasher) {
    KeyGroup group;
    for (bool more = true; more; cursor.next()) {
        more = cursor.key_repeats();
        const std::string_view row = cursor.row();
        bool uncomparable = false;
        const Hash128 hash = hasher.row(row, uncomparable);
        ++group.count;
        group.digest.add(hash, hash);
        if (group.rows.size() < KeyGroup::kKept) {
            group.rows.emplace_back(row);
        }
    }
    std::sort(group.rows.begin(), group.rows.end());
    return group;
}

}  // namespace cutover::verify
