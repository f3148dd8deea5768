#include "verify/live/live.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "verify/live/carrier.h"
#include "verify/live/rounds.h"

namespace cutover::verify {

namespace {

/// Drops the counts of what the rounds will find again.
void keep_equal_only(TableResult& result) {
    RowCounts equal;
    equal.equal = result.rows.equal;
    equal.equal_by_rule = result.rows.equal_by_rule;
    equal.source = equal.destination = equal.equal + equal.equal_by_rule;
    result.rows = equal;
    result.samples.clear();
    result.differing_columns.clear();
}

void add_pending(const LiveTable& table, TableResult& result, std::size_t samples,
                 const std::string& why) {
    for (const Candidate& candidate : table.left) {
        ++result.rows.pending;
        result.rows.source += candidate.source.rows;
        result.rows.destination += candidate.destination_rows;
        if (samples > 0) {
            --samples;
            RowSample sample;
            sample.verdict = RowVerdict::pending;
            sample.key = candidate.shown;
            sample.source_count = candidate.source.rows;
            sample.destination_count = candidate.destination_rows;
            sample.evidence = why;
            result.samples.push_back(std::move(sample));
        }
    }
}

void conclude_table(const LiveTable& table, TableResult& result, const RunContext& context,
                    LiveResult& live) {
    keep_equal_only(result);
    table.tally.add_to(result, context.samples);
    const std::string& why = table.failure.empty() ? live.gave_up : table.failure;
    if (!table.quote.empty()) {
        result.quotes.push_back(table.quote);
    }
    add_pending(table, result, context.samples, why);
    conclude(result);
    if (result.rows.pending != 0) {
        result.reason += "; pending because " + why;
    }
    CUTOVER_CHECK(table.equal + table.gone + table.left.size() <= table.candidates);
    const std::uint64_t different = table.candidates - table.equal - table.gone - table.left.size();
    result.notes.push_back(fmt::format(
        "live: {} rows differed at first; {} have become equal, {} are gone at both ends, {} "
        "differ, {} are pending",
        table.candidates, table.equal, table.gone, different, table.left.size()));
    live.candidates += table.candidates;
    live.equal += table.equal;
    live.gone += table.gone;
    live.different += different;
}

/// Null if the table has nothing for the rounds; then its result says why.
std::unique_ptr<LiveTable> table_for(const LiveSubject& subject, const RunContext& context,
                                     CandidateCollector& collector, const LiveOptions& options) {
    if (!subject.readable) {
        // Its keys may be known only in part, and the known ones may just have been on their way.
        if (subject.result->rows.differing() != 0) {
            leave_pending(*subject.result, std::string(subject.result->reason));
        }
        return nullptr;
    }
    CandidateCollector::Kept kept = collector.take(*subject.pair);
    if (kept.too_many) {
        leave_pending(*subject.result,
                      fmt::format("too many differences while live, more than {} keys "
                                  "(--live-keys)",
                                  options.keys));
        return nullptr;
    }
    if (subject.pair->keyless() && subject.result->rows.differing() != 0) {
        leave_pending(*subject.result, "a table without a key cannot be judged while live");
        return nullptr;
    }
    if (kept.candidates.empty()) {
        return nullptr;
    }
    return std::make_unique<LiveTable>(*subject.pair, std::move(kept.candidates), context, options);
}

/// A row that cannot be found by its own key would pass for one that is gone. So each row is looked
/// up once in the snapshot in which the first pass saw it.
void check_lookup(End& end, RowLookup& lookup, bool Candidate::*seen, LiveTable& table) {
    for (std::size_t from = 0; from < table.left.size(); from += kKeysAtOnce) {
        std::vector<Candidate*> batch;
        for (std::size_t at = from; at < std::min(table.left.size(), from + kKeysAtOnce); ++at) {
            if (table.left[at].*seen) {
                batch.push_back(&table.left[at]);
            }
        }
        const Images found = lookup.read(end, batch);
        for (const Candidate* candidate : batch) {
            if (found.count(candidate->key) == 0) {
                table.quote = candidate->shown;
                table.failure = fmt::format(
                    "the row {} was not found by its key when it was "
                    "looked up again; this is a defect of the judge",
                    candidate->shown);
                return;
            }
        }
    }
}

void check_lookups(const FirstPass& first, LiveTable& table) {
    if (first.source == nullptr || first.destination == nullptr) {
        return;
    }
    try {
        check_lookup(*first.source, table.source, &Candidate::at_source, table);
        check_lookup(*first.destination, table.destination, &Candidate::at_destination, table);
    } catch (const model::Error& error) {
        if (error.error_class() == model::ErrorClass::connection) {
            throw;
        }
        table.failure = table.quote = error.message();
        first.source->join_snapshot({});  // out of a broken transaction
        first.destination->join_snapshot({});
    }
}

}  // namespace

void judge_live(End& source, End& destination, const LiveOptions& options,
                const RunContext& context, const FirstPass& first, CandidateCollector& collector,
                const std::vector<LiveSubject>& subjects, LiveResult& live) {
    std::vector<std::unique_ptr<LiveTable>> tables;
    std::vector<TableResult*> results;
    for (const LiveSubject& subject : subjects) {
        auto table = table_for(subject, context, collector, options);
        if (table) {
            check_lookups(first, *table);
            tables.push_back(std::move(table));
            results.push_back(subject.result);
        }
    }
    LiveRounds(source, destination, options).run(tables, live);
    for (std::size_t at = 0; at < tables.size(); ++at) {
        conclude_table(*tables[at], *results[at], context, live);
    }
    for (const LiveSubject& subject : subjects) {
        live.pending += subject.result->rows.pending;
    }
}

std::pair<Proof, std::string> live_proof(const LiveResult& live) {
    const std::string mode = live.by_itself ? "live, as a task of ours is replicating: " : "live: ";
    const std::string pass = fmt::format(
        "rows that were equal at first were so with the source at {} and the "
        "destination {}",
        live.first_position,
        live.first_applied.empty() ? "without a position" : "at " + live.first_applied);
    if (!live.positional) {
        return {Proof::settled, "live, settled, not proved: " + live.unproved + "; " + pass};
    }
    if (live.rounds == 0) {
        return {Proof::positional, mode + pass};
    }
    return {Proof::positional,
            fmt::format("{}{}; the others were judged with the source read again up to {} and "
                        "the destination at {}",
                        mode, pass, live.last_position, live.last_applied)};
}

}  // namespace cutover::verify
