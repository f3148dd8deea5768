#include "verify/live/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::verify {

namespace {

constexpr std::uint64_t kMostRounds =
    200;  ///< a row that changes in every one of them stays pending
constexpr int kViewTries = 20;
constexpr std::chrono::milliseconds kViewPause{50};

const Image kNoRow;

const Image& image_of(const Images& images, const Candidate& candidate) {
    const auto found = images.find(candidate.key);
    return found == images.end() ? kNoRow : found->second;
}

std::size_t left_in(const std::vector<std::unique_ptr<LiveTable>>& tables) {
    std::size_t left = 0;
    for (const auto& table : tables) {
        left += table->failure.empty() ? table->left.size() : 0;
    }
    return left;
}

/// Calls `look` with a few hundred candidates at a time.
template <typename Look>
void in_batches(std::vector<Candidate>& all, const Look& look) {
    for (std::size_t from = 0; from < all.size(); from += kKeysAtOnce) {
        std::vector<Candidate*> batch;
        for (std::size_t at = from; at < std::min(all.size(), from + kKeysAtOnce); ++at) {
            batch.push_back(&all[at]);
        }
        look(batch);
    }
}

/// Runs `work` for a table; a table that cannot be read is left alone from then on. False if the
/// failure also broke the transactions.
template <typename Work>
bool guarded(LiveTable& table, const Work& work) {
    try {
        work();
    } catch (const model::Error& error) {
        if (error.error_class() == model::ErrorClass::connection) {
            throw;
        }
        table.failure = table.quote = error.message();
    }
    std::erase_if(table.left, [](const Candidate& each) { return each.settled; });
    return table.failure.empty();
}

}  // namespace

LiveTable::LiveTable(const TablePair& table, std::vector<Candidate> rows, const RunContext& context,
                     const LiveOptions& options)
    : pair(table),
      left(std::move(rows)),
      candidates(left.size()),
      tally(table, context.samples, context.listener),
      narrower(table, context.rules),
      source(table, Side::source, context.seed, context.source_limit, options.pause),
      destination(table, Side::destination, context.seed, context.destination_limit,
                  options.pause) {}

LiveRounds::LiveRounds(End& source, End& destination, const LiveOptions& options)
    : source_(source),
      destination_(destination),
      options_(options),
      barrier_(source, destination, options) {}

void LiveRounds::run(Tables& tables, LiveResult& result) {
    result.positional = barrier_.positional();
    result.unproved = barrier_.unproved();
    while (left_in(tables) != 0 && positions_.empty()) {
        first_look(tables);
    }
    while (left_in(tables) != 0) {
        if (result.rounds == kMostRounds) {
            result.gave_up = fmt::format(
                "in each of {} rounds rows have changed or old transactions were running: verify "
                "when there are fewer writes",
                kMostRounds);
            break;
        }
        if (!barrier_.pass(positions_.back())) {
            result.gave_up = barrier_.why();
            break;
        }
        ++result.rounds;
        round(tables);
    }
    result.last_position = positions_.empty() ? std::string() : positions_.back().shown();
    result.last_applied = barrier_.applied().shown();
}

void LiveRounds::first_look(Tables& tables) {
    source_.join_snapshot({});
    Witness* const witness = source_.witness();
    const Evidence position = witness == nullptr ? Evidence() : witness->moment().position;
    for (const auto& table : tables) {
        const bool ok = !table->failure.empty() || guarded(*table, [&] {
            in_batches(table->left, [&](const std::vector<Candidate*>& batch) {
                const Images here = table->source.read(source_, batch);
                for (Candidate* candidate : batch) {
                    candidate->source = image_of(here, *candidate).look;
                }
            });
        });
        if (!ok) {
            return;  // tried again without this table
        }
    }
    positions_.push_back(position);
}

void LiveRounds::round(Tables& tables) {
    for (const auto& table : tables) {
        if (table->failure.empty() && !guarded(*table, [&] { settle_equal(*table); })) {
            return;
        }
    }
    if (left_in(tables) == 0) {
        return;
    }
    take_later_source_view();
    for (const auto& table : tables) {
        if (table->failure.empty() && !guarded(*table, [&] { judge_rest(*table); })) {
            return;
        }
    }
}

