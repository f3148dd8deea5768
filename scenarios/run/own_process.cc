#include "scenarios/run/own_process.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "migrator/engine/postgres/session/connecting.h"

namespace cutover::scenarios {

void keep_secrets_in_process(std::ostream& told) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    // The limit does not count where the kernel hands dumps to a program; this does.
    ::prctl(PR_SET_DUMPABLE, 0);
    const std::vector<std::string> ignored = postgres::ignore_environment();
    if (!ignored.empty()) {
        told << fmt::format(
            "cutover: not used: {} (of the environment; the task file alone says "
            "where the ends are)\n",
            fmt::join(ignored, ", "));
    }
}

}  // namespace cutover::scenarios
