#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "migrator/model/error.h"
#include "scenarios/report/report.h"

namespace cutover::scenarios::report {

namespace {

void write_whole(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::path draft = file;
    draft += ".part";
    {
        std::ofstream out(draft, std::ios::binary | std::ios::trunc);
        out << text;
        out.flush();
        if (!out) {
            throw model::Error(model::ErrorClass::operation, "report.write",
                               "cannot write " + draft.string() + ": " + std::strerror(errno));
        }
    }
    std::filesystem::rename(draft, file);
}

}  // namespace

ReportFiles write_reports(const Evidence& evidence, const std::filesystem::path& directory) {
    try {
        std::filesystem::create_directories(directory);
        const ReportFiles files{directory / "report.html", directory / "report.json",
                                directory / "junit.xml"};
        write_whole(files.json, json_report(evidence));
        write_whole(files.junit, junit_report({evidence}));
        write_whole(files.html, html_report(evidence));
        return files;
    } catch (const std::filesystem::filesystem_error& error) {
        throw model::Error(model::ErrorClass::operation, "report.write", error.what());
    }
}

}  // namespace cutover::scenarios::report
