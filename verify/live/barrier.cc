#include "verify/live/barrier.h"

#include <fmt/format.h>

#include "migrator/model/check.h"

namespace cutover::verify {

namespace {

constexpr std::chrono::milliseconds kPoll{100};
/// Without positions, rounds follow each other slowly, so that a lagging migrator has time to catch
/// up.
constexpr std::chrono::milliseconds kPace{1000};

}  // namespace

LiveBarrier::LiveBarrier(End& source, End& destination, const LiveOptions& options)
    : source_(source.witness()), destination_(destination), options_(options) {
    CUTOVER_CHECK(options.pause);
    destination_.join_snapshot({});
    marked_ = destination_.applied(options_.task).known;
    if (!marked_) {
        unproved_ = "the destination has no marker of this task";
    } else if (source_ == nullptr || destination_.witness() == nullptr) {
        unproved_ = fmt::format("the {} cannot show positions and versions of rows",
                                source_ == nullptr ? "source" : "destination");
    }
}

bool LiveBarrier::pass(const Evidence& wanted) {
    waited_ = {};
    return positional() ? pass_marker(wanted) : pass_movement();
}

bool LiveBarrier::pass_marker(const Evidence& wanted) {
    for (;;) {
        destination_.join_snapshot({});
        const Applied now = destination_.applied(options_.task);
        if (!applies(now)) {
            return false;
        }
        if (now.position != applied_) {
            waited_ = {};
            applied_ = now.position;
        }
        if (source_->reaches(applied_, wanted)) {
            return true;
        }
        if (!wait()) {
            why_ = fmt::format(
                "the destination has stood at {} for {} s and {} was waited for: is the migrator "
                "running?",
                applied_.empty() ? "no position" : applied_.shown(), options_.wait.count(),
                wanted.shown());
            return false;
        }
    }
}

bool LiveBarrier::pass_movement() {
    while (writers_.empty() || wait()) {
        destination_.join_snapshot({});
        if (marked_ && !applies(destination_.applied(options_.task))) {
            return false;
        }
        const Evidence now = destination_.standing().writers;
        if (now != writers_) {
            writers_ = now;
            return true;
        }
    }
    why_ = fmt::format(
        "nobody has written at the destination for {} s, and {}; if the writes have stopped, "
        "verify without --live",
        options_.wait.count(), marked_ ? unproved_ : "it has no marker of ours");
    return false;
}

/// Before the incremental phase, rows may be missing that the copy has yet to bring; after it,
/// nothing is applied any more.
bool LiveBarrier::applies(const Applied& now) {
    if (now.phase == "incremental") {
        return true;
    }
    why_ = now.known ? fmt::format("the task is in phase `{}`, not in `incremental`; {}", now.phase,
                                   now.phase == "finished" || now.phase == "released"
                                       ? "verify again"
                                       : "verify again when its copy is complete")
                     : std::string("the task is gone from the destination");
    return false;
}

bool LiveBarrier::wait() {
    if (waited_ >= options_.wait) {
        return false;
    }
    const auto pause = positional() ? kPoll : kPace;
    options_.pause(pause);
    waited_ += pause;
    return true;
}

}  // namespace cutover::verify
