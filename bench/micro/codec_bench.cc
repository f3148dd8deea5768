// What is done to a row on its way: rewriting the type ids inside arrays (the codec lane), and
// writing rows in the form of binary COPY (how changes of the log reach the destination).
#include <benchmark/benchmark.h>

#include "bench/micro/wire.h"
#include "migrator/engine/postgres/copy/copy_rows.h"
#include "migrator/route/postgres_types.h"

namespace cutover::bench {
namespace {

constexpr std::uint32_t kMood = 20'001;
constexpr std::uint32_t kMoodArray = 20'000;

model::Catalog catalog(std::uint32_t shift) {
    model::TypeSchema mood;
    mood.name = {"app", "mood"};
    mood.type_id = kMood + shift;
    mood.array_type_id = kMoodArray + shift;
    mood.type_class = model::TypeClass::enumeration;
    model::Catalog all;
    all.types.push_back(mood);
    return all;
}

void transcode_enum_arrays(benchmark::State& state) {
    const model::Catalog source = catalog(0);
    const model::Catalog destination = catalog(5'000);
    const plan::NameMapping mapping;
    const auto ids = std::make_shared<const route::TypeIds>(source, destination,
                                                            route::NameMap(mapping, source));
    std::string value;
    const std::string array = Wire()
                                  .number(1, 4)
                                  .number(0, 4)
                                  .number(kMood, 4)
                                  .number(3, 4)
                                  .number(1, 4)
                                  .cell("sad")
                                  .cell("glad")
                                  .cell("so so")
                                  .bytes();
    for (auto unused : state) {
        static_cast<void>(unused);
        value.clear();
        ids->rewrite(kMoodArray, array, value);
        benchmark::DoNotOptimize(value);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(transcode_enum_arrays);

void write_copy_rows(benchmark::State& state) {
    model::Tuple row;
    for (const std::string& cell : account(4711)) {
        row.append(model::CellKind::binary, cell);
    }
    postgres::CopyRows rows;
    for (auto unused : state) {
        static_cast<void>(unused);
        rows.clear();
        for (int at = 0; at < 1000; ++at) {
            rows.begin_row(row.size());
            rows.cells(row);
        }
        benchmark::DoNotOptimize(rows.bytes());
    }
    state.SetItemsProcessed(state.iterations() * 1000);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(rows.bytes().size()));
}
BENCHMARK(write_copy_rows);

}  // namespace
}  // namespace cutover::bench
