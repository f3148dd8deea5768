// How far a run has come, for an observer: the reading threads report it, and the meter passes it
// on, one call at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "verify/compare/pair.h"

namespace cutover::verify {

struct Progress {
    std::string table;  ///< one of the tables being compared
    std::size_t tables_done = 0;
    std::size_t tables_total = 0;
    std::uint64_t source_rows = 0;
    std::uint64_t destination_rows = 0;
    std::uint64_t rows_expected = 0;  ///< estimate for the source
    std::uint64_t bytes = 0;          ///< of both ends
};
/// Called from reading threads, one call at a time, about every quarter of a megabyte.
using ProgressCallback = std::function<void(const Progress&)>;

/// May be called by any thread.
class ProgressMeter {
public:
    /// `callback` may be empty; it must outlive the meter.
    explicit ProgressMeter(const ProgressCallback& callback) : callback_(callback) {}

    bool watched() const { return static_cast<bool>(callback_); }
    void expect_table(std::uint64_t rows);
    void rows_read(const TablePair& pair, Side side, std::uint64_t rows, std::uint64_t bytes);
    void table_done();

private:
    const ProgressCallback& callback_;
    std::mutex mutex_;
    Progress progress_;
};

}  // namespace cutover::verify
