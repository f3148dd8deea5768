// Looks for passwords where none may be: in files, in the arguments of processes, in the reports.
// It holds the passwords itself and never hands one on; the evidence gets names of places only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/evidence/evidence.h"

namespace cutover::scenarios {

class SecretSearch {
public:
    SecretSearch() = default;
    explicit SecretSearch(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}

    /// Of everything that is looked at from now on.
    void begin(SecretScan& scan) const { scan.secrets = secrets_.size(); }
    /// The arguments of the process `name`.
    void listing(const std::string& name, const std::string& arguments, SecretScan& scan) const;
    /// Every file below `folder`.
    void folder(const std::filesystem::path& folder, SecretScan& scan) const;
    /// Files that were written after the verdict. True if one holds a password: then it is noted,
    /// and the verdict is no-go.
    bool reports(const std::vector<std::filesystem::path>& files, Evidence& evidence) const;

private:
    bool in(const std::string& text) const;

    std::vector<std::string> secrets_;
};

}  // namespace cutover::scenarios
