#include "migrator/model/check.h"

#include <cstdio>
#include <cstdlib>

namespace cutover::model {

void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "cutover: broken assumption: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace cutover::model
