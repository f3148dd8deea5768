#include "scenarios/evidence/secret_search.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace cutover::scenarios {

namespace {

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

bool SecretSearch::in(const std::string& text) const {
    return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
        return text.find(secret) != std::string::npos;
    });
}

void SecretSearch::listing(const std::string& name, const std::string& arguments,
                           SecretScan& scan) const {
    if (arguments.empty()) {
        return;
    }
    scan.listings.push_back(name);
    if (in(arguments)) {
        scan.hits.push_back("the arguments of " + name);
    }
}

void SecretSearch::folder(const std::filesystem::path& folder, SecretScan& scan) const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) {
            continue;
        }
        const std::string name = std::filesystem::relative(entry.path(), folder).string();
        scan.scanned.push_back(name);
        if (in(bytes_of(entry.path()))) {
            scan.hits.push_back(name);
        }
    }
}

bool SecretSearch::reports(const std::vector<std::filesystem::path>& files,
                           Evidence& evidence) const {
    bool found = false;
    for (const std::filesystem::path& file : files) {
        if (!in(bytes_of(file))) {
            continue;
        }
        found = true;
        const std::string name = file.filename().string();
        evidence.secrets.hits.push_back(name);
        evidence.assertions.push_back(
            {"no_secret_in_reports", false, "a password stands in " + name});
        evidence.reasons.insert(evidence.reasons.begin(), "a password stands in " + name);
        evidence.verdict = Decision::no_go;
    }
    return found;
}

}  // namespace cutover::scenarios
