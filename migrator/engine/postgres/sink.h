// engine::Sink for PostgreSQL: hands out sessions that write under the claim of this sink's
// control.
#pragma once

#include <memory>

#include "migrator/engine/sink.h"
#include "migrator/flow/runtime.h"

namespace cutover::postgres {

/// Opens no connection yet.
std::unique_ptr<engine::Sink> make_sink(flow::Runtime& runtime, const plan::TaskSpec& spec);

}  // namespace cutover::postgres
