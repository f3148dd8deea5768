#include "migrator/plan/limits_section.h"

#include <fmt/format.h>

#include "migrator/plan/document_reader.h"

namespace cutover::plan {

namespace {

constexpr double kBytesPerMb = 1 << 20;
constexpr double kLeastMb = 1.0 / 16;
constexpr double kMostMb = 1 << 20;
constexpr std::uint64_t kMostPerSecond = 1'000'000'000'000;

std::optional<model::Bytes> megabytes(const DocumentReader& keys, std::string_view key) {
    const std::optional<double> value = keys.decimal(key, kLeastMb, kMostMb);
    if (!value) {
        return std::nullopt;
    }
    return model::Bytes{static_cast<std::uint64_t>(*value * kBytesPerMb)};
}

Throttle read_throttle(const Node* node, const std::string& path, bool queries,
                       Problems& problems) {
    std::vector<std::string_view> known = {"rows_per_second", "mb_per_second"};
    if (queries) {
        known.push_back("queries_per_second");
    }
    const DocumentReader keys(node, path, known, problems);
    Throttle throttle;
    if (const auto rows = keys.whole("rows_per_second", 1, kMostPerSecond)) {
        throttle.rows_per_second = model::Rows{*rows};
    }
    throttle.bytes_per_second = megabytes(keys, "mb_per_second");
    if (queries) {
        throttle.queries_per_second = keys.whole("queries_per_second", 1, kMostPerSecond);
    }
    return throttle;
}

/// A window in minutes; or in seconds, with which rehearsals may shorten it.
std::chrono::seconds window(const DocumentReader& keys, const std::string& name,
                            std::uint64_t least, std::uint64_t most,
                            std::chrono::seconds otherwise) {
    const std::optional<std::uint64_t> minutes = keys.whole(name + "_minutes", least, most);
#ifdef CUTOVER_REHEARSAL_HOOKS
    if (const auto seconds = keys.whole(name + "_seconds", 1, most * 60)) {
        return std::chrono::seconds(*seconds);
    }
#endif
    return minutes ? std::chrono::minutes(*minutes) : otherwise;
}

}  // namespace

Limits read_limits(const Node* node, Problems& problems) {
    const DocumentReader keys(node, "limits",
                              {"workers", "lanes", "memory_mb", "chunk_mb", "batch_mb",
                               "batch_transactions", "batch_delay_ms", "full", "incremental"},
                              problems);
    Limits limits;
    limits.workers =
        static_cast<std::uint32_t>(keys.whole("workers", 1, 64).value_or(limits.workers));
    limits.lanes = static_cast<std::uint32_t>(keys.whole("lanes", 1, 64).value_or(limits.lanes));
    limits.memory = megabytes(keys, "memory_mb").value_or(limits.memory);
    limits.chunk_bytes = megabytes(keys, "chunk_mb").value_or(limits.chunk_bytes);
    limits.batch_bytes = megabytes(keys, "batch_mb").value_or(limits.batch_bytes);
    limits.batch_transactions = static_cast<std::uint32_t>(
        keys.whole("batch_transactions", 1, 1'000'000).value_or(limits.batch_transactions));
    limits.batch_delay = std::chrono::milliseconds(
        keys.whole("batch_delay_ms", 0, 60'000)
            .value_or(static_cast<std::uint64_t>(limits.batch_delay.count())));
    limits.full = read_throttle(keys.find("full"), "limits.full", true, problems);
    limits.incremental =
        read_throttle(keys.find("incremental"), "limits.incremental", false, problems);
    if (limits.batch_bytes > limits.memory) {
        keys.problem(
            keys.has("batch_mb") ? "batch_mb" : "memory_mb", "task_file.contradiction",
            fmt::format("limits.batch_mb is {:g}, more than limits.memory_mb, which is {:g}",
                        static_cast<double>(limits.batch_bytes.count) / kBytesPerMb,
                        static_cast<double>(limits.memory.count) / kBytesPerMb),
            "a batch lives in memory: lower limits.batch_mb or raise limits.memory_mb");
    }
    return limits;
}

RetryWindows read_retry(const Node* node, Problems& problems) {
    std::vector<std::string_view> known = {"connection_minutes", "operation_minutes"};
#ifdef CUTOVER_REHEARSAL_HOOKS
    known.insert(known.end(), {"connection_seconds", "operation_seconds"});
#endif
    const DocumentReader keys(node, "retry", known, problems);
    const std::size_t before = problems.count();
    RetryWindows retry;
    retry.connection = window(keys, "connection", 10, 1440, retry.connection);
    retry.operation = window(keys, "operation", 1, 1440, retry.operation);
    if (retry.operation >= retry.connection && problems.count() == before) {
        const bool operation = keys.has("operation_minutes");
        keys.problem(
            operation ? "operation_minutes" : "connection_minutes", "task_file.contradiction",
            fmt::format("retry: the window for operations ({} s) must be shorter than the one "
                        "for connections ({} s)",
                        retry.operation.count(), retry.connection.count()),
            "raise retry.connection_minutes (default 720) or lower retry.operation_minutes "
            "(default 10)");
    }
    return retry;
}

}  // namespace cutover::plan
