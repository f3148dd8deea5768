#include "migrator/flow/retry_window.h"

#include <algorithm>

namespace cutover::flow {

Duration RetryWindow::window(model::ErrorClass error_class) const {
    return error_class == model::ErrorClass::connection ? Duration(windows_.connection)
                                                        : Duration(windows_.operation);
}

Duration RetryWindow::open_for() const {
    return first_failure_ ? runtime_.now() - *first_failure_ : Duration(0);
}

Duration RetryWindow::remaining(model::ErrorClass error_class) const {
    return std::max(Duration(0), window(error_class) - open_for());
}

std::optional<Duration> RetryWindow::after(const model::Error& error) {
    if (!error.may_retry()) {
        return std::nullopt;
    }
    if (!first_failure_) {
        first_failure_ = runtime_.now();
    }
    if (remaining(error.error_class()) == Duration(0)) {
        return std::nullopt;
    }
    constexpr Duration kFirst = std::chrono::milliseconds(200);
    constexpr Duration kLongest = std::chrono::seconds(10);
    const Duration wait = std::min(kLongest, kFirst * (1 << std::min(attempts_, 10u)));
    ++attempts_;
    return std::min(wait, remaining(error.error_class()));
}

}  // namespace cutover::flow
