// What a rehearsal says when it is over: one HTML file for people (self-contained, from disk,
// light, dark and on paper), JSON with everything, JUnit for a CI. All three are rendered from the
// same evidence; none of them judges: the verdict is in the evidence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/evidence/evidence.h"

namespace cutover::scenarios::report {

std::string html_report(const Evidence& evidence);

/// Every field of the evidence; instants in RFC 3339, times in milliseconds, absent values null.
std::string json_report(const Evidence& evidence);
/// The way back, for comparing runs. Throws: model::Error refused (not such a report).
Evidence read_json_report(const std::string& text);

/// One suite per run; a case per assertion, check and compared table.
std::string junit_report(const std::vector<Evidence>& runs);

struct ReportFiles {
    std::filesystem::path html;
    std::filesystem::path json;
    std::filesystem::path junit;
};

/// Where values of rows may be read.
enum class Values : std::uint8_t {
    json_only,  ///< in report.json: the others are what one hands on
    everywhere,
    nowhere,
};

/// The evidence with the keys and values of sampled rows masked, wherever they are quoted.
Evidence without_values(Evidence evidence);

/// Writes report.html, report.json and junit.xml, each whole or not at all, for their owner only.
/// Throws: model::Error refused (the directory cannot be written).
ReportFiles write_reports(const Evidence& evidence, const std::filesystem::path& directory,
                          Values values);

}  // namespace cutover::scenarios::report
