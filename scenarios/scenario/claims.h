// Which documented behaviour is claimed, and by what that can fail: by an assertion of a scenario,
// or by a test. A number that merely stands in a file claims nothing.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "migrator/plan/document_reader.h"

namespace cutover::scenarios {

struct Claim {
    std::string guarantee;              ///< `G20`
    std::vector<std::string> shown_by;  ///< assertions of the scenario, or `outcome`
};

/// `G20: recovered, failed_over`.
std::string to_text(const Claim& claim);

/// The map `claims` of a scenario: `{G5: [equal, no_lost_ack], G20: recovered}`. `guarantees`:
/// those there are; empty: any. `assertions`: those of the scenario. Adds to `problems`: a
/// guarantee that does not exist, an assertion that the scenario does not make, no claim at all.
std::vector<Claim> read_claims(const plan::DocumentReader& scenario,
                               const std::vector<std::string>& guarantees,
                               const std::vector<std::string>& assertions,
                               plan::Problems& problems);

/// Tests below `root` (the project) that claim a guarantee in a comment behind their head or behind
/// one of their assertions: `TEST(Keys, AlertsOfTablesWithout) {  // G47`. By id, each as
/// `Keys.AlertsOfTablesWithout`.
std::map<std::string, std::vector<std::string>> claims_of_tests(const std::filesystem::path& root);

}  // namespace cutover::scenarios
