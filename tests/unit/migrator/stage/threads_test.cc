// What leaves a stage's threads as an exception, whatever it is, comes out where the task waits for
// them; and a lane that may be in somebody's way gives way. On real threads, with a sink written
// here.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <new>
#include <thread>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/stage/lanes.h"
#include "migrator/stage/worker_pool.h"
#include "tests/unit/migrator/stage/thread_ground.h"

namespace cutover::stage {
namespace {

using model::Error;

/// Applies by a function and keeps count of what was rolled back.
class ScriptedApplier final : public engine::ChangeApplier {
public:
    ScriptedApplier(std::string holder, std::function<void()> apply, std::atomic<int>& aborts)
        : holder_(std::move(holder)), apply_(std::move(apply)), aborts_(aborts) {}

    void begin() override { open_ = true; }
    void stage(const model::NetBatch&) override {}
    std::vector<engine::MissingBase> apply(const std::vector<engine::ApplyMode>&) override {
        apply_();
        return {};
    }
    void note_view(const model::ChunkReceipt&) override { CUTOVER_CHECK(false); }
    void commit(const model::Marker&) override { open_ = false; }
    void abort() noexcept override { aborts_ += std::exchange(open_, false) ? 1 : 0; }
    std::string holder() const override { return holder_; }

private:
    const std::string holder_;
    const std::function<void()> apply_;
    std::atomic<int>& aborts_;
    bool open_ = false;
};

class Threads : public testing::Test, protected ThreadGround {
protected:
    static Part batch(std::uint64_t number) {
        Part part;
        part.batch = number;
        return part;
    }
};

TEST_F(Threads, AWorkerWithoutMemoryEndsTheTaskAndNotTheProcess) {
    Context context = this->context();
    const auto work = [](int&, int item, const GivenUp&) {
        if (item == 3) {
            throw std::bad_alloc();
        }
    };
    EXPECT_THROW(run_workers(
                     context, std::deque<int>{1, 2, 3, 4}, 2, "worker",
                     [] { return std::make_unique<int>(0); }, work),
                 std::bad_alloc);
}

TEST_F(Threads, ALaneWithoutMemoryEndsTheTaskAndNotTheProcess) {
    sink_.open = []() -> std::unique_ptr<engine::ChangeApplier> { throw std::bad_alloc(); };
    Context context = this->context();
    Lanes lanes(context, {}, 2, model::Bytes{1 << 20});
    lanes.submit(batch(0));
    EXPECT_THROW(lanes.drain(), std::bad_alloc);
}

/// At the limit of connections there is none for the question who is in the way. Then it may be the
/// next batch, and nobody would ever go on.
TEST_F(Threads, ALaterBatchGivesWayWhereItIsNotKnownWhoIsInTheWay) {
    std::atomic<int> opened = 0;
    std::atomic<int> aborts = 0;
    const auto until = [](const std::function<bool()>& true_at_last) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!true_at_last() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        if (!true_at_last()) {
            throw Error(model::ErrorClass::operation, "test.stuck", "nobody has given way");
        }
    };
    Context context = this->context();
    // The first batch waits for a lock that the second has until it is rolled back.
    std::atomic<int> applied = 0;
    const auto lock = [&] {
        flow::Notice notice(&waits_);
        until([&] { return applied > 0; });
        notice.tell(model::Side::destination, "a lock",
                    {{"who is in the way could not be asked", "", "", std::nullopt}});
        until([&] { return aborts > 0; });
    };
    std::atomic<bool> first = true;
    sink_.open = [&]() -> std::unique_ptr<engine::ChangeApplier> {
        const bool waits = first.exchange(false);
        return std::make_unique<ScriptedApplier>(
            std::to_string(++opened), waits ? std::function<void()>(lock) : [&] { ++applied; },
            aborts);
    };
    Lanes lanes(context, {}, 2, model::Bytes{1 << 20});
    lanes.submit(batch(0));
    until([&] { return opened == 1; });
    lanes.submit(batch(1));
    EXPECT_NO_THROW(lanes.drain());
    EXPECT_EQ(aborts, 1);
    EXPECT_EQ(applied, 2);
}

}  // namespace
}  // namespace cutover::stage
