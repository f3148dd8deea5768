#include "scenarios/registry.h"

#include "migrator/engine/postgres/inspector.h"
#include "migrator/engine/postgres/session/endpoint_rules.h"
#include "migrator/engine/postgres/sink.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/route/postgres_to_postgres.h"

namespace cutover::scenarios {

engine::Registry all_engines() {
    engine::Registry registry;
    registry.add_engine("postgres", {postgres::make_source, postgres::make_sink,
                                     postgres::make_inspector, postgres::endpoint_rules()});
    registry.add_route("postgres", "postgres", std::make_unique<route::PostgresToPostgres>());
    return registry;
}

}  // namespace cutover::scenarios
