#include "verify/compare/tally.h"

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"

namespace cutover::verify {

namespace {

std::size_t samples_of(const std::vector<RowSample>& samples, RowVerdict verdict) {
    return static_cast<std::size_t>(
        std::count_if(samples.begin(), samples.end(),
                      [verdict](const RowSample& sample) { return sample.verdict == verdict; }));
}

}  // namespace

Tally::Tally(const TablePair& pair, std::size_t samples_per_verdict, FindingListener* listener)
    : pair_(pair),
      samples_per_verdict_(samples_per_verdict),
      listener_(listener),
      columns_(pair.cells.size(), 0),
      rules_(kRuleCount, 0) {}

bool Tally::wants_sample(RowVerdict verdict) const {
    return samples_of(samples_, verdict) < samples_per_verdict_;
}

void Tally::report(const RowFinding& finding, std::vector<CellDifference> cells) {
    CUTOVER_CHECK(!finding.source_row.empty() || !finding.destination_row.empty());
    if (wants_sample(finding.verdict)) {
        RowSample sample;
        sample.verdict = finding.verdict;
        sample.key = finding.source_row.empty()
                         ? describe_key(pair_, Side::destination, finding.destination_row)
                         : describe_key(pair_, Side::source, finding.source_row);
        sample.source_count = finding.source_count;
        sample.destination_count = finding.destination_count;
        sample.cells = std::move(cells);
        sample.evidence = evidence_;
        samples_.push_back(std::move(sample));
    }
    if (listener_ != nullptr) {
        listener_->found(pair_, finding);
    }
}

void Tally::missing(std::string_view source_row, std::uint64_t copies) {
    counts_.source += copies;
    counts_.missing += copies;
    report({RowVerdict::missing, source_row, {}, {}, copies, 0}, {});
}

void Tally::extra(std::string_view destination_row, std::uint64_t copies) {
    counts_.destination += copies;
    counts_.extra += copies;
    report({RowVerdict::extra, {}, destination_row, {}, 0, copies}, {});
}

void Tally::compared(std::string_view source_row, std::string_view destination_row,
                     const RowDifference& difference, const Narrower& narrower) {
    for (std::size_t rule = 0; rule < kRuleCount; ++rule) {
        rules_[rule] += difference.rules[rule];
    }
    if (difference.verdict == RowVerdict::equal) {
        equal();
        equal_in_value_only_ += pair_.same_bytes ? 1 : 0;
        return;
    }
    if (difference.verdict == RowVerdict::equal_by_rule) {
        equal_by_rule(1);
        return;
    }
    ++counts_.source;
    ++counts_.destination;
    ++(difference.verdict == RowVerdict::different ? counts_.different : counts_.uncomparable);
    for (const std::size_t cell : difference.cells) {
        ++columns_[cell];
    }
    std::vector<CellDifference> cells;
    if (wants_sample(difference.verdict)) {
        cells = narrower.describe(source_row, destination_row, difference.cells);
    }
    report({difference.verdict, source_row, destination_row, difference.cells, 1, 1},
           std::move(cells));
}

void Tally::duplicate(std::string_view source_row, std::string_view destination_row,
                      std::uint64_t source_count, std::uint64_t destination_count) {
    counts_.source += source_count;
    counts_.destination += destination_count;
    ++counts_.duplicate;
    report(
        {RowVerdict::duplicate, source_row, destination_row, {}, source_count, destination_count},
        {});
}

void Tally::equal_by_rule(std::uint64_t rows) {
    counts_.source += rows;
    counts_.destination += rows;
    counts_.equal_by_rule += rows;
}

void Tally::uncomparable(std::uint64_t source_rows, std::uint64_t destination_rows) {
    counts_.source += source_rows;
    counts_.destination += destination_rows;
    counts_.uncomparable += std::max(source_rows, destination_rows);
}

void Tally::differ_uncounted(std::uint64_t source_rows, std::uint64_t destination_rows) {
    counts_.source += source_rows;
    counts_.destination += destination_rows;
    counts_.missing += source_rows - std::min(source_rows, destination_rows);
    counts_.extra += destination_rows - std::min(source_rows, destination_rows);
    counts_.different += std::min(source_rows, destination_rows);
}

void Tally::add_to(TableResult& result, std::size_t samples_per_verdict) const {
    result.rows += counts_;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
        if (columns_[at] != 0) {
            result.differing_columns[pair_.cells[at].source_column] += columns_[at];
        }
    }
    for (std::size_t rule = 0; rule < kRuleCount; ++rule) {
        if (rules_[rule] != 0) {
            result.rules[std::string(to_string(static_cast<Rule>(rule)))] += rules_[rule];
        }
    }
    for (const RowSample& sample : samples_) {
        if (samples_of(result.samples, sample.verdict) < samples_per_verdict) {
            result.samples.push_back(sample);
        }
    }
}

}  // namespace cutover::verify
