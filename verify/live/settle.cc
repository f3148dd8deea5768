#include "verify/live/settle.h"

#include <fmt/format.h>

namespace cutover::verify {

namespace {

void say_as_of_reading(Result& result, const std::string& why) {
    result.proof = Proof::as_of_reading;
    result.proof_detail = why +
                          ": differences may be lag, equality holds for the two snapshots only; "
                          "stop the writes and verify again for a proof";
}

std::string doubt_rows(Result& result, const std::string& why) {
    say_as_of_reading(result, why);
    for (TableResult& table : result.tables) {
        if (rows_differ({table})) {
            leave_pending(table, "may be lag, " + why);
        }
    }
    return why;
}

/// There is no task of ours: another tool may be at work.
std::string judge_by_quiet(const SettleOptions& options, SnapshotPair& snapshots,
                           const QuietTables& tables, Result& result) {
    const bool differ = rows_differ(result.tables);
    if (differ ? !snapshots.stays_quiet(tables, options.watched, options.pause)
               : !snapshots.quiet()) {
        return doubt_rows(result, "somebody wrote meanwhile");
    }
    result.proof = Proof::settled;
    result.proof_detail =
        (differ
             ? fmt::format("nobody has written to the compared tables at either end for {:.1f} s "
                           "since the snapshots",
                           std::chrono::duration<double>(options.watched).count())
             : std::string("no transaction that writes ended at either end while the snapshots "
                           "were taken")) +
        "; whether a migrator had more to apply cannot be seen from here";
    return {};
}

}  // namespace

std::string judge_standing_rows(const SettleOptions& options, SnapshotPair& snapshots,
                                const QuietTables& tables, const Applied& applied, Result& result) {
    switch (carrier_of(applied)) {
        case Carrier::ended:
            result.proof = Proof::fenced;
            result.proof_detail =
                fmt::format("the task `{}` is finished{}: no process of it can bring anything more",
                            options.task,
                            applied.position.empty()
                                ? ""
                                : ", everything up to " + applied.position.shown() + " is in");
            return {};
        case Carrier::hidden:
            say_as_of_reading(result, applied.hidden);
            leave_to_the_copy(result, applied.hidden);
            return applied.hidden;
        case Carrier::copying: {
            const std::string why =
                fmt::format("the task `{}` is in phase `{}`", options.task, applied.phase);
            say_as_of_reading(result, why);
            leave_to_the_copy(result, why);
            return why;
        }
        case Carrier::replicating:
        case Carrier::unknown:
            break;
    }
    return judge_by_quiet(options, snapshots, tables, result);
}

}  // namespace cutover::verify
