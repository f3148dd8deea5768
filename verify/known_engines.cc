#include "verify/known_engines.h"

#include "verify/postgres/end.h"

namespace cutover::verify {

JudgedEngines known_engines() {
    JudgedEngines engines;
    engines.add("postgres", {open_postgres_end});
    return engines;
}

}  // namespace cutover::verify
