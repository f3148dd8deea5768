#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "migrator/model/visible.h"
#include "verify/report/report.h"

namespace cutover::verify {

using model::visible;

namespace {

std::string headline(Verdict verdict) {
    switch (verdict) {
        case Verdict::consistent:
            return "CONSISTENT";
        case Verdict::inconsistent:
            return "INCONSISTENT";
        case Verdict::could_not_tell:
            return "COULD NOT TELL";
    }
    return "UNKNOWN";
}

std::string joined(const std::vector<std::string>& texts, const char* none) {
    std::string out;
    for (const std::string& text : texts) {
        out += (out.empty() ? "" : ", ") + text;
    }
    return out.empty() ? none : out;
}

void write_head(std::ostream& out, const Result& result) {
    const auto line = [&out](const char* name, const std::string& text) {
        out << fmt::format("  {:<12} {}\n", name, visible(text));
    };
    out << "cutover verify: " << headline(result.verdict) << "\n";
    line("source", result.source + " at " + result.source_position);
    line("destination", result.destination + " at " + result.destination_position);
    line("proof", fmt::format("{}: {}", to_string(result.proof), result.proof_detail));
    line("rules", joined(result.rules, "none: every value must have the same form"));
    line("compared", fmt::format("{} tables, {} rows, {} read in {:.1f} s", result.tables.size(),
                                 grouped(result.rows.source), bytes_text(result.bytes),
                                 static_cast<double>(result.took.count()) / 1000));
    for (const std::string& text : live_lines(result.live)) {
        line("live", text);
    }
    line("digest", fmt::format("XXH3-128, seed {:#018x}", result.seed));
}

void write_reasons(std::ostream& out, const Result& result) {
    out << "\nreasons\n";
    for (const std::string& reason : result.reasons) {
        out << "  - " << visible(reason) << "\n";
    }
    if (!result.late.first.empty()) {
        out << "\nlate writes\n";
    }
    for (const LateWrite& write : result.late.first) {
        out << "  - " << visible(late_text(write)) << "\n";
    }
}

void write_list(std::ostream& out, const char* title, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        out << "      " << title << ": " << visible(line) << "\n";
    }
}

std::string columns_text(const std::map<std::string, std::uint64_t>& columns) {
    std::string out;
    for (const auto& [column, count] : columns) {
        out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", column, grouped(count));
    }
    return out;
}

void write_table(std::ostream& out, const TableResult& table, std::size_t width) {
    out << fmt::format("  {:<14} {:<{}} {:>14} {:>14}  {}\n", to_string(table.verdict),
                       visible(table_text(table)), width, grouped(table.rows.source),
                       grouped(table.rows.destination), visible(table.method));
    if (table.verdict != Verdict::consistent || table.rows.equal_by_rule != 0) {
        out << "      " << visible(table.reason) << "\n";
    }
    if (!table.differing_columns.empty()) {
        out << "      differing columns: " << visible(columns_text(table.differing_columns))
            << "\n";
    }
    for (const auto& [rule, cells] : table.rules) {
        out << "      rule " << rule << ": " << grouped(cells) << " values\n";
    }
    if (!table.filter.empty()) {
        out << "      source rows where " << visible(table.filter) << "\n";
    }
    write_list(out, "not comparable", table.uncomparable_columns);
    write_list(out, "no such column at the destination", table.missing_columns);
    write_list(out, "excluded by the task", table.excluded_columns);
    write_list(out, "only at the destination", table.extra_columns);
    write_list(out, "note", table.notes);
    for (const RowSample& sample : table.samples) {
        out << "      " << visible(sample_text(sample)) << "\n";
    }
    const std::uint64_t more = table.rows.findings() -
                               std::min<std::uint64_t>(table.rows.findings(), table.samples.size());
    if (more > 0 && !table.samples.empty()) {
        out << "      ... and " << grouped(more) << " more\n";
    }
}

void write_tables(std::ostream& out, const Result& result) {
    std::size_t width = 5;
    for (const TableResult& table : result.tables) {
        width = std::max(width, table_text(table).size());
    }
    width = std::min<std::size_t>(width, 60);
    out << fmt::format("\n  {:<14} {:<{}} {:>14} {:>14}  {}\n", "verdict", "table", width,
                       "source rows", "dest. rows", "method");
    for (const TableResult& table : result.tables) {
        write_table(out, table, width);
    }
}

void write_schema(std::ostream& out, const char* title, const SchemaResult& schema) {
    if (!schema.compared) {
        return;
    }
    std::string facts;
    for (const auto& [kind, count] : schema.compared_facts) {
        facts += fmt::format("{}{} {}", facts.empty() ? "" : ", ", count, kind);
    }
    out << fmt::format("\n{}: {} ({})\n", title, to_string(schema.verdict),
                       facts.empty() ? "nothing to compare" : facts);
    for (const SchemaDifference& difference : schema.differences) {
        out << "  " << visible(difference_text(difference)) << "\n";
    }
}

}  // namespace

