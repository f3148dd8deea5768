// What the source's log holds behind the point of a cutover: changes of the task's tables that were
// committed there although nobody should have written any more. Reads the log without letting the
// source forget anything, so that it can be read again for as long as the capture is there. Applies
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "migrator/engine/source.h"
#include "migrator/flow/runtime.h"

namespace cutover::stage {

struct LateWrite {
    std::string table;   ///< at the source
    std::string change;  ///< insert, update, delete, truncate
    std::string key;     ///< as people write it; empty for truncate
    std::string position;
    model::Instant committed{};
};

struct LateWrites {
    std::uint64_t transactions = 0;
    std::uint64_t changes = 0;
    std::vector<LateWrite> first;  ///< the first of them, few enough to be shown
    model::Position read_to;       ///< no other lies before
    bool complete = false;         ///< read_to covers all that the log had at the end
};

/// Adds a transaction's changes to `found`; those that are still to be shown are read and
/// described. No more is read, however many there are: nobody is listened to meanwhile.
void add_late(LateWrites& found, model::SourceTransaction& transaction,
              const std::function<LateWrite(const model::Change&)>& describe);

struct LateLook {
    engine::LogReader reader = engine::LogReader::onlooker;
    flow::Duration watch{};  ///< how long the log is followed before its end is asked for
    flow::Duration limit{};  ///< after which the rest is left unread
};

/// Reads the log after `point`. `tick` is called a few times a second and may throw.
/// Throws: as Source::open_changes() and ChangeStream::next().
LateWrites read_late_writes(flow::Runtime& runtime, engine::Source& source, const plan::Plan& plan,
                            const engine::CaptureOrigin& origin, const model::Position& point,
                            const LateLook& look, const std::function<void()>& tick);

}  // namespace cutover::stage
