#include "migrator/flow/retry_window.h"

#include <algorithm>

namespace cutover::flow {

const RetryWindow::Window& RetryWindow::window(model::ErrorClass error_class) const {
    return error_class == model::ErrorClass::connection ? connection_ : operation_;
}

RetryWindow::Window& RetryWindow::window(model::ErrorClass error_class) {
    return error_class == model::ErrorClass::connection ? connection_ : operation_;
}

void RetryWindow::success() {
    connection_.first_failure.reset();
    operation_.first_failure.reset();
    attempts_ = 0;
    end_.reset();
}

void RetryWindow::reached() {
    connection_.first_failure.reset();
    if (!operation_.first_failure) {
        success();
    }
}

Duration RetryWindow::open_for() const {
    const TimePoint now = runtime_.now();
    return now - std::min(connection_.first_failure.value_or(now),
                          operation_.first_failure.value_or(now));
}

Duration RetryWindow::remaining(model::ErrorClass error_class) const {
    const Window& one = window(error_class);
    const TimePoint now = runtime_.now();
    return std::max(Duration(0), one.length - (now - one.first_failure.value_or(now)));
}

std::optional<Duration> RetryWindow::after(const model::Error& error) {
    if (!error.may_retry()) {
        return std::nullopt;
    }
    Window& failed = window(error.error_class());
    if (!failed.first_failure) {
        failed.first_failure = runtime_.now();
    }
    if (remaining(error.error_class()) == Duration(0)) {
        return std::nullopt;
    }
    constexpr Duration kFirst = std::chrono::milliseconds(200);
    constexpr Duration kLongest = std::chrono::seconds(10);
    const Duration wait = std::min(kLongest, kFirst * (1 << std::min(attempts_, 10u)));
    end_ = attempts_ == 0 || end_ == error.side() ? error.side() : std::nullopt;
    ++attempts_;
    return std::min(wait, remaining(error.error_class()));
}

}  // namespace cutover::flow