std::string grouped(std::uint64_t number) {
    std::string out = std::to_string(number);
    for (std::size_t at = out.size(); at > 3; at -= 3) {
        out.insert(at - 3, ",");
    }
    return out;
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; amount >= 1000 && unit + 1 < std::size(kUnits); ++unit) {
        amount /= 1000;
    }
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string instant_text(std::chrono::system_clock::time_point at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::string table_text(const TableResult& table) {
    return table.source == table.destination ? table.source
                                             : table.source + " -> " + table.destination;
}

std::string sample_text(const RowSample& sample) {
    std::string out = fmt::format("{} {}", to_string(sample.verdict), sample.key);
    if (sample.source_count > 1 || sample.destination_count > 1) {
        out += fmt::format(": {} at the source, {} at the destination", sample.source_count,
                           sample.destination_count);
    }
    for (const CellDifference& cell : sample.cells) {
        out += fmt::format("; {}: {} -> {} ({})", cell.column, cell.source_value,
                           cell.destination_value, cell.kind);
    }
    out += sample.evidence.empty() ? "" : "; " + sample.evidence;
    return out;
}

std::string difference_text(const SchemaDifference& difference) {
    std::string out =
        fmt::format("{}{} {} {}",
                    difference.counts             ? ""
                    : difference.left_out.empty() ? "(note) "
                                                  : "(left out by the task) ",
                    to_string(difference.verdict), to_string(difference.kind), difference.name);
    out += difference.table.empty() ? "" : " of " + difference.table;
    if (!difference.source_definition.empty()) {
        out += "; source: " + difference.source_definition;
    }
    if (!difference.destination_definition.empty()) {
        out += "; destination: " + difference.destination_definition;
    }
    out += difference.left_out.empty() ? "" : "; " + difference.left_out;
    return out;
}

std::string late_text(const LateWrite& write) {
    return fmt::format("{} {}{} at {}, committed {}", write.change, write.table,
                       write.key.empty() ? "" : " (" + write.key + ")", write.position,
                       instant_text(write.committed));
}

void write_text(std::ostream& out, const Result& result) {
    write_head(out, result);
    write_reasons(out, result);
    write_tables(out, result);
    write_schema(out, "structure", result.schema);
    write_schema(out, "sequences", result.sequences);
    if (!result.not_compared.empty()) {
        out << "\nnot compared\n";
        for (const std::string& text : result.not_compared) {
            out << "  - " << visible(text) << "\n";
        }
    }
    if (!result.repair_file.empty()) {
        out << fmt::format(
            "\n{} repair statements in {}, taken back by {}.undo; nothing was applied\n",
            grouped(result.repair_statements), result.repair_file, result.repair_file);
        if (result.repair_by_hand != 0) {
            out << fmt::format(
                "no statement repairs structure or sequences: {} differences are in that file as "
                "comments, for a person\n",
                grouped(result.repair_by_hand));
        }
    }
}

std::vector<std::string> live_lines(const LiveResult& live) {
    if (!live.taken) {
        return {};
    }
    std::vector<std::string> lines = {
        fmt::format("{} rows differed at first; {} rounds, {}", live.candidates, live.rounds,
                    live.positional ? "by the destination's marker"
                                    : "without positions: settled, not proved"),
        fmt::format("{} have become equal, {} are gone at both ends, {} differ, {} pending",
                    live.equal, live.gone, live.different, live.pending)};
    if (!live.gave_up.empty()) {
        lines.push_back("given up: " + live.gave_up);
    }
    return lines;
}

}  // namespace cutover::verify
