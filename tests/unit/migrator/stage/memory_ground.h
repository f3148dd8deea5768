// Two memory servers and what a stage or a task works with between them, on real threads. A test
// makes tables, plays the application, and sees every point that is passed and every event.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "migrator/engine/memory/database/statement.h"
#include "migrator/engine/memory/inspector.h"
#include "migrator/engine/memory/sink.h"
#include "migrator/engine/memory/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/route/memory_to_memory.h"
#include "migrator/stage/context.h"

namespace cutover::stage {

/// Keeps what it is told.
class Heard final : public Observer {
public:
    void on(const Event& event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
    }
    template <typename Kind>
    std::vector<Kind> all() const {
        const std::lock_guard lock(mutex_);
        std::vector<Kind> found;
        for (const Event& event : events_) {
            if (const Kind* one = std::get_if<Kind>(&event)) {
                found.push_back(*one);
            }
        }
        return found;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Event> events_;
};

class MemoryGround {
protected:
    explicit MemoryGround(const engine::SinkTraits& traits = {}) : traits_(traits) {
        destination_server_->as_sink = traits;
        net_.servers = {{"source:1", source_server_}, {"destination:1", destination_server_}};
        spec_.name = "ground";
        spec_.source.engine = spec_.destination.engine = "memory";
        spec_.source.hosts = {{"source", 1}};
        spec_.destination.hosts = {{"destination", 1}};
        spec_.limits.workers = 1;
        spec_.limits.lanes = 2;
        spec_.limits.batch_delay = std::chrono::milliseconds(5);
    }

    /// One statement of the memory engine at the source.
    void make(const std::string& statement) {
        memory::execute(source_server_->database, statement, memory::IfDone::refuse);
    }
    using Row = std::vector<std::string>;
    /// One committed transaction of the source that inserts rows into `app.table`.
    void insert(const std::string& table, const std::vector<Row>& rows) {
        memory::Database& source = source_server_->database;
        {
            const std::lock_guard lock(source.mutex());
            const memory::TransactionNumber own = source.begin();
            for (const Row& cells : rows) {
                model::Tuple row;
                for (const std::string& cell : cells) {
                    row.append(model::CellKind::text, cell);
                }
                source.insert(own, source.table({"app", table}), row);
            }
            source.commit(own, runtime_.wall());
        }
        source_server_->ring();
    }
    static std::vector<Row> numbered(int first, int end) {
        std::vector<Row> rows;
        for (int number = first; number < end; ++number) {
            rows.push_back({std::to_string(number), "v"});
        }
        return rows;
    }
    std::size_t rows_at_destination(const std::string& table) {
        const std::lock_guard lock(destination_server_->database.mutex());
        const memory::Table* found = destination_server_->database.find_table({"app", table});
        return found == nullptr ? 0 : destination_server_->database.scan(0, *found).size();
    }
    memory::TaskRows task_rows() {
        const std::lock_guard lock(destination_server_->database.mutex());
        return destination_server_->tasks[spec_.name];
    }

    /// Plans, claims, makes tables and keys, and the capture.
    void begin() {
        memory::MemoryInspector inspector(runtime_, net_, spec_.source);
        plan_ = route::MemoryToMemory(traits_).plan(spec_, inspector.catalog({}), {}).plan;
        reopen();
        for (const plan::SchemaStep& step : plan_.schema_steps) {
            if (step.section <= plan::SchemaSection::unique_keys) {
                sink_->run_schema_step(step);
            }
        }
        record_.origin = source_->create_capture(plan_);
        record_.marker.position = record_.origin->start;
        control_->save_marker(record_.marker);
        control_->save(record_);
    }
    /// As a process does that takes over: everything anew, from what is durable.
    void reopen() {
        control_.reset();
        source_ = std::make_unique<memory::MemorySource>(runtime_, net_, spec_, &waits_);
        sink_ = std::make_unique<memory::MemorySink>(runtime_, net_, spec_, &waits_);
        control_ = sink_->open_control();
        record_ = control_->claim(spec_.name, "one", {});
    }
    Context context() {
        return {runtime_, plan_,     *source_,  *sink_, *control_,           record_, stop_,
                waits_,   throttle_, throttle_, heard_, [this] { tick_(); }, [] {},   [] {}};
    }

    int passed(const std::string& point) {
        const std::lock_guard lock(mutex_);
        return passed_[point];
    }

    /// Called at every point that any thread passes, with how often it was passed.
    std::function<void(std::string_view, int)> at_point_ = [](std::string_view, int) {};
    std::function<void()> tick_ = [] {};
    const engine::SinkTraits traits_;
    std::shared_ptr<memory::Server> source_server_ = std::make_shared<memory::Server>("source");
    std::shared_ptr<memory::Server> destination_server_ =
        std::make_shared<memory::Server>("destination");
    memory::Net net_;
    plan::TaskSpec spec_;
    plan::Plan plan_;
    flow::ThreadRuntime runtime_{[this](std::string_view point) { met(point); }};
    flow::StopSignal stop_{runtime_};
    flow::Waits waits_{runtime_, stop_};
    flow::Throttle throttle_{runtime_, {}};
    Heard heard_;
    std::unique_ptr<engine::Source> source_;
    std::unique_ptr<engine::Sink> sink_;
    std::unique_ptr<engine::Control> control_;
    engine::TaskRecord record_;

private:
    void met(std::string_view point) {
        int times = 0;
        {
            const std::lock_guard lock(mutex_);
            times = ++passed_[std::string(point)];
        }
        at_point_(point, times);
    }

    std::mutex mutex_;
    std::map<std::string, int> passed_;
};

}  // namespace cutover::stage
