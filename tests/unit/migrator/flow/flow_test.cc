// Flow's parts on a runtime whose clock moves only when somebody waits: no test here takes real
// time.
#include <gtest/gtest.h>

#include <vector>

#include "migrator/flow/bounded_queue.h"
#include "migrator/flow/retry_window.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/flow/throttle.h"

namespace cutover::flow {
namespace {

using namespace std::chrono_literals;

/// One thread; waiting until a deadline moves the clock there.
class ScriptedRuntime final : public Runtime {
public:
    TimePoint now() override { return now_; }
    model::Instant wall() override { return model::Instant(now_.time_since_epoch()); }
    std::uint64_t random() override { return 4; }
    std::unique_ptr<Gate> make_gate() override { return std::make_unique<ScriptedGate>(*this); }
    std::unique_ptr<Worker> spawn(std::string, std::function<void()>) override { return nullptr; }
    void yield(std::string_view) override {}
    void pass(Duration duration) { now_ += duration; }

private:
    class ScriptedGate final : public Gate {
    public:
        explicit ScriptedGate(ScriptedRuntime& runtime) : runtime_(runtime) {}
        void lock() override {}
        void unlock() override {}
        void wait() override {}
        bool wait_until(TimePoint deadline) override {
            runtime_.now_ = std::max(runtime_.now_, deadline);
            return false;
        }
        void notify_all() override {}

