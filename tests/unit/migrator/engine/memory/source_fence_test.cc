// A fence whose answer is lost, and which the memory server makes come true only later.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>

#include "migrator/engine/memory/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"

namespace cutover::memory {
namespace {

class LateFence final : public Weather {
public:
    Fate fate(std::string_view call, CallKind kind) override {
        lifts += call == "source.lift_fence" ? 1 : 0;
        return call == "source.fence" && kind == CallKind::commit ? Fate::lose_late : Fate::pass;
    }
    void later(const std::function<void()>& action) override { fencing = action; }

    std::atomic<int> lifts = 0;
    std::function<void()> fencing;
};

TEST(MemorySourceFence, DoesNotComeIntoForceBehindItsLift) {
    flow::ThreadRuntime runtime;
    LateFence weather;
    Net net;
    const auto server = std::make_shared<Server>("source");
    net.servers = {{"source:1", server}};
    net.weather = &weather;
    model::TableSchema schema;
    schema.name = {"app", "t"};
    server->database.create_table(schema);
    plan::Plan plan;
    plan.spec.name = "late";
    plan.spec.source.hosts = {{"source", 1}};
    plan.tables.emplace_back().source = schema.name;

    MemorySource source(runtime, net, plan.spec, nullptr);
    EXPECT_THROW(source.fence(plan), model::Error);
    std::future<void> lifting = std::async(std::launch::async, [&] { source.lift_fence(); });
    while (weather.lifts < 2 &&
           lifting.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    }
    ASSERT_TRUE(weather.fencing);
    weather.fencing();
    lifting.get();
    EXPECT_FALSE(server->database.tables_closed());
}

}  // namespace
}  // namespace cutover::memory
