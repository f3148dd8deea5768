// What the program asks of its judge for two databases of PostgreSQL, everything else as it is by
// default.
#pragma once

#include "fixtures/postgres/postgres_client.h"
#include "verify/known_engines.h"
#include "verify/run/request.h"

namespace cutover::verify {

inline Request request_between(const fixtures::PostgresEndpoint& source,
                               const fixtures::PostgresEndpoint& destination) {
    Request request;
    request.engines = known_engines();
    request.source = source.as_plan();
    request.destination = destination.as_plan();
    return request;
}

}  // namespace cutover::verify
