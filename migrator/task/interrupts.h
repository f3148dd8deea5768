// Ctrl-C and its relatives. Once: the task is asked to stop and does so at the next durable point.
// Twice: the process ends at once; nothing is lost, because a killed task loses nothing either. The
// only place of the migrator that knows signals.
#pragma once

#include "migrator/flow/stop_signal.h"

namespace cutover::task {

/// While it lives, SIGINT and SIGTERM ask `stop` to stop; a second one ends the process with 128 +
/// its number. SIGPIPE is ignored: a migration does not end because nobody looks on any more. At
/// most one lives at a time.
class Interrupts {
public:
    explicit Interrupts(flow::StopSignal& stop);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
};

}  // namespace cutover::task
