#include "verify/compare/table_task.h"

#include <fmt/format.h>

#include "migrator/model/error.h"

namespace cutover::verify {

namespace {

GatherOptions gather_options(const RunContext& context, const TablePair& pair, Side side) {
    GatherOptions options;
    options.seed = context.seed;
    options.limit = side == Side::source ? context.source_limit : context.destination_limit;
    if (context.progress) {
        options.progress = [&context, &pair, side](std::uint64_t rows, std::uint64_t bytes) {
            context.progress(pair, side, rows, bytes);
        };
    }
    return options;
}

/// The reading threads added up the two digests apart from the merge. They must agree with it.
void check_against_digests(const TablePair& pair, const Tally& tally, const Digest& source,
                           const Digest& destination) {
    const RowCounts& counts = tally.counts();
    if (counts.uncomparable != 0 || tally.equal_in_value_only() != 0) {
        return;
    }
    const bool all_equal = counts.findings() == 0 && counts.equal_by_rule == 0;
    const bool counted = counts.source == source.rows && counts.destination == destination.rows;
    if (!counted || all_equal != (source == destination)) {
        throw model::Error(model::ErrorClass::corrupt, "verify.self_check",
                           "comparison and digests of " + pair.source.name.display() +
                               " contradict each other; this is a defect of the judge",
                           "keep the report and the seed, and tell us");
    }
}

struct Outcome {
    Digest source;
    Digest destination;
    std::uint64_t bytes = 0;
    std::uint64_t not_narrowed = 0;
};

Outcome merge(const RunContext& context, const TablePair& pair, const KeyRange& range, End& source,
              End& destination, Tally& tally) {
    ReadSpec source_spec = pair.source_read;
    ReadSpec destination_spec = pair.destination_read;
    source_spec.range = range;
    destination_spec.range = range;
    const auto source_stream = source.read(pair.source, source_spec);
    const auto destination_stream = destination.read(pair.destination, destination_spec);
    Gatherer source_rows(pair, Side::source, *source_stream,
                         gather_options(context, pair, Side::source));
    Gatherer destination_rows(pair, Side::destination, *destination_stream,
                              gather_options(context, pair, Side::destination));
    RowCursor source_cursor(source_rows);
    RowCursor destination_cursor(destination_rows);
    Merge(pair, context.rules, context.seed, tally).run(source_cursor, destination_cursor);
    return {source_rows.digest(), destination_rows.digest(),
            source_rows.bytes() + destination_rows.bytes(), 0};
}

Outcome multiset(const RunContext& context, const TablePair& pair, End& source, End& destination,
                 Tally& tally) {
    MultisetCompare::Options options;
    options.seed = context.seed;
    options.source_limit = context.source_limit;
    options.destination_limit = context.destination_limit;
    options.progress = [&](Side side, std::uint64_t rows, std::uint64_t bytes) {
        if (context.progress) {
            context.progress(pair, side, rows, bytes);
        }
    };
    MultisetCompare compare(
        pair, context.rules, options,
        [&](Side side) {
            return side == Side::source ? source.read(pair.source, pair.source_read)
                                        : destination.read(pair.destination, pair.destination_read);
        },
        tally);
    compare.run();
    return {compare.digest(Side::source), compare.digest(Side::destination), compare.bytes(),
            compare.not_narrowed()};
}

std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
        out += (out.empty() ? "" : ", ") + name;
    }
    return out;
}

std::string findings_text(const RowCounts& rows) {
    std::vector<std::string> parts;
    const auto add = [&](std::uint64_t count, std::string_view word) {
        if (count != 0) {
            parts.push_back(fmt::format("{} {}", count, word));
        }
    };
    add(rows.missing, "missing");
    add(rows.extra, "extra");
    add(rows.different, "different");
    add(rows.duplicate, "keys duplicated");
    add(rows.uncomparable, "that could not be decoded");
    add(rows.pending, "pending");
    return list(parts);
}

}  // namespace

void compare_range(const RunContext& context, const TablePair& pair, const KeyRange& range,
                   End& source, End& destination, TableResult& result, std::mutex& mutex) {
    Tally tally(pair, context.samples, context.listener);
    const Outcome outcome = pair.keyless()
                                ? multiset(context, pair, source, destination, tally)
                                : merge(context, pair, range, source, destination, tally);
    check_against_digests(pair, tally, outcome.source, outcome.destination);
    const std::lock_guard lock(mutex);
    tally.add_to(result, context.samples);
    result.source_digest += outcome.source;
    result.destination_digest += outcome.destination;
    result.bytes += outcome.bytes;
    if (outcome.not_narrowed != 0) {
        result.notes.push_back(
            fmt::format("{} more rows lie in parts that differ but were not narrowed to rows; they "
                        "count as different",
                        outcome.not_narrowed));
    }
}

void conclude(TableResult& result) {
    const RowCounts& rows = result.rows;
    const bool damaged = rows.differing() != 0;
    result.partial =
        result.partial || !result.uncomparable_columns.empty() || rows.uncomparable != 0;
    if (damaged) {
        result.verdict = Verdict::inconsistent;
        result.reason = findings_text(rows);
    } else if (!result.missing_columns.empty()) {
        result.verdict = Verdict::inconsistent;
        result.reason = "no such column at the destination: " + list(result.missing_columns);
    } else if (result.partial || rows.pending != 0) {
        result.verdict = Verdict::could_not_tell;
        result.reason = result.uncomparable_columns.empty()
                            ? findings_text(rows)
                            : "partial: " + list(result.uncomparable_columns);
    } else {
        result.verdict = Verdict::consistent;
        result.reason = rows.equal_by_rule == 0 ? fmt::format("{} rows equal", rows.source)
                                                : fmt::format("{} rows equal, {} of them by rule",
                                                              rows.source, rows.equal_by_rule);
    }
}

}  // namespace cutover::verify
