// What may still bring rows to the destination, and so what a row that differs means: while
// something may carry it, it can be on its way, and there is no verdict on it. Pure: turns what the
// ends have told into words and doubts; it asks no end.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "verify/end/end.h"
#include "verify/result/result.h"

namespace cutover::verify {

enum class Carrier : std::uint8_t {
    unknown,      ///< no task of ours; another tool may be at work
    hidden,       ///< there may be a task that cannot be read
    copying,      ///< a task of ours, not at the incremental phase yet
    replicating,  ///< a task of ours in the incremental phase
    ended,        ///< a task of ours that is cut over or complete: it brings nothing more
};

Carrier carrier_of(const Applied& applied);

/// Whether a task of ours has yet to do something at the destination.
inline bool at_work(Carrier carrier) {
    return carrier == Carrier::copying || carrier == Carrier::replicating;
}

/// Shows all that was found to differ in the table's rows, and leaves it without a verdict.
void leave_pending(TableResult& result, const std::string& why);

/// Whether rows were counted so far as missing, extra, different or duplicate in any table.
bool rows_differ(const std::vector<TableResult>& tables);

/// Used while the copy is, or may be, at work: rows, tables, keys and indexes that are not there
/// yet get no verdict.
void leave_to_the_copy(Result& result, const std::string& why);

/// For the end called `end`: one sentence for each writer that has locked one of `tables`.
std::vector<std::string> writers_of(const std::string& end, const std::vector<OpenWriter>& writers,
                                    const std::vector<model::ObjectName>& tables);

}  // namespace cutover::verify