/// A commit can be in the log, and applied, a moment before its transaction can be seen at the
/// source. So the view is taken after all transactions have ended that were running after the
/// destination's snapshot; it then sees everything that snapshot has.
void LiveRounds::take_later_source_view() {
    source_.join_snapshot({});
    Witness* const witness = source_.witness();
    if (witness == nullptr) {
        positions_.emplace_back();
        return;
    }
    Moment moment = witness->moment();
    const Moment after_destination = moment;
    sees_all_ = witness->sees_all(moment, after_destination);
    for (int tries = 0; !sees_all_ && tries < kViewTries; ++tries) {
        options_.pause(kViewPause);
        source_.join_snapshot({});
        moment = witness->moment();
        sees_all_ = witness->sees_all(moment, after_destination);
    }
    positions_.push_back(moment.position);
}

void LiveRounds::settle_equal(LiveTable& table) {
    in_batches(table.left, [&](const std::vector<Candidate*>& batch) {
        const Images there = table.destination.read(destination_, batch);
        for (Candidate* candidate : batch) {
            const Image& image = image_of(there, *candidate);
            const bool equal = image.look.rows == candidate->source.rows &&
                               image.look.hash == candidate->source.hash && !image.uncomparable;
            candidate->settled = equal;
            if (equal && image.look.rows == 0) {
                ++table.gone;
            } else if (equal) {
                ++table.equal;
                table.tally.equal(image.look.rows);
            }
        }
    });
}

void LiveRounds::judge_rest(LiveTable& table) {
    in_batches(table.left, [&](const std::vector<Candidate*>& batch) {
        const Images there = table.destination.read(destination_, batch);
        const Images here = table.source.read(source_, batch);
        for (Candidate* candidate : batch) {
            judge(table, *candidate, image_of(here, *candidate), image_of(there, *candidate));
        }
    });
}

void LiveRounds::judge(LiveTable& table, Candidate& candidate, const Image& here,
                       const Image& there) {
    candidate.settled = is_final(candidate, here, there);
    if (candidate.settled) {
        settle(table, candidate, here, there);
        return;
    }
    candidate.source = here.look;
    candidate.position = static_cast<std::uint32_t>(positions_.size() - 1);
    candidate.destination_version = there.look.version;
    candidate.destination_rows = there.look.rows;
    candidate.destination_seen = true;
}

bool LiveRounds::is_final(Candidate& candidate, const Image& here, const Image& there) const {
    const bool source_stands = here.look.version == candidate.source.version;
    const bool destination_stands =
        candidate.destination_seen && there.look.version == candidate.destination_version;
    if (!barrier_.positional()) {
        candidate.still = source_stands && destination_stands ? candidate.still + 1 : 0;
        return candidate.still >= options_.rounds;
    }
    if (here.look.rows != 0) {
        return source_stands && (sees_all_ || here.free);
    }
    // An absent row has no version that could tell whether it was absent all the time.
    return source_stands && destination_stands && sees_all_;
}

void LiveRounds::settle(LiveTable& table, const Candidate& candidate, const Image& here,
                        const Image& there) {
    table.tally.set_evidence(evidence(candidate));
    if (here.look.rows == 0) {
        table.tally.extra(there.row, there.look.rows);
    } else if (there.look.rows == 0) {
        table.tally.missing(here.row, here.look.rows);
    } else if (here.look.rows != 1 || there.look.rows != 1) {
        table.tally.duplicate(here.row, there.row, here.look.rows, there.look.rows);
    } else {
        const RowDifference& difference = table.narrower.compare(here.row, there.row);
        const bool passes = difference.verdict == RowVerdict::equal ||
                            difference.verdict == RowVerdict::equal_by_rule;
        table.equal += passes ? 1 : 0;
        table.tally.compared(here.row, there.row, difference, table.narrower);
    }
}

std::string LiveRounds::evidence(const Candidate& candidate) const {
    CUTOVER_CHECK(candidate.position < positions_.size());
    if (!barrier_.positional()) {
        return fmt::format("neither end's row has changed in {} rounds", candidate.still);
    }
    return fmt::format(
        "{} from {} to {}, the destination had applied {}",
        candidate.source.rows == 0 ? "not at the source" : "the source's row has not changed",
        positions_[candidate.position].shown(), positions_.back().shown(),
        barrier_.applied().shown());
}

}  // namespace cutover::verify
