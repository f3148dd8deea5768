// What leaves a task's own threads as an exception comes out where the task waits for them.
#include <gtest/gtest.h>

#include <new>
#include <thread>

#include "migrator/model/error.h"
#include "migrator/task/steward.h"
#include "migrator/task/validation.h"
#include "tests/unit/migrator/stage/thread_ground.h"

namespace cutover::task {
namespace {

class Threads : public testing::Test, protected stage::ThreadGround {};

TEST_F(Threads, AValidationWithoutMemoryEndsTheTaskAndNotTheProcess) {
    sink_.step = [] { throw std::bad_alloc(); };
    Validation validation(context());
    const plan::SchemaStep step;
    validation.start({&step});
    EXPECT_THROW(validation.wait(), std::bad_alloc);
}

TEST_F(Threads, AStewardWithoutMemoryEndsTheTaskAndNotTheProcess) {
    Steward steward(runtime_, stop_, waits_, full_, incremental_, observer_,
                    [](flow::Waits*) -> std::unique_ptr<engine::Sink> { throw std::bad_alloc(); });
    steward.claimed(record_);
    const auto tick_until_it_fails = [&] {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < deadline) {
            try {
                steward.tick(*control_, record_);
            } catch (const model::Error&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));  // nobody is reached
            }
        }
    };
    EXPECT_THROW(tick_until_it_fails(), std::bad_alloc);
}

}  // namespace
}  // namespace cutover::task
