// How a running task is shown: as JSON lines for machines (event_writer.cc) or as text for people
// (terminal_view.cc). A view prints what it is told; it decides nothing and keeps no state of the
// task.
#pragma once

#include <memory>
#include <ostream>
#include <vector>

#include "migrator/model/finding.h"
#include "migrator/stage/event.h"

namespace cutover::task {

/// Any thread may call it.
class View : public stage::Observer {
public:
    /// What the precheck has found; `ignored`: the task file says so.
    virtual void findings(const std::vector<model::Finding>& findings, bool ignored) = 0;
};

/// One JSON object per line, each flushed. `out` must outlive it.
std::unique_ptr<View> make_event_writer(std::ostream& out);

/// Text: a block that is drawn anew on a terminal, plain lines otherwise.
std::unique_ptr<View> make_terminal_view(std::ostream& out, bool terminal);

}  // namespace cutover::task
