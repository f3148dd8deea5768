// engine::Sink for PostgreSQL: provides sessions that write under the claim of this sink's control.
#pragma once

#include <memory>

#include "migrator/engine/sink.h"
#include "migrator/flow/runtime.h"
#include "migrator/flow/waits.h"

namespace cutover::postgres {

/// Opens no connection yet.
/// `waits`: belongs to the task on whose behalf the sink works; null: there is none.
std::unique_ptr<engine::Sink> make_sink(flow::Runtime& runtime, const plan::TaskSpec& spec,
                                        flow::Waits* waits = nullptr);

}  // namespace cutover::postgres
