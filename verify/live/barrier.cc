#include "verify/live/barrier.h"

#include <fmt/format.h>

namespace cutover::verify {

namespace {

constexpr std::chrono::milliseconds kPoll{100};
/// Without positions rounds follow each other slowly: a migrator that lags is given time to arrive.
constexpr std::chrono::milliseconds kPace{1000};

}  // namespace

LiveBarrier::LiveBarrier(const End& source, End& destination, const LiveOptions& options)
    : source_(source), destination_(destination), options_(options) {
    destination_.join_snapshot({});
    positional_ = destination_.applied(options_.task).known;
}

bool LiveBarrier::pass(const std::string& wanted) {
    waited_ = {};
    return positional_ ? pass_marker(wanted) : pass_movement();
}

bool LiveBarrier::pass_marker(const std::string& wanted) {
    for (;;) {
        destination_.join_snapshot({});
        const Applied now = destination_.applied(options_.task);
        // Before, rows may be missing that the copy has yet to bring; after, nobody applies.
        if (now.phase != "incremental") {
            why_ = now.known ? fmt::format("the task is in phase `{}`, not in `incremental`; {}",
                                           now.phase,
                                           now.phase == "finished" || now.phase == "released"
                                               ? "verify again"
                                               : "verify again when its copy is complete")
                             : std::string("the task is gone from the destination");
            return false;
        }
        if (now.position != applied_) {
            waited_ = {};
            applied_ = now.position;
        }
        if (source_.reaches(applied_, wanted)) {
            return true;
        }
        if (!wait()) {
            why_ = fmt::format(
                "the destination has stood at {} for {} s and {} was waited for: is the migrator "
                "running?",
                applied_.empty() ? "no position" : applied_, options_.wait.count(), wanted);
            return false;
        }
    }
}

bool LiveBarrier::pass_movement() {
    while (writers_.empty() || wait()) {
        destination_.join_snapshot({});
        const std::string now = destination_.standing().writers;
        if (now != writers_) {
            writers_ = now;
            return true;
        }
    }
    why_ = fmt::format(
        "nobody has written at the destination for {} s, and it has no marker of ours; if the "
        "writes have stopped, verify without --live",
        options_.wait.count());
    return false;
}

bool LiveBarrier::wait() {
    if (waited_ >= options_.wait) {
        return false;
    }
    const auto pause = positional_ ? kPoll : kPace;
    options_.pause(pause);
    waited_ += pause;
    return true;
}

}  // namespace cutover::verify
