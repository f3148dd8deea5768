// The structure around tables of one PostgreSQL database as SchemaFacts: the judge's own queries,
// one per kind of object. Texts are PostgreSQL's own deparsed forms, with the source's names
// mapped.
#pragma once

#include "migrator/plan/task_spec.h"
#include "verify/end/end.h"
#include "verify/end/schema_facts.h"

namespace cutover::postgres {
class Connection;
}

namespace cutover::verify {

/// `mapping` is null at a destination: its names stay. Throws: connection, operation.
SchemaFacts read_postgres_facts(postgres::Connection& connection, const FactScope& scope,
                                const plan::NameMapping* mapping);

}  // namespace cutover::verify
