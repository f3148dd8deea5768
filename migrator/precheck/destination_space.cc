#include <fmt/format.h>

#include "migrator/precheck/questions.h"

namespace cutover::precheck {

namespace {

std::string shown(model::Bytes bytes) {
    const auto count = static_cast<double>(bytes.count);
    return count < (1 << 30) ? fmt::format("{:.1f} MB", count / (1 << 20))
                             : fmt::format("{:.1f} GB", count / (1 << 30));
}

}  // namespace

Findings destination_space(const Facts& facts) {
    if (!facts.spec.phases.full || facts.started) {
        return {};
    }
    model::Bytes total;
    for (const model::TableSchema& table : facts.source.catalog.tables) {
        total += table.size;
    }
    // Servers do not tell their free space to an account that only migrates, so it is not guessed.
    return {
        {"destination.space",
         model::Severity::note,
         facts.spec.destination.display(),
         fmt::format("the selected tables take {} at the source", shown(total)),
         "the destination needs more than that, and 10 % on top are advised; its free space cannot "
         "be asked from here",
         "look at the destination's disk",
         {"G209", "G210"}}};
}

}  // namespace cutover::precheck
