#include "verify/result/result.h"

namespace cutover::verify {

RowCounts& RowCounts::operator+=(const RowCounts& other) {
    source += other.source;
    destination += other.destination;
    equal += other.equal;
    equal_by_rule += other.equal_by_rule;
    missing += other.missing;
    extra += other.extra;
    different += other.different;
    duplicate += other.duplicate;
    uncomparable += other.uncomparable;
    pending += other.pending;
    return *this;
}

std::string_view to_string(RowVerdict verdict) {
    switch (verdict) {
        case RowVerdict::equal:
            return "equal";
        case RowVerdict::equal_by_rule:
            return "equal by rule";
        case RowVerdict::missing:
            return "missing";
        case RowVerdict::extra:
            return "extra";
        case RowVerdict::different:
            return "different";
        case RowVerdict::duplicate:
            return "duplicate";
        case RowVerdict::uncomparable:
            return "uncomparable";
        case RowVerdict::pending:
            return "pending";
    }
    return "unknown";
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::consistent:
            return "consistent";
        case Verdict::inconsistent:
            return "inconsistent";
        case Verdict::could_not_tell:
            return "could not tell";
    }
    return "unknown";
}

std::string_view to_string(Proof proof) {
    switch (proof) {
        case Proof::positional:
            return "positional";
        case Proof::fenced:
            return "fenced";
        case Proof::settled:
            return "settled";
        case Proof::as_of_reading:
            return "as of the reading";
    }
    return "unknown";
}

int exit_code(Verdict verdict) {
    return static_cast<int>(verdict);
}

std::string_view to_string(FactKind kind) {
    switch (kind) {
        case FactKind::table:
            return "table";
        case FactKind::column:
            return "column";
        case FactKind::primary_key:
            return "primary key";
        case FactKind::unique_key:
            return "unique key";
        case FactKind::index:
            return "index";
        case FactKind::foreign_key:
            return "foreign key";
        case FactKind::check:
            return "check";
        case FactKind::exclusion:
            return "exclusion";
        case FactKind::sequence:
            return "sequence";
        case FactKind::type:
            return "type";
        case FactKind::partition:
            return "partition";
    }
    return "unknown";
}

namespace {

constexpr std::string_view kMasked = "(masked)";

void mask_quotes(std::string& text, const std::vector<std::string>& quotes) {
    for (const std::string& quote : quotes) {
        for (std::size_t at = text.find(quote); !quote.empty() && at != std::string::npos;
             at = text.find(quote, at + kMasked.size())) {
            text.replace(at, quote.size(), kMasked);
        }
    }
}

void mask_quotes(std::vector<std::string>& texts, const std::vector<std::string>& quotes) {
    for (std::string& text : texts) {
        mask_quotes(text, quotes);
    }
}

void mask(TableResult& table) {
    mask_quotes(table.reason, table.quotes);
    mask_quotes(table.notes, table.quotes);
    for (RowSample& sample : table.samples) {
        sample.key = kMasked;
        mask_quotes(sample.evidence, table.quotes);
        for (CellDifference& cell : sample.cells) {
            cell.source_value = kMasked;
            cell.destination_value = kMasked;
        }
    }
}

}  // namespace

void mask_values(Result& result) {
    for (TableResult& table : result.tables) {
        mask(table);
        mask_quotes(result.reasons, table.quotes);
    }
    mask_quotes(result.reasons, result.quotes);
    mask_quotes(result.not_compared, result.quotes);
    for (LateWrite& write : result.late.first) {
        write.key = write.key.empty() ? "" : kMasked;
    }
}

}  // namespace cutover::verify
