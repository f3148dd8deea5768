// What a run compares, resolved from what the ends have and what was asked for: tables with their
// counterparts and with results to be filled, objects whose structure is compared, and those parts
// of the request that matched nothing. It reads catalogs and no row.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "verify/compare/pair.h"
#include "verify/result/result.h"
#include "verify/run/request.h"

namespace cutover::verify {

/// A table with its counterpart and its result.
struct TableWork {
    TablePair pair;
    TableResult result;
    bool failed = false;  ///< part of it could not be read
};

struct Agenda {
    std::vector<std::unique_ptr<TableWork>> tables;  ///< the largest first
    std::vector<TableResult> absent;                 ///< for tables that the destination lacks
    FactScope source;                                ///< whose structure is compared, at each end
    FactScope destination;
    std::vector<std::string> idle_patterns;  ///< patterns that select nothing
    std::vector<std::string> idle_settings;  ///< settings for tables or columns that do not exist
    std::vector<std::string> not_compared;   ///< plain sentences
};

/// Throws: connection, operation.
Agenda make_agenda(End& source, End& destination, const Request& request);

}  // namespace cutover::verify
