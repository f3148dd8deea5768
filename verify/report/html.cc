#include <fmt/format.h>

#include "migrator/model/page_policy.h"
#include "migrator/model/visible.h"
#include "verify/report/report.h"

namespace cutover::verify {

namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #8885; --good: #1a7f37; --bad: #cf222e; --unsure: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --unsure: #d29922; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { padding: .3rem .6rem; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top; } .number { text-align: right;
  font-variant-numeric: tabular-nums; }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.consistent { color: var(--good); } .inconsistent { color: var(--bad); } .unsure { color: var(--unsure); }
.verdict { font-weight: 600; white-space: nowrap; } dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; }
details { margin: .3rem 0; } @media print { details > * { display: block; } body { margin: 0; } }
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char letter : model::visible(text)) {
        switch (letter) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += letter;
        }
    }
    return out;
}

const char* css_class(Verdict verdict) {
    switch (verdict) {
        case Verdict::consistent:
            return "consistent";
        case Verdict::inconsistent:
            return "inconsistent";
        case Verdict::could_not_tell:
            return "unsure";
    }
    return "unsure";
}

std::string verdict_html(Verdict verdict) {
    return fmt::format("<span class=\"verdict {}\">{}</span>", css_class(verdict),
                       to_string(verdict));
}

std::string list_html(const std::vector<std::string>& lines) {
    std::string out = "<ul>\n";
    for (const std::string& line : lines) {
        out += "<li>" + escaped(line) + "</li>\n";
    }
    return out + "</ul>\n";
}

std::string head_html(const Result& result) {
    std::string rules;
    for (const std::string& rule : result.rules) {
        rules += (rules.empty() ? "" : ", ") + rule;
    }
    std::string live;
    for (const std::string& line : live_lines(result.live)) {
        live += (live.empty() ? "" : "; ") + line;
    }
    const auto entry = [](const char* name, const std::string& text) {
        return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escaped(text));
    };
    return fmt::format("<h1>Verification: {}</h1>\n", verdict_html(result.verdict)) +
           list_html(result.reasons) + "<dl>\n" +
           entry("source", result.source + " at " + result.source_position) +
           entry("destination", result.destination + " at " + result.destination_position) +
           entry("proof", fmt::format("{}: {}", to_string(result.proof), result.proof_detail)) +
           (live.empty() ? std::string() : entry("mode", "live: " + live)) +
           entry("rules", rules.empty() ? "none: every value must have the same form" : rules) +
           entry("read",
                 fmt::format("{} rows at the source, {} at the destination, {}, {:.1f} s from {}",
                             grouped(result.rows.source), grouped(result.rows.destination),
                             bytes_text(result.bytes),
                             static_cast<double>(result.took.count()) / 1000,
                             instant_text(result.started))) +
           entry("digest", fmt::format("XXH3-128, seed {:#018x}", result.seed)) + "</dl>\n";
}

std::string late_html(const LateWrites& late) {
    std::vector<std::string> lines;
    for (const LateWrite& write : late.first) {
        lines.push_back(late_text(write));
    }
    return lines.empty() ? std::string() : "<h2>Late writes</h2>\n" + list_html(lines);
}

std::string details_html(const TableResult& table) {
    std::vector<std::string> lines;
    const auto add = [&lines](const char* title, const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            lines.push_back(std::string(title) + ": " + name);
        }
    };
    for (const auto& [column, count] : table.differing_columns) {
        lines.push_back(fmt::format("differing column {}: {} rows", column, grouped(count)));
    }
    for (const auto& [rule, count] : table.rules) {
        lines.push_back(fmt::format("rule {}: {} values", rule, grouped(count)));
    }
    if (!table.filter.empty()) {
        lines.push_back("source rows where " + table.filter);
    }
    add("not comparable", table.uncomparable_columns);
    add("no such column at the destination", table.missing_columns);
    add("excluded by the task", table.excluded_columns);
    add("only at the destination", table.extra_columns);
    add("note", table.notes);
    for (const RowSample& sample : table.samples) {
        lines.push_back(sample_text(sample));
    }
    if (lines.empty()) {
        return {};
    }
    return fmt::format("<details{}><summary>{} details</summary>{}</details>",
                       table.verdict == Verdict::consistent ? "" : " open", lines.size(),
                       list_html(lines));
}

std::string tables_html(const Result& result) {
    std::string out =
        "<h2>Tables</h2>\n<table><tr><th>verdict</th><th>table</th><th class=\"number\">source "
        "rows</th>"
        "<th class=\"number\">destination rows</th><th>found</th><th>how</th></tr>\n";
    for (const TableResult& table : result.tables) {
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td "
            "class=\"number\">{}</td><td>{}{}</td>"
            "<td>{}</td></tr>\n",
            verdict_html(table.verdict), escaped(table_text(table)), grouped(table.rows.source),
            grouped(table.rows.destination), escaped(table.reason), details_html(table),
            escaped(table.method));
    }
    return out + "</table>\n";
}

std::string schema_html(const char* title, const SchemaResult& schema) {
    if (!schema.compared) {
        return {};
    }
    std::string out = fmt::format("<h2>{}: {}</h2>\n", title, verdict_html(schema.verdict));
    std::string facts;
    for (const auto& [kind, count] : schema.compared_facts) {
        facts += fmt::format("{}{} {}", facts.empty() ? "" : ", ", count, kind);
    }
    std::vector<std::string> lines;
    for (const SchemaDifference& difference : schema.differences) {
        lines.push_back(difference_text(difference));
    }
    return out + "<p>" + escaped(facts.empty() ? "nothing to compare" : facts) + "</p>\n" +
           (lines.empty() ? std::string() : list_html(lines));
}

}  // namespace

std::string to_html(const Result& result) {
    std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n";
    const model::PagePolicy policy = model::make_page_policy();
    out += policy.meta + "<meta name=\"viewport\" content=\"width=device-width\">\n";
    out += fmt::format(
        "<title>Verification: {}</title>\n<style nonce=\"{}\">{}</style></head><body>\n",
        to_string(result.verdict), policy.nonce, kStyle);
    out += head_html(result) + late_html(result.late) + tables_html(result) +
           schema_html("Structure", result.schema) + schema_html("Sequences", result.sequences);
    if (!result.not_compared.empty()) {
        out += "<h2>Not compared</h2>\n" + list_html(result.not_compared);
    }
    if (!result.repair_file.empty()) {
        out += fmt::format("<p>{} repair statements in {}; nothing was applied.</p>\n",
                           grouped(result.repair_statements), escaped(result.repair_file));
    }
    return out + "</body></html>\n";
}

}  // namespace cutover::verify
