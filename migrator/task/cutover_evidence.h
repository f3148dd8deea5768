// What a cutover rests on and what was seen after it: the answer of `finish`, what `status` says of
// a finished task, what a rehearsal reports. Kept with the task's record as JSON; nobody decides
// anything from its words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/engine/source.h"
#include "migrator/flow/runtime.h"
#include "migrator/stage/late_writes.h"

namespace cutover::task {

/// Somebody who was there at the cutover.
struct NotedSession {
    engine::SourceWriter writer;     ///< with the first few of its tables
    std::uint64_t tables_total = 0;  ///< that it had begun to write to
};

struct CutoverEvidence {
    // Before the fence at the destination.
    std::string position;          ///< everything the source has up to here is at the destination
    model::Instant quiet_since{};  ///< our clock: when the log had been read to its end
    model::Instant quiet_until{};  ///< our clock: when `position` was asked for
    std::string quiet_from;  ///< the position behind which the log was read, and stayed silent
    model::Instant
        asked{};  ///< our clock: when no unfinished transaction was found for the last time
    std::string source_fence;            ///< empty: none was asked for
    std::vector<NotedSession> sessions;  ///< others that were there; the first of them
    std::uint64_t sessions_total = 0;

    // After it.
    model::Instant fenced{};  ///< our clock
    bool watched =
        false;  ///< the process has read the log behind `position` as long as it meant to
    flow::Duration watch{};
    std::string watch_ended;  ///< why it did not, if it gave up
    stage::LateWrites late;   ///< read_to has its text only
};

/// Keeps no more of the sessions, and of their tables, than are worth showing: an answer has to fit
/// into a command's row.
void note_sessions(CutoverEvidence& evidence, std::vector<engine::SourceWriter> writers);

std::string to_json(const CutoverEvidence& evidence);
/// Nothing for the empty text of a task that was not cut over, or what is no evidence.
/// Throws: corrupt `control.damaged`.
std::optional<CutoverEvidence> evidence_from(const std::string& json);

/// `process 17 (application 'shop', user app, since 12:00:01 UTC, has written to a.b)`; of many
/// tables the first few, and how many more.
std::string describe(const engine::SourceWriter& writer);
/// The first few of them, and how many more.
std::string describe(const std::vector<engine::SourceWriter>& writers);
/// For a terminal: a line each, the verdict first.
std::vector<std::string> lines(const CutoverEvidence& evidence);
/// The late writes alone; nothing if there are none.
std::vector<std::string> late_lines(const stage::LateWrites& late);

}  // namespace cutover::task
