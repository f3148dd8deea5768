// What is fuzzed: something that reads what a server said. Whatever it is given, it gives an answer
// or throws a model::Error; it never ends the process, never reads beyond what it was given and
// never takes more time or memory than the input is worth.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cutover::fuzz {

/// How many inputs each reader has read to their end.
using Reached = std::map<std::string, std::uint64_t>;

struct Target {
    const char* name;
    const char* reads;  ///< what, for people
    /// Inputs that are well formed: what is tried is made from them.
    std::vector<std::string> (*seeds)();
    void (*run)(std::string_view input);
    /// Of a target with several readers; none: it has one.
    Reached (*reached)() = nullptr;
};

Target log_target();         ///< pgoutput, relations, whole transactions (log_target.cc)
Target cells_target();       ///< the judge's decoders of binary values (judge_target.cc)
Target json_target();        ///< the judge's JSON, and numbers (judge_target.cc)
Target positions_target();   ///< positions, snapshots, timelines (text_target.cc)
Target sql_target();         ///< renames in expressions, bytes in hex (text_target.cc)
Target expression_target();  ///< row filters (expression_target.cc)
Target answers_target();     ///< control rows, catalog, comments, status, COPY (server_target.cc)

}  // namespace cutover::fuzz
