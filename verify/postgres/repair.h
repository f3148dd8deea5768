// Repair statements in PostgreSQL's language, for psql.
#pragma once

#include "verify/report/repair_dialect.h"

namespace cutover::verify {

const RepairDialect& postgres_repair();

}  // namespace cutover::verify
