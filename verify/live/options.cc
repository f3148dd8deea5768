#include "verify/live/options.h"

#include <thread>

namespace cutover::verify {

void sleep_for(std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
}

}  // namespace cutover::verify
