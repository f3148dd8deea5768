// A PostgreSQL server as an End of the judge: sessions, shared snapshots, rows by binary COPY in
// key order. It reads through the engine's connection and decodes nothing by itself
// (postgres/decode.h does).
#pragma once

#include <chrono>
#include <memory>

#include "migrator/plan/endpoint.h"
#include "verify/end/end.h"

namespace cutover::verify {

/// Connects. A statement waits up to `lock_wait` for what others have locked, then fails. Errors
/// name the end that they come from. Throws: connection, refused.
std::unique_ptr<End> open_postgres_end(const plan::Endpoint& endpoint,
                                       std::chrono::seconds lock_wait);

}  // namespace cutover::verify
