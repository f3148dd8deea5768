// What a running task says about itself, as values: for the terminal, for JSON lines, for a
// rehearsal's evidence. Nobody decides anything from them inside the task.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "migrator/engine/control.h"
#include "migrator/flow/runtime.h"
#include "migrator/model/error.h"
#include "migrator/model/finding.h"
#include "migrator/model/units.h"
#include "migrator/model/wait.h"
#include "migrator/stage/late_writes.h"

namespace cutover::stage {

struct Started {
    std::string task;
    bool resumed = false;
    std::uint64_t epoch = 0;
};
struct PhaseStarted {
    engine::TaskPhase phase = engine::TaskPhase::created;
};
struct ChunkDone {
    std::string table;
    std::uint32_t number = 0;
    model::Rows rows;
    bool again = false;  ///< a try before this one had begun it
};
struct TableProgress {
    std::string table;
    model::Rows rows;
    model::Rows rows_total;  ///< an estimate while the copy runs
};
struct FullProgress {
    model::Rows rows, rows_total;
    model::Bytes bytes, bytes_total;
    double fraction = 0;  ///< of the planned bytes, those in committed chunks
    double rows_per_second = 0;
    std::vector<TableProgress> tables;
    bool paused = false;
};
struct IncrementalProgress {
    std::uint64_t transactions = 0;  ///< since the task was created
    std::uint64_t changes = 0;
    double changes_per_second = 0;
    /// Source's clock now - commit time of the last applied change; absent until the log has
    /// spoken.
    std::optional<flow::Duration> lag;
    std::string position;
    bool consistent =
        false;  ///< past every view of the copy: the destination equals a source state
    bool paused = false;
};
/// A server has not answered for a while, or others are in the way than those told before.
struct Waiting {
    model::Wait wait;
};
/// A wait that was told has ended.
struct Waited {
    model::Wait wait;  ///< as it was told last
    flow::Duration after{};
};
struct Retrying {
    model::Error error;  ///< knows the end it came from, as that of Failed does
    std::uint32_t attempt = 0;
    flow::Duration gives_up_in{};
};
struct Recovered {
    flow::Duration after{};
    std::optional<model::Side> end;  ///< that was away; nothing if it was both or neither
};
struct FailoverProved {
    std::string proof;
};
struct FindingRaised {
    model::Finding finding;
};
struct Failed {
    model::Error error;
    std::string position;  ///< last applied
};
/// After the cutover: the source was written to although nobody should have.
struct LateWriteSeen {
    LateWrites late;
};
struct Ended {
    std::string outcome;  ///< completed, finished, stopped, failed
    int exit_code = 0;
    std::string position;
    std::uint64_t transactions = 0, changes = 0;
};

using Event = std::variant<Started, PhaseStarted, ChunkDone, FullProgress, IncrementalProgress,
                           Waiting, Waited, Retrying, Recovered, FailoverProved, FindingRaised,
                           LateWriteSeen, Failed, Ended>;

/// Any thread may call it; implementations serialise.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void on(const Event& event) = 0;
};

}  // namespace cutover::stage
