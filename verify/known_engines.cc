#include "verify/known_engines.h"

#include "verify/postgres/end.h"
#include "verify/postgres/repair.h"

namespace cutover::verify {

JudgedEngines known_engines() {
    JudgedEngines engines;
    engines.add("postgres", {open_postgres_end, &postgres_repair()});
    return engines;
}

}  // namespace cutover::verify
