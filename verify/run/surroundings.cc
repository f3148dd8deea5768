#include "verify/run/surroundings.h"

#include <fmt/format.h>

#include <utility>

#include "migrator/model/error.h"
#include "verify/live/carrier.h"
#include "verify/report/report.h"
#include "verify/run/remedy.h"

namespace cutover::verify {

namespace {

AfterCutover after_cutover(const Request& request) {
    try {
        return request.after_cutover();
    } catch (const model::Error& error) {
        return {{}, with_remedy(error)};
    }
}

}  // namespace

void describe_ends(SnapshotPair& snapshots, Result& result) {
    result.source = snapshots.source().description();
    result.destination = snapshots.destination().description();
    for (const std::string& objects : snapshots.source().beside_tables()) {
        result.not_compared.push_back("at the source, not compared: " + objects);
    }
    result.not_compared.push_back(
        "views, functions, triggers other than those of foreign keys, rules, row security and its "
        "policies, comments, owners and grants are not compared");
    result.not_compared.push_back(
        "nor are the order of columns, storage settings, replica identities, extended "
        "statistics, publications, how collations sort, and settings of databases and roles");
}

void name_open_writers(const SnapshotPair& snapshots, const Agenda& agenda, bool brought,
                       Result& result, Doubts& doubts) {
    const std::vector<OpenWriter>& source = snapshots.source_standing().open_writers;
    const std::vector<OpenWriter>& destination = snapshots.destination_standing().open_writers;
    if (!source.empty() || !destination.empty()) {
        result.not_compared.push_back(fmt::format(
            "what {} open transactions at the source and {} at the destination have written: "
            "it cannot be seen before they commit",
            source.size(), destination.size()));
    }
    if (brought) {
        return;
    }
    doubts.open_writers = writers_of("source", source, agenda.source.tables);
    const auto there = writers_of("destination", destination, agenda.destination.tables);
    doubts.open_writers.insert(doubts.open_writers.end(), there.begin(), there.end());
}

void add_late_writes(const Request& request, Result& result) {
    if (!request.after_cutover) {
        return;
    }
    AfterCutover after = after_cutover(request);
    if (!after.not_looked.empty()) {
        result.quotes.push_back(after.not_looked);
        result.not_compared.push_back("the source's log behind the cutover: " + after.not_looked);
    }
    if (after.late.transactions != 0) {
        result.verdict = Verdict::inconsistent;
        result.reasons.insert(
            result.reasons.begin(),
            fmt::format("LATE WRITE: {} transactions with {} changes came at the source after "
                        "the cutover; the destination lacks them",
                        grouped(after.late.transactions), grouped(after.late.changes)));
    }
    result.late = std::move(after.late);
}

}  // namespace cutover::verify
