// What the lanes decide: which batch may take effect beside which, who commits when, and what
// becomes of the others when one fails. The appliers are the test's own.
#include "migrator/stage/lanes.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>

#include "migrator/model/error.h"
#include "tests/unit/migrator/stage/thread_ground.h"

namespace cutover::stage {
namespace {

using Told = std::vector<std::string>;

/// What the appliers have done, in order, and waiting for it.
class Journal {
public:
    void tell(const std::string& what) {
        const std::lock_guard lock(mutex_);
        told_.push_back(what);
        changed_.notify_all();
    }
    /// False if it has not come after a long time.
    bool wait_for(const std::string& what) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return place(what) >= 0; });
    }
    std::ptrdiff_t place_of(const std::string& what) {
        const std::lock_guard lock(mutex_);
        return place(what);
    }
    Told told() {
        const std::lock_guard lock(mutex_);
        return told_;
    }

private:
    std::ptrdiff_t place(const std::string& what) const {
        const auto found = std::find(told_.begin(), told_.end(), what);
        return found == told_.end() ? -1 : found - told_.begin();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    Told told_;
};

/// Knows a batch by the number of its one table.
class TellingApplier final : public engine::ChangeApplier {
public:
    TellingApplier(Journal& journal, std::function<void(const std::string&)> at_apply)
        : journal_(journal), at_apply_(std::move(at_apply)) {}

    void begin() override {}
    void stage(const model::NetBatch& part) override {
        name_ = std::to_string(part.tables.at(0).table);
    }
    std::vector<engine::MissingBase> apply(const std::vector<engine::ApplyMode>&) override {
        at_apply_(name_);
        journal_.tell("apply " + name_);
        return {};
    }
    void note_view(const model::ChunkReceipt&) override {}
    void commit(const model::Marker&) override { journal_.tell("commit " + name_); }
    void abort() noexcept override {}
    std::string holder() const override { return {}; }

private:
    Journal& journal_;
    const std::function<void(const std::string&)> at_apply_;
    std::string name_;
};

class LanesTest : public ::testing::Test, protected ThreadGround {
protected:
    LanesTest() {
        sink_.open = [this] { return std::make_unique<TellingApplier>(journal_, at_apply_); };
    }
    /// A batch that touches one key.
    static Part batch(std::uint32_t number, const std::string& key) {
        Part part;
        part.batch = number;
        part.net.tables.resize(1);
        part.net.tables[0].table = number;
        part.footprint.add(0, 0, key);
        part.marker.transactions = number;
        return part;
    }
    /// The batch waits, before it takes effect, until that has happened.
    void let_wait(const std::string& batch, const std::string& what) {
        at_apply_ = [this, batch, what](const std::string& name) {
            if (name == batch) {
                EXPECT_TRUE(journal_.wait_for(what)) << batch << " has waited in vain for " << what;
            }
        };
    }

    Journal journal_;
    std::function<void(const std::string&)> at_apply_ = [](const std::string&) {};
    Context context_ = context();
};

TEST_F(LanesTest, BatchesWithoutACommonKeyTakeEffectSideBySideAndCommitInOrder) {
    let_wait("0", "apply 1");
    Lanes lanes(context_, {}, 2, model::Bytes{1 << 20});
    lanes.submit(batch(0, "a"));
    lanes.submit(batch(1, "b"));
    lanes.drain();
    EXPECT_EQ(journal_.told(), (Told{"apply 1", "apply 0", "commit 0", "commit 1"}));
}

/// Many, so that one which does not wait is seen to come too early.
TEST_F(LanesTest, ABatchWaitsForAnEarlierOneThatTouchesItsKey) {
    constexpr std::uint32_t kBatches = 200;
    Told expected;
    Lanes lanes(context_, {}, 3, model::Bytes{1 << 20});
    for (std::uint32_t number = 0; number < kBatches; ++number) {
        lanes.submit(batch(number, "a"));
        expected.push_back("apply " + std::to_string(number));
        expected.push_back("commit " + std::to_string(number));
    }
    lanes.drain();
    EXPECT_EQ(journal_.told(), expected);
}

TEST_F(LanesTest, APartOfABatchTakesEffectAlone) {
    constexpr std::uint32_t kRounds = 100;
    Told expected;
    const auto expect = [&](std::uint32_t number, int parts) {
        for (int part = 0; part < parts; ++part) {
            expected.push_back("apply " + std::to_string(number));
        }
        expected.push_back("commit " + std::to_string(number));
    };
    Lanes lanes(context_, {}, 3, model::Bytes{1 << 20});
    for (std::uint32_t number = 0; number < 2 * kRounds; number += 2) {
        lanes.submit(batch(number, "before"));
        Part part = batch(number + 1, "b" + std::to_string(number));
        part.last = false;
        part.alone = true;
        lanes.submit(std::move(part));
        Part rest = batch(number + 1, "c");
        rest.first = false;
        lanes.submit(std::move(rest));
        expect(number, 1);
        expect(number + 1, 2);
    }
    lanes.drain();
    EXPECT_EQ(journal_.told(), expected);
}

TEST_F(LanesTest, TellsTheLastMarkerThatIsDurableOnce) {
    Lanes lanes(context_, {}, 2, model::Bytes{1 << 20});
    EXPECT_FALSE(lanes.committed());
    lanes.submit(batch(0, "a"));
    lanes.submit(batch(1, "b"));
    lanes.drain();
    EXPECT_TRUE(lanes.idle());
    EXPECT_EQ(lanes.committed()->transactions, 1u);
    EXPECT_FALSE(lanes.committed());
}

/// What comes behind a batch that has failed must not be durable: a reader would miss that one.
TEST_F(LanesTest, NothingIsCommittedBehindABatchThatHasFailed) {
    at_apply_ = [&](const std::string& name) {
        if (name == "0") {
            EXPECT_TRUE(journal_.wait_for("apply 1"));
            throw model::Error(model::ErrorClass::operation, "test.failed", "failed");
        }
    };
    Lanes lanes(context_, {}, 2, model::Bytes{1 << 20});
    lanes.submit(batch(0, "a"));
    lanes.submit(batch(1, "b"));
    EXPECT_THROW(lanes.drain(), model::Error);
    EXPECT_THROW(lanes.submit(batch(2, "c")), model::Error);
    lanes.close();
    EXPECT_EQ(journal_.told(), (Told{"apply 1"}));
}

}  // namespace
}  // namespace cutover::stage