    private:
        ScriptedRuntime& runtime_;
    };
    TimePoint now_{1h};
};

plan::Throttle rows_limit(std::uint64_t rows) {
    plan::Throttle limits;
    limits.rows_per_second = model::Rows{rows};
    return limits;
}

bool go_on() {
    return false;
}

TEST(Throttle, DelaysRowsBeyondTheLimit) {
    ScriptedRuntime runtime;
    Throttle throttle(runtime, rows_limit(1000));
    const TimePoint start = runtime.now();
    for (int batch = 0; batch < 50; ++batch) {
        throttle.pass({100}, {}, 0, go_on);
    }
    // The last hundred pass when the 4,900 before them are paid for.
    EXPECT_EQ(runtime.now() - start, 4900ms);
}

TEST(Throttle, HoldsALimitThatChangesWhileItRuns) {
    ScriptedRuntime runtime;
    Throttle throttle(runtime, rows_limit(10));
    throttle.pass({1000}, {}, 0, go_on);
    throttle.set(rows_limit(1000));
    const TimePoint start = runtime.now();
    throttle.pass({500}, {}, 0, go_on);
    throttle.pass({1}, {}, 0, go_on);
    EXPECT_EQ(runtime.now() - start, 500ms);
    throttle.set({});
    throttle.pass({1 << 30}, {}, 0, go_on);
    throttle.pass({1 << 30}, {}, 0, go_on);
    EXPECT_EQ(runtime.now() - start, 500ms);
}

TEST(Throttle, LetsGoOfWhatIsGivenUpThoughItIsPaused) {
    ScriptedRuntime runtime;
    bool given_up = false;
    const auto ask = [&] { return given_up; };
    Throttle throttle(runtime, rows_limit(1));
    EXPECT_TRUE(throttle.pass({1000000}, {}, 0, ask));
    given_up = true;
    const TimePoint start = runtime.now();
    EXPECT_FALSE(throttle.pass({1}, {}, 0, ask));
    throttle.pause(true);
    EXPECT_FALSE(throttle.pass({1}, {}, 0, ask));
    EXPECT_EQ(runtime.now(), start);
}

model::Error error_of(model::ErrorClass error_class) {
    return model::Error(error_class, "x", "y");
}

TEST(RetryWindow, GivesUpWhenTheWindowOfTheClassIsOver) {
    ScriptedRuntime runtime;
    RetryWindow retry(runtime, {.connection = 60s, .operation = 5s});
    ASSERT_TRUE(retry.after(error_of(model::ErrorClass::connection)));
    ASSERT_TRUE(retry.after(error_of(model::ErrorClass::operation)));
    runtime.pass(6s);
    EXPECT_FALSE(retry.after(error_of(model::ErrorClass::operation)));
    EXPECT_TRUE(retry.after(error_of(model::ErrorClass::connection)));
    runtime.pass(55s);
    EXPECT_FALSE(retry.after(error_of(model::ErrorClass::connection)));
}

TEST(RetryWindow, OfOneClassIsNotUsedUpByAnother) {
    ScriptedRuntime runtime;
    RetryWindow retry(runtime, {.connection = 60s, .operation = 5s});
    ASSERT_TRUE(retry.after(error_of(model::ErrorClass::connection)));
    runtime.pass(30s);
    EXPECT_TRUE(retry.after(error_of(model::ErrorClass::operation)));
    EXPECT_EQ(retry.open_for(), 30s);
}

TEST(RetryWindow, StartsAnewAfterSuccess) {
    ScriptedRuntime runtime;
    RetryWindow retry(runtime, {.connection = 60s, .operation = 5s});
    ASSERT_TRUE(retry.after(error_of(model::ErrorClass::operation)));
    runtime.pass(6s);
    retry.success();
    EXPECT_TRUE(retry.after(error_of(model::ErrorClass::operation)));
    EXPECT_EQ(retry.attempts(), 1u);
}

TEST(RetryWindow, OfAStatementStaysOpenWhileBothEndsAnswer) {
    ScriptedRuntime runtime;
    RetryWindow retry(runtime, {.connection = 60s, .operation = 5s});
    EXPECT_TRUE(retry.after(error_of(model::ErrorClass::connection)));
    runtime.pass(2s);
    retry.reached();
    EXPECT_EQ(retry.attempts(), 0u);
    EXPECT_EQ(retry.open_for(), Duration(0));
    for (int at = 0; at < 5; ++at) {
        EXPECT_TRUE(retry.after(error_of(model::ErrorClass::operation))) << at;
        runtime.pass(1s);
        retry.reached();
    }
    EXPECT_FALSE(retry.after(error_of(model::ErrorClass::operation)));
}

TEST(RetryWindow, NeverRetriesWhatTheUserMustMend) {
    ScriptedRuntime runtime;
    RetryWindow retry(runtime, {});
    EXPECT_FALSE(retry.after(error_of(model::ErrorClass::refused)));
    EXPECT_FALSE(retry.after(error_of(model::ErrorClass::corrupt)));
    EXPECT_FALSE(retry.after(error_of(model::ErrorClass::conflict)));
}

TEST(RetryWindow, NamesTheEndOfItsFailuresWhileItIsOne) {
    ScriptedRuntime runtime;
    RetryWindow retry(runtime, {});
    retry.after(error_of(model::ErrorClass::connection).at(model::Side::source));
    EXPECT_EQ(retry.end(), model::Side::source);
    retry.after(error_of(model::ErrorClass::operation).at(model::Side::destination));
    EXPECT_EQ(retry.end(), std::nullopt);
    retry.after(error_of(model::ErrorClass::connection).at(model::Side::source));
    EXPECT_EQ(retry.end(), std::nullopt) << "one of them came from the other end";
    retry.success();
    retry.after(error_of(model::ErrorClass::connection).at(model::Side::destination));
    EXPECT_EQ(retry.end(), model::Side::destination);
}

TEST(BoundedQueue, SaysWhetherThereIsRoomByADeadline) {
    ThreadRuntime runtime;
    BoundedQueue<int> queue(runtime, 1);
    EXPECT_TRUE(queue.wait_for_room(runtime.now()));
    queue.push(1);
    EXPECT_FALSE(queue.wait_for_room(runtime.now() + 1ms));
    queue.close();
    EXPECT_TRUE(queue.wait_for_room(runtime.now()));  // a push would not wait: it is refused
}

TEST(BoundedQueue, HandsOverEverythingOnceAndInOrder) {
    ThreadRuntime runtime;
    BoundedQueue<int> queue(runtime, 3);
    std::vector<int> taken;
    const auto reader = runtime.spawn("reader", [&] {
        while (const auto item = queue.pop()) {
            taken.push_back(*item);
        }
    });
    for (int item = 0; item < 10000; ++item) {
        ASSERT_TRUE(queue.push(item));
    }
    queue.close();
    reader->join();
    ASSERT_EQ(taken.size(), 10000u);
    for (int item = 0; item < 10000; ++item) {
        ASSERT_EQ(taken[static_cast<std::size_t>(item)], item);
    }
    EXPECT_FALSE(queue.push(1));
}

TEST(BoundedQueue, WakesAWaitingPusherWhenItIsAbandoned) {
    ThreadRuntime runtime;
    BoundedQueue<int> queue(runtime, 1);
    ASSERT_TRUE(queue.push(1));
    bool pushed = true;
    const auto pusher = runtime.spawn("pusher", [&] { pushed = queue.push(2); });
    queue.abandon();
    pusher->join();
    EXPECT_FALSE(pushed);
    EXPECT_FALSE(queue.pop());
}

}  // namespace
}  // namespace cutover::flow
