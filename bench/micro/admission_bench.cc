// Checks whether a resumed copy already has a change, which is asked for every change until the
// copy is consistent.
#include <benchmark/benchmark.h>

#include <fmt/core.h>

#include "migrator/engine/memory/chunk_range.h"
#include "migrator/engine/memory/database/cells.h"
#include "migrator/engine/memory/database/snapshot.h"
#include "migrator/engine/memory/source.h"
#include "migrator/engine/postgres/copy/chunk_reader.h"
#include "migrator/engine/postgres/source.h"
#include "migrator/flow/thread_runtime.h"
#include "migrator/stage/admission.h"

namespace cutover::bench {
namespace {

constexpr std::int64_t kRowsPerChunk = 100;

plan::Plan plan_of_one_table(const char* type) {
    plan::Plan plan;
    plan.tables.resize(1);
    plan.tables[0].columns.resize(1);
    plan.tables[0].columns[0].source.type = type;
    plan.tables[0].key.columns = {{0, nullptr}};
    return plan;
}

model::Tuple row(std::int64_t id) {
    model::Tuple out;
    out.append(model::CellKind::text, std::to_string(id));
    return out;
}

/// Key bytes as the memory engine orders them.
std::string low_end(std::int64_t id) {
    return memory::key_bytes_of({memory::CellType::integer}, row(id), {0});
}

/// Chunks of key ranges, each read under its own view.
std::vector<model::ChunkReceipt> key_ranges(std::int64_t chunks) {
    std::vector<model::ChunkReceipt> receipts;
    for (std::int64_t number = 0; number < chunks; ++number) {
        memory::KeyRange range;
        range.low = number == 0 ? "" : low_end(number * kRowsPerChunk);
        if (number + 1 < chunks) {
            range.high = low_end((number + 1) * kRowsPerChunk);
        }
        const auto horizon = static_cast<memory::TransactionNumber>(1000 + number);
        model::ChunkReceipt receipt;
        receipt.chunk.range = memory::to_chunk_range(range);
        receipt.view = {memory::Snapshot{horizon, {17, 900}}.stamp(),
                        memory::LogPlace{1'000'000, 1}.position()};
        receipts.push_back(std::move(receipt));
    }
    return receipts;
}

engine::TaskRecord begun_at(const model::Position& start) {
    engine::TaskRecord record;
    record.origin = engine::CaptureOrigin{"", start};
    return record;
}

void admit_by_key_range(benchmark::State& state) {
    const std::int64_t chunks = state.range(0);
    flow::ThreadRuntime runtime;
    const memory::Net net;
    const memory::MemorySource source(runtime, net, {}, nullptr);
    const plan::Plan plan = plan_of_one_table("int");
    const stage::Admission admission(source, plan, begun_at(memory::LogPlace{1, 1}.position()),
                                     key_ranges(chunks), true);
    std::vector<model::Tuple> rows;
    for (std::int64_t at = 0; at < 1024; ++at) {
        rows.push_back(row(at * 7919 % (chunks * kRowsPerChunk)));
    }
    std::size_t at = 0;
    for (auto unused : state) {
        static_cast<void>(unused);
        benchmark::DoNotOptimize(admission.seen(0, rows[at++ % rows.size()], {"1001", "1001"}));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(admit_by_key_range)->Arg(1)->Arg(100)->Arg(10'000)->Arg(100'000);

/// One stamp for all chunks, as in PostgreSQL, with this many transactions that it does not see.
void admit_by_snapshot(benchmark::State& state) {
    const std::int64_t running = state.range(0);
    std::string snapshot = fmt::format("1000:{}:", 1001 + 2 * running);
    for (std::int64_t number = 0; number < running; ++number) {
        snapshot += fmt::format("{}{}", number == 0 ? "" : ",", 1000 + 2 * number);
    }
    std::vector<model::ChunkReceipt> receipts(1000);
    for (model::ChunkReceipt& receipt : receipts) {
        receipt.view = {postgres::slot_stamp(snapshot), postgres::to_position({1, 1'000'000})};
    }
    const postgres::PostgresSource source({}, nullptr);
    const plan::Plan plan = plan_of_one_table("integer");
    const stage::Admission admission(source, plan, begun_at(postgres::to_position({1, 1})),
                                     receipts, true);
    const model::Tuple changed = row(1);
    const std::string id = std::to_string(1001 + running);
    for (auto unused : state) {
        static_cast<void>(unused);
        benchmark::DoNotOptimize(admission.seen(0, changed, {id, id}));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(admit_by_snapshot)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace cutover::bench
