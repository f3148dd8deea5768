// engine::Sink for PostgreSQL: hands out sessions that write under the claim of this sink's
// control.
#pragma once

#include <memory>

#include "migrator/engine/sink.h"
#include "migrator/flow/runtime.h"
#include "migrator/flow/waits.h"

namespace cutover::postgres {

/// Opens no connection yet.
/// `waits`: of the task on whose behalf it is; null: of none.
std::unique_ptr<engine::Sink> make_sink(flow::Runtime& runtime, const plan::TaskSpec& spec,
                                        flow::Waits* waits = nullptr);

}  // namespace cutover::postgres
