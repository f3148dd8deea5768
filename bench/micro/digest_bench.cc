// What the judge does to a row: it hashes the bytes where they can be trusted, and otherwise
// decodes them to the canonical form.
#include <benchmark/benchmark.h>

#include "bench/micro/wire.h"
#include "verify/canonical/canonical.h"
#include "verify/canonical/digest.h"
#include "verify/postgres/decode.h"

namespace cutover::bench {
namespace {

std::string account_row(std::int64_t id) {
    Wire wire;
    wire.number(4, 2);
    for (const std::string& cell : account(id)) {
        wire.cell(cell);
    }
    return wire.bytes();
}

void digest_rows(benchmark::State& state) {
    const std::string row = account_row(4711);
    verify::Digest digest;
    for (auto unused : state) {
        static_cast<void>(unused);
        digest.add(verify::hash128(row, 42),
                   verify::hash128(std::string_view(row).substr(2, 8), 42));
        benchmark::DoNotOptimize(digest);
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(row.size()));
}
BENCHMARK(digest_rows);

/// 12345.6789
std::string numeric() {
    return Wire()
        .number(3, 2)
        .number(1, 2)
        .number(0, 2)
        .number(4, 2)
        .number(1, 2)
        .number(2345, 2)
        .number(6789, 2)
        .bytes();
}

struct Value {
    const char* name;
    verify::Wire wire;
    std::string bytes;
};

void canonical_value(benchmark::State& state, const Value& value) {
    verify::WireType type;
    type.wire = value.wire;
    type.name = value.name;
    const verify::RuleSet rules;
    std::string out;
    for (auto unused : state) {
        static_cast<void>(unused);
        out.clear();
        benchmark::DoNotOptimize(verify::decode_postgres(type, value.bytes, rules, out));
        benchmark::DoNotOptimize(out);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(canonical_value, integer, Value{"int4", verify::Wire::int32, int32(4711)});
BENCHMARK_CAPTURE(canonical_value, numeric, Value{"numeric", verify::Wire::numeric, numeric()});
BENCHMARK_CAPTURE(canonical_value, text, Value{"text", verify::Wire::text, std::string(40, 'x')});
BENCHMARK_CAPTURE(canonical_value, instant,
                  Value{"timestamptz", verify::Wire::instant,
                        Wire().number(750'000'000'000'000ULL, 8).bytes()});
BENCHMARK_CAPTURE(canonical_value, jsonb,
                  Value{
                      "jsonb", verify::Wire::jsonb,
                      std::string("\1") + R"({"size": 12, "parts": [1, null, "x"], "ok": true})"});

}  // namespace
}  // namespace cutover::bench
