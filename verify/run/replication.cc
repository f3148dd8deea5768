#include "verify/run/replication.h"

#include <tuple>
#include <vector>

#include "migrator/model/error.h"
#include "verify/live/settle.h"

namespace cutover::verify {

Replication find_replication(End& destination, const LiveOptions& options) {
    Replication out;
    out.applied = destination.applied(options.task);
    out.carrier = carrier_of(out.applied);
    out.live =
        out.carrier == Carrier::replicating || (options.asked && out.carrier != Carrier::ended);
    return out;
}

void judge_moving_rows(const Request& request, const Replication& replication,
                       SnapshotPair& snapshots, const RunContext& context,
                       CandidateCollector& candidates, const Agenda& agenda, LiveResult& live) {
    live.taken = true;
    live.by_itself = !request.live.asked;
    live.first_position = snapshots.source_standing().position.shown();
    live.first_applied = replication.applied.position.shown();
    std::vector<LiveSubject> subjects;
    for (const auto& work : agenda.tables) {
        subjects.push_back({&work->pair, &work->result, !work->failed});
    }
    const auto source = snapshots.new_source();
    const auto destination = snapshots.new_destination();
    FirstPass first;
    if (snapshots.shared()) {
        first = {&snapshots.source(), &snapshots.destination()};
    }
    try {
        judge_live(*source, *destination, request.live, context, first, candidates, subjects, live);
    } catch (const model::Error& error) {
        if (request.live.asked || error.code() != "verify.live_standby") {
            throw;
        }
        live.unproved = error.message();  // the live mode was not asked for
        for (const LiveSubject& subject : subjects) {
            leave_pending(*subject.result, error.message());
        }
    }
}

std::string prove_rows(const Request& request, const Replication& replication,
                       SnapshotPair& snapshots, const Agenda& agenda, Result& result) {
    result.source_position = snapshots.source_standing().position.shown();
    result.destination_position = snapshots.destination_standing().position.shown();
    if (replication.live) {
        std::tie(result.proof, result.proof_detail) = live_proof(result.live);
        return {};
    }
    QuietTables tables;
    for (const auto& work : agenda.tables) {
        tables.source.push_back(&work->pair.source);
        tables.destination.push_back(&work->pair.destination);
    }
    return judge_standing_rows({request.live.task, request.settle, request.live.pause}, snapshots,
                               tables, replication.applied, result);
}

}  // namespace cutover::verify
