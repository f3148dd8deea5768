// What a run compares, resolved from what the ends have and what was asked for: tables with their
// counterparts and their results yet to be filled, whose structure, and what of the request came to
// nothing. It reads catalogs and no row.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "verify/compare/pair.h"
#include "verify/result/result.h"
#include "verify/run/request.h"

namespace cutover::verify {

/// A table with its counterpart and what becomes of it.
struct TableWork {
    TablePair pair;
    TableResult result;
    bool failed = false;  ///< part of it could not be read
};

struct Agenda {
    std::vector<std::unique_ptr<TableWork>> tables;  ///< the largest first
    std::vector<TableResult> absent;                 ///< of tables that the destination lacks
    FactScope source;                                ///< whose structure, at each end
    FactScope destination;
    std::vector<std::string> idle_patterns;  ///< that select nothing
    std::vector<std::string> idle_settings;  ///< of tables or columns that are not there
    std::vector<std::string> not_compared;   ///< plain sentences
};

/// Throws: connection, operation.
Agenda make_agenda(End& source, End& destination, const Request& request);

}  // namespace cutover::verify
