// A Result as text for a terminal, as JSON for machines and as one self-contained HTML page for
// people. All three say the same and decide nothing.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "verify/result/result.h"

namespace cutover::verify {

void write_text(std::ostream& out, const Result& result);
/// One JSON object, indented. Numbers that do not fit a double's 53 bits are texts.
std::string to_json(const Result& result);
/// Works from disk, light and dark, and prints well; it has no script and loads nothing from
/// elsewhere.
std::string to_html(const Result& result);

/// 1234567 as `1,234,567`.
std::string grouped(std::uint64_t number);
/// `12 B`, `3.4 MB`.
std::string bytes_text(std::uint64_t bytes);
/// `2026-01-31T12:00:00Z`.
std::string instant_text(std::chrono::system_clock::time_point at);
/// `source` or `source -> destination`.
std::string table_text(const TableResult& table);
/// One sample in one line.
std::string sample_text(const RowSample& sample);
std::string difference_text(const SchemaDifference& difference);
/// One late write in one line.
std::string late_text(const LateWrite& write);

/// What the reports say of the live mode, line by line; empty if the mode was not used.
std::vector<std::string> live_lines(const LiveResult& live);

}  // namespace cutover::verify
