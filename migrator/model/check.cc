#include "migrator/model/check.h"

#include <cstdio>
#include <cstdlib>

namespace cutover::model {

namespace {

CheckHandler g_handler = nullptr;

}  // namespace

void on_check_failed(CheckHandler handler) {
    g_handler = handler;
}

void check_failed(const char* condition, const char* file, int line) {
    if (g_handler != nullptr) {
        g_handler(condition);
    }
    std::fprintf(stderr, "cutover: broken assumption: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace cutover::model
