// Who may still bring rows to the destination, and so what a row that differs means: as long as
// somebody may carry it, it can be on its way, and there is no verdict on it. Pure: from what the
// ends have told to words and doubts; it asks nobody.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "verify/end/end.h"
#include "verify/result/result.h"

namespace cutover::verify {

enum class Carrier : std::uint8_t {
    unknown,      ///< no task of ours; another tool may be at work
    hidden,       ///< there may be one, which cannot be read
    copying,      ///< a task of ours, not at the incremental phase yet
    replicating,  ///< a task of ours in the incremental phase
    ended,        ///< a task of ours that is cut over or complete: nothing of it comes any more
};

Carrier carrier_of(const Applied& applied);

/// A task of ours has yet to do something at the destination.
inline bool at_work(Carrier carrier) {
    return carrier == Carrier::copying || carrier == Carrier::replicating;
}

/// All that was found to differ in the table's rows is shown and left without a verdict.
void leave_pending(TableResult& result, const std::string& why);

/// Rows that are missing, extra, different or duplicate somewhere, as counted so far.
bool rows_differ(const std::vector<TableResult>& tables);

/// While the copy is, or may be, at work: rows, tables, keys and indexes that are not there yet
/// have no verdict.
void leave_to_the_copy(Result& result, const std::string& why);

/// Of an end that is called `end`: one sentence for each writer that holds one of `tables`.
std::vector<std::string> writers_of(const std::string& end, const std::vector<OpenWriter>& writers,
                                    const std::vector<model::ObjectName>& tables);

}  // namespace cutover::verify
