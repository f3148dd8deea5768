// What an error says of the end that it came from, seen from above the seam: engines as the
// registry gives them out, the memory engine's servers switched off under them.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "migrator/engine/ends.h"
#include "migrator/engine/memory/engine.h"
#include "migrator/engine/registry.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"

namespace cutover::engine {
namespace {

using model::Error;
using model::Side;

/// Nothing if `work` does not fail.
std::optional<Error> failure_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

std::optional<Side> end_of(const std::function<void()>& work) {
    const std::optional<Error> error = failure_of(work);
    EXPECT_TRUE(error) << "nothing has failed";
    return error ? error->side() : std::nullopt;
}

class Ends : public testing::Test {
protected:
    Ends() {
        memory::add_engine(registry_, nowhere_, runtime_);
        spec_.name = "ends";
        spec_.source.engine = spec_.destination.engine = "memory";
        source_ = registry_.engine("memory").source(runtime_, spec_, nullptr);
        sink_ = registry_.engine("memory").sink(runtime_, spec_, nullptr);
    }

    flow::ThreadRuntime runtime_;
    memory::Net nowhere_;
    Registry registry_;
    plan::TaskSpec spec_;
    std::unique_ptr<Source> source_;
    std::unique_ptr<Sink> sink_;
};

TEST_F(Ends, AnErrorOfTheSourceSaysSo) {
    EXPECT_EQ(end_of([&] { source_->current_position(); }), Side::source);
    EXPECT_EQ(end_of([&] { source_->create_capture({}); }), Side::source);
    EXPECT_EQ(end_of([&] { source_->open_inspector()->server(); }), Side::source);
    EXPECT_EQ(end_of([&] { source_->open_reader()->open({}, {}, {}); }), Side::source);
    EXPECT_EQ(end_of([&] { source_->open_row_reader()->read({}, {}); }), Side::source);
    const plan::Plan plan;
    EXPECT_EQ(end_of([&] {
                  source_->open_changes(plan, {}, {}, LogReader::task)
                      ->next(std::chrono::milliseconds(0));
              }),
              Side::source);
}

TEST_F(Ends, AnErrorOfTheDestinationSaysSo) {
    EXPECT_EQ(end_of([&] { sink_->set_sequences({}, {{}}); }), Side::destination);
    EXPECT_EQ(end_of([&] { sink_->open_inspector()->server(); }), Side::destination);
    EXPECT_EQ(end_of([&] { sink_->open_control()->load("ends"); }), Side::destination);
    EXPECT_EQ(end_of([&] { sink_->open_control()->claim("ends", ""); }), Side::destination);
    const plan::Plan plan;
    EXPECT_EQ(end_of([&] { sink_->open_writer(plan)->begin({}, {}); }), Side::destination);
    EXPECT_EQ(end_of([&] { sink_->open_applier(plan)->begin(); }), Side::destination);
}

TEST_F(Ends, AnErrorOfAnEngineThatCannotBeMadeSaysSo) {
    EngineFactories broken;
    broken.sink = [](flow::Runtime&, const plan::TaskSpec&, flow::Waits*) -> std::unique_ptr<Sink> {
        throw Error(model::ErrorClass::connection, "x.away", "nobody answers");
    };
    registry_.add_engine("broken", broken);
    EXPECT_EQ(end_of([&] { registry_.engine("broken").sink(runtime_, spec_, nullptr); }),
              Side::destination);
}

TEST_F(Ends, AnEngineThatCannotBeThatEndIsRefusedByName) {
    registry_.add_engine("reader", {{}, {}, {}});
    const Registry& known = registry_;
    const auto no_sink = failure_of([&] { known.engine("reader").sink(runtime_, spec_, nullptr); });
    ASSERT_TRUE(no_sink);
    EXPECT_EQ(no_sink->code(), "engine.no_sink");
    EXPECT_EQ(no_sink->side(), Side::destination);
    EXPECT_NE(no_sink->message().find("'reader'"), std::string::npos);
    const auto no_source =
        failure_of([&] { known.engine("reader").source(runtime_, spec_, nullptr); });
    ASSERT_TRUE(no_source);
    EXPECT_EQ(no_source->code(), "engine.no_source");
    EXPECT_EQ(no_source->side(), Side::source);
}

TEST_F(Ends, AnErrorThatSaysOtherwiseItselfIsBelieved) {
    const auto thrown = [](Error error) {
        return failure_of([&] { at_side(Side::source, [&] { throw Error(error); }); });
    };
    const Error error(model::ErrorClass::operation, "spill.failed", "the disk is full", "a hint");
    EXPECT_EQ(thrown(error)->side(), Side::source);
    EXPECT_EQ(thrown(Error(error).at(Side::neither))->side(), std::nullopt);
    EXPECT_EQ(thrown(Error(error).at(Side::destination))->side(), Side::destination);
    EXPECT_EQ(thrown(error)->hint(), "a hint");
}

}  // namespace
}  // namespace cutover::engine
