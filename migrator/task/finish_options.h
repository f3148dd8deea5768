// What an operator may ask of a cutover. Travels to the running process as a command's argument.
#pragma once

#include <string>

#include "migrator/flow/runtime.h"

namespace cutover::task {

struct FinishOptions {
    /// For transactions that have written and not ended; then they are named.
    flow::Duration wait = std::chrono::seconds(10);
    /// How long the log is read behind the last change, and must stay silent.
    flow::Duration quiet = std::chrono::seconds(10);
    bool fence_source = false;
};

std::string to_argument(const FinishOptions& options);
/// An empty argument: the defaults. Throws: refused `finish.argument`, `finish.no_proof` (nothing
/// would show that nobody writes).
FinishOptions read_finish_options(const std::string& argument);

}  // namespace cutover::task
