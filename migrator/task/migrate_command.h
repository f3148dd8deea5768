// `cutover migrate`: one process's work on a task, from the task file to the exit code. Looks
// whether the task has been started before; if not, the precheck decides; then task.h does the
// work. It retries nothing itself but the very first look at the destination.
#pragma once

#include <ostream>
#include <string>

#include "migrator/engine/registry.h"

namespace cutover::task {

struct MigrateOptions {
    std::string file;
    bool json = false;
    std::string kill_at;  ///< `POINT[:N]`, rehearsals only
};

/// Returns the exit code: 0 completed or cut over, 15 stopped on request. Throws: plan::FileError,
/// model::Error (also told to the view).
int run_migrate(const MigrateOptions& options, const engine::Registry& registry, std::ostream& out);

/// What is wrong with a `--kill-at`, empty if nothing is.
std::string check_kill_at(const std::string& text);

}  // namespace cutover::task
