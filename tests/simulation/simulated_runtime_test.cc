#include "tests/simulation/simulated_runtime.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "migrator/flow/bounded_queue.h"

namespace cutover::simulation {
namespace {

using std::chrono::seconds;

struct Result {
    std::uint64_t trace = 0;
    std::optional<std::string> failure;
    flow::Duration elapsed{};
};

Result run(std::uint64_t seed, const std::function<void(Process&)>& body,
           std::uint64_t step_limit = 100'000) {
    Scheduler scheduler({seed, step_limit, false});
    Process world(scheduler, "world", seed);
    const flow::TimePoint start = scheduler.now();
    scheduler.run(world, [&] { body(world); });
    return {scheduler.trace_hash(), scheduler.failure(), scheduler.now() - start};
}

/// Two producers and two consumers over a short queue; returns what arrived, in order.
std::vector<int> pump(Process& process) {
    flow::BoundedQueue<int> queue(process, 2);
    std::vector<int> arrived;
    {
        std::vector<std::unique_ptr<flow::Worker>> consumers;
        for (int consumer = 0; consumer < 2; ++consumer) {
            consumers.push_back(process.spawn("consumer", [&] {
                while (const auto item = queue.pop()) {
                    arrived.push_back(*item);
                }
            }));
        }
        std::vector<std::unique_ptr<flow::Worker>> producers;
        for (int producer = 0; producer < 2; ++producer) {
            producers.push_back(process.spawn("producer", [&, producer] {
                for (int item = 0; item < 20; ++item) {
                    queue.push(producer * 100 + item);
                }
            }));
        }
        producers.clear();
        queue.close();
    }
    return arrived;
}

TEST(SimulatedRuntime, SameSeedGivesTheSameExecution) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::vector<int> first, second;
        const Result a = run(seed, [&](Process& process) { first = pump(process); });
        const Result b = run(seed, [&](Process& process) { second = pump(process); });
        EXPECT_EQ(a.trace, b.trace);
        EXPECT_EQ(first, second);
        EXPECT_EQ(first.size(), 40u);
        EXPECT_FALSE(a.failure);
    }
}

TEST(SimulatedRuntime, SeedsGiveDifferentOrders) {
    std::set<std::vector<int>> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        run(seed, [&](Process& process) { orders.insert(pump(process)); });
    }
    EXPECT_GT(orders.size(), 10u);
}

TEST(SimulatedRuntime, ClockJumpsWhenNobodyCanRun) {
    const Result result = run(1, [](Process& process) {
        const auto gate = process.make_gate();
        const flow::TimePoint deadline = process.now() + seconds(3600);
        std::unique_lock lock(*gate);
        while (gate->wait_until(deadline)) {
        }
    });
    EXPECT_FALSE(result.failure);
    EXPECT_GE(result.elapsed, seconds(3600));
    EXPECT_LT(result.elapsed, seconds(3700));
}

TEST(SimulatedRuntime, DeadlockFailsTheSeedAndNamesTheWaiters) {
    const Result result = run(1, [](Process& process) {
        const auto gate = process.make_gate();
        const auto worker = process.spawn("sleeper", [&] {
            std::unique_lock lock(*gate);
            for (;;) {
                gate->wait();
            }
        });
        worker->join();
    });
    ASSERT_TRUE(result.failure);
    EXPECT_NE(result.failure->find("world/sleeper at gate.wait"), std::string::npos)
        << *result.failure;
    EXPECT_NE(result.failure->find("world/driver at join"), std::string::npos) << *result.failure;
}

TEST(SimulatedRuntime, StepLimitEndsALoopThatDoesNotEnd) {
    const Result result = run(
        1,
        [](Process& process) {
            for (;;) {
                process.yield("spin");
            }
        },
        1000);
    ASSERT_TRUE(result.failure);
    EXPECT_NE(result.failure->find("step limit"), std::string::npos);
}

TEST(SimulatedRuntime, KillUnwindsEveryFiberOfTheProcessAndOnlyThose) {
    for (std::uint64_t kill_at = 1; kill_at < 120; ++kill_at) {
        int unwound = 0;
        bool driver_ended = false;
        const Result result = run(7, [&](Process& world) {
            Process process(world.scheduler(), "victim", 7);
            std::uint64_t points = 0;
            process.set_hook([&](std::string_view) {
                if (++points == kill_at) {
                    process.kill();
                }
            });
            const auto root = world.scheduler().spawn(process, "root", [&] {
                struct Count {
                    int& value;
                    ~Count() { ++value; }
                } count{unwound};
                pump(process);
                for (;;) {
                    process.yield("victim.idle");
                }
            });
            world.scheduler().join(*root);
            EXPECT_TRUE(process.dead());
            driver_ended = true;
        });
        EXPECT_FALSE(result.failure) << *result.failure;
        EXPECT_EQ(unwound, 1);
        EXPECT_TRUE(driver_ended);
    }
}

TEST(SimulatedRuntime, SwitchInsideACatchBlockKeepsExceptionsApart) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        int right = 0;
        const Result result = run(seed, [&](Process& process) {
            std::vector<std::unique_ptr<flow::Worker>> workers;
            for (int number = 0; number < 4; ++number) {
                workers.push_back(process.spawn("thrower", [&, number] {
                    for (int round = 0; round < 10; ++round) {
                        try {
                            throw number;
                        } catch (const int&) {
                            process.yield("inside.catch");
                            try {
                                throw;
                            } catch (const int& again) {
                                process.yield("inside.nested");
                                right += again == number ? 1 : 0;
                            }
                        }
                    }
                }));
            }
        });
        EXPECT_FALSE(result.failure);
        EXPECT_EQ(right, 40);
    }
}

TEST(SimulatedRuntime, WaitsSometimesWakeWithoutCause) {
    int woken = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        run(seed, [&](Process& process) {
            const auto gate = process.make_gate();
            std::unique_lock lock(*gate);
            woken += gate->wait_until(process.now() + seconds(1)) ? 1 : 0;
        });
    }
    EXPECT_GT(woken, 0);
    EXPECT_LT(woken, 60);
}

}  // namespace
}  // namespace cutover::simulation
