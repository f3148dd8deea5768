// The scenarios and the documented guarantees as they lie in the tree: found, parsed, checked
// against each other. Starts nothing.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "scenarios/scenario/scenario.h"

namespace cutover::scenarios {

struct Guarantee {
    std::string id;    ///< `G20`
    std::string kind;  ///< behaviour, refusal, hazard, default
    std::string test;  ///< scenario, precheck, policy
    std::string text;
};

class Catalogue {
public:
    /// `folder` holds guarantees.yaml and `rehearsals`, a folder of scenarios per route. Throws:
    /// plan::FileError for the guarantees; scenarios are parsed when they are asked for.
    explicit Catalogue(const std::filesystem::path& folder);

    const std::vector<Guarantee>& guarantees() const { return guarantees_; }
    /// `postgres_to_postgres/main`, sorted.
    const std::vector<std::string>& names() const { return names_; }
    /// `main` stands for `postgres_to_postgres/main` where only one scenario has that name.
    /// Throws: refused (no such scenario, with the near one), plan::FileError (everything that is
    /// wrong with it, its faults and assertions included).
    Scenario load(const std::string& name) const;

private:
    std::string resolve(const std::string& name) const;

    std::filesystem::path folder_;  ///< of the rehearsals
    std::vector<Guarantee> guarantees_;
    std::vector<std::string> ids_;
    std::vector<std::string> names_;
};

}  // namespace cutover::scenarios
