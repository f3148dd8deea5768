// From pgoutput's bytes to whole transactions, and from transactions to a net batch.
#include <benchmark/benchmark.h>

#include "bench/micro/wire.h"
#include "migrator/engine/postgres/log/transaction_assembler.h"
#include "migrator/stage/collapse.h"

namespace cutover::bench {
namespace {

constexpr std::uint32_t kRelation = 16'400;

std::string relation_message() {
    Wire wire;
    wire.raw("R")
        .number(kRelation, 4)
        .text("public")
        .text("pgbench_accounts")
        .raw("d")
        .number(4, 2);
    const auto column = [&](const char* name, std::uint32_t type, bool key) {
        wire.number(key ? 1 : 0, 1).text(name).number(type, 4).number(0xFFFFFFFFU, 4);
    };
    column("aid", 23, true);
    column("bid", 23, false);
    column("abalance", 23, false);
    column("filler", 1042, false);
    return wire.bytes();
}

std::string update_message(std::int64_t id) {
    return Wire().raw("U").number(kRelation, 4).raw(tuple('N', account(id))).bytes();
}

struct Messages {
    std::vector<std::string> all;
    std::int64_t bytes = 0;
};

/// One transaction of `changes` updates.
Messages transaction(int changes) {
    Messages messages;
    messages.all.push_back(Wire().raw("B").number(0x1000, 8).number(0, 8).number(777, 4).bytes());
    for (int change = 0; change < changes; ++change) {
        messages.all.push_back(update_message(change * 7919 % 1'000'000));
    }
    messages.all.push_back(Wire()
                               .raw("C")
                               .number(0, 1)
                               .number(0x1000, 8)
                               .number(0x1008, 8)
                               .number(1'000'000, 8)
                               .bytes());
    for (const std::string& message : messages.all) {
        messages.bytes += static_cast<std::int64_t>(message.size());
    }
    return messages;
}

std::string type_name(std::uint32_t type, std::int32_t) {
    return type == 23 ? "integer" : "character(84)";
}

void decode_transactions(benchmark::State& state) {
    plan::Plan plan;
    plan.tables.push_back(accounts_plan());
    postgres::TransactionAssembler assembler(plan, type_name, {}, {1, 0, 1'000, {}});
    const Messages messages = transaction(static_cast<int>(state.range(0)));
    assembler.feed(relation_message());
    model::Change change;
    for (auto unused : state) {
        static_cast<void>(unused);
        for (const std::string& message : messages.all) {
            auto assembled = assembler.feed(message);
            while (assembled.transaction && assembled.transaction->changes->next(change)) {
                benchmark::DoNotOptimize(change);
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * messages.bytes);
}
BENCHMARK(decode_transactions)->Arg(1)->Arg(4)->Arg(1000);

model::Tuple account_tuple(std::int64_t id) {
    model::Tuple row;
    for (const std::string& cell : account(id)) {
        row.append(model::CellKind::binary, cell);
    }
    return row;
}

void collapse_updates(benchmark::State& state) {
    plan::Plan plan;
    plan.tables.push_back(accounts_plan());
    const std::int64_t keys = state.range(0);
    std::vector<model::Tuple> rows;
    for (std::int64_t change = 0; change < 10'000; ++change) {
        rows.push_back(account_tuple(change * 7919 % keys));
    }
    stage::Collapser collapser(plan);
    for (auto unused : state) {
        static_cast<void>(unused);
        for (const model::Tuple& row : rows) {
            collapser.update(0, {}, row);
        }
        stage::Footprint footprint;
        std::vector<stage::UnknownRow> unknown;
        benchmark::DoNotOptimize(collapser.take(footprint, unknown));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows.size()));
}
BENCHMARK(collapse_updates)->Arg(100)->Arg(1'000'000);

}  // namespace
}  // namespace cutover::bench
