// What a stage works with, on real threads: a source and a control that nobody ever reaches, and a
// sink written by the test.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "migrator/engine/memory/engine.h"
#include "migrator/engine/registry.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/stage/context.h"

namespace cutover::stage {

/// Opens appliers and runs schema steps by functions; nothing else is ever asked of it.
class ScriptedSink final : public engine::Sink {
public:
    std::function<std::unique_ptr<engine::ChangeApplier>()> open;
    std::function<void()> step;

    std::unique_ptr<engine::ChangeApplier> open_applier(const plan::Plan&) override {
        return open();
    }
    std::unique_ptr<engine::Inspector> open_inspector() override { return nullptr; }
    std::unique_ptr<engine::Control> open_control() override { return nullptr; }
    void prepare_writers(std::uint32_t) override {}
    std::unique_ptr<engine::ChunkWriter> open_writer(const plan::Plan&) override { return nullptr; }
    engine::SinkTraits traits() override { return {}; }
    void run_schema_step(const plan::SchemaStep&) override { step(); }
    void undo_schema_step(const plan::SchemaStep&) override { step(); }
    void cancel_schema_steps() noexcept override {}
    void set_sequences(const plan::Plan&, const std::vector<model::SequenceSchema>&) override {}
};

struct Deaf final : Observer {
    void on(const Event&) override {}
};

/// Ends that were never reached, but for the sink.
class ThreadGround {
protected:
    ThreadGround() {
        memory::add_engine(registry_, nowhere_, runtime_);
        plan_.spec.name = "threads";
        plan_.spec.source.engine = plan_.spec.destination.engine = "memory";
        source_ = registry_.engine("memory").source(runtime_, plan_.spec, nullptr);
        nowhere_sink_ = registry_.engine("memory").sink(runtime_, plan_.spec, nullptr);
        control_ = nowhere_sink_->open_control();
    }

    Context context() {
        return {runtime_, plan_, *source_,     sink_,     *control_, record_, stop_,
                waits_,   full_, incremental_, observer_, [] {},     [] {},   [] {}};
    }

    flow::ThreadRuntime runtime_;
    memory::Net nowhere_;
    engine::Registry registry_;
    plan::Plan plan_;
    std::unique_ptr<engine::Source> source_;
    ScriptedSink sink_;
    std::unique_ptr<engine::Sink> nowhere_sink_;
    std::unique_ptr<engine::Control> control_;
    engine::TaskRecord record_;
    flow::StopSignal stop_{runtime_};
    flow::Waits waits_{runtime_, stop_};
    flow::Throttle full_{runtime_, {}};
    flow::Throttle incremental_{runtime_, {}};
    Deaf observer_;
};

}  // namespace cutover::stage
