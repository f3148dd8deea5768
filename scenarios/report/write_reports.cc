#include <system_error>
#include <utility>

#include "migrator/plan/output_file.h"
#include "migrator/plan/output_path.h"
#include "scenarios/report/report.h"

namespace cutover::scenarios::report {

namespace {

constexpr const char* kMasked = "(masked: report.json has it, unless it was made with --no-values)";

/// Replaces every quotation of `samples` in `text`.
void mask(std::string& text, const std::vector<std::string>& samples) {
    for (const std::string& sample : samples) {
        for (std::size_t at = 0;
             !sample.empty() && (at = text.find(sample, at)) != std::string::npos;) {
            text.replace(at, sample.size(), kMasked);
            at += std::string_view(kMasked).size();
        }
    }
}

void mask(std::vector<std::string>& texts, const std::vector<std::string>& samples) {
    for (std::string& text : texts) {
        mask(text, samples);
    }
}

/// Takes the samples out and gives them.
std::vector<std::string> taken(Evidence& evidence) {
    std::vector<std::string> samples;
    const auto take = [&samples](std::vector<std::string>& from) {
        for (std::string& sample : from) {
            samples.push_back(std::exchange(sample, kMasked));
        }
    };
    for (TableProof& table : evidence.verify.tables) {
        take(table.samples);
    }
    for (WorkloadRecord& workload : evidence.workloads) {
        for (Check& check : workload.checks) {
            take(check.samples);
        }
    }
    for (Check& check : evidence.ledger.checks) {
        take(check.samples);
    }
    return samples;
}

}  // namespace

Evidence without_values(Evidence evidence) {
    const std::vector<std::string> samples = taken(evidence);
    mask(evidence.reasons, samples);
    mask(evidence.not_proved, samples);
    mask(evidence.verify.detail, samples);
    for (AssertionResult& assertion : evidence.assertions) {
        mask(assertion.detail, samples);
    }
    return evidence;
}

ReportFiles write_reports(const Evidence& evidence, const std::filesystem::path& directory,
                          Values values) {
    constexpr const char* kOption = "--report-dir";
    plan::make_writable_folder(kOption, directory);
    const ReportFiles files{directory / "report.html", directory / "report.json",
                            directory / "junit.xml"};
    const Evidence masked = without_values(evidence);
    const Evidence& passed_on = values == Values::everywhere ? evidence : masked;
    plan::write_file(kOption, files.json,
                     json_report(values == Values::nowhere ? masked : evidence));
    plan::write_file(kOption, files.junit, junit_report({passed_on}));
    plan::write_file(kOption, files.html, html_report(passed_on));
    return files;
}

}  // namespace cutover::scenarios::report
