// What has become of a source after the cutover, looked at from outside the process that cut over:
// for `status`, for a second `finish`, and for the judge. As long as the task is not released, its
// capture keeps the log behind the cutover's point.
#pragma once

#include <optional>
#include <string>

#include "migrator/engine/registry.h"
#include "migrator/task/cutover_evidence.h"

namespace cutover::task {

struct Aftermath {
    CutoverEvidence evidence;  ///< as stored, with the late writes that are there now
    std::string not_looked;    ///< why the log behind the point could not be read, or not all of it
};

/// Nothing if the task was not cut over (yet), or has no log. Reads both ends for some seconds and
/// changes nothing. What goes wrong at the source is told, not thrown. Throws: connection (the
/// destination).
std::optional<Aftermath> look_after(flow::Runtime& runtime, const engine::Registry& registry,
                                    const plan::TaskSpec& spec, engine::Sink& sink,
                                    const engine::TaskRecord& record);

/// As look_after(), for whoever has the task file only. Nothing, too, if the destination has no
/// such task, or none that this account may see.
std::optional<Aftermath> look_after(const engine::Registry& registry, const plan::TaskSpec& spec);

/// For a terminal: a line each, what matters first.
std::vector<std::string> lines(const Aftermath& aftermath);

}  // namespace cutover::task
