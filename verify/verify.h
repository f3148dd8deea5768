// The judge's front door: compare two ends, table by table, and say what holds. Used by the command
// `cutover verify`, which a rehearsal starts as a process of its own. It reads only; it repairs
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "verify/result/result.h"
#include "verify/run/request.h"

namespace cutover::verify {

struct Progress {
    std::string table;  ///< being compared (one of them)
    std::size_t tables_done = 0;
    std::size_t tables_total = 0;
    std::uint64_t source_rows = 0;
    std::uint64_t destination_rows = 0;
    std::uint64_t rows_expected = 0;  ///< at the source, estimated
    std::uint64_t bytes = 0;          ///< both ends
};
/// Called from reading threads, one call at a time, about every quarter of a megabyte.
using ProgressCallback = std::function<void(const Progress&)>;

/// Compares. Throws: connection, refused (an end that cannot be opened, an engine that is none of
/// the request's, a repair file that cannot be written), corrupt (the judge has caught itself
/// contradicting itself).
Result run(const Request& request, const ProgressCallback& progress = {});

}  // namespace cutover::verify
