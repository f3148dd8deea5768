// One end's rows, read by a thread of their own. Blocks are filled from the RowStream, held to the
// read limit, checked for order, hashed into the end's own digest, and handed over through a short
// queue. Memory: a fixed number of blocks per stream, whatever the table's size (a block holds at
// least one row).
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "verify/canonical/digest.h"
#include "verify/compare/pair.h"
#include "verify/compare/row_hash.h"
#include "verify/end/end.h"

namespace cutover::verify {

/// How fast one end may be read; shared by all streams of that end. Thread-safe.
class ReadLimit {
public:
    /// 0: unlimited.
    ReadLimit(std::uint64_t rows_per_second, std::uint64_t bytes_per_second);
    /// Accounts for what was read and says how long to wait before reading on.
    std::chrono::nanoseconds charge(std::uint64_t rows, std::uint64_t bytes,
                                    std::chrono::steady_clock::time_point now);

private:
    const std::uint64_t rows_per_second_;
    const std::uint64_t bytes_per_second_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point free_at_{};
};

struct GatherOptions {
    std::uint64_t seed = 0;
    std::size_t block_bytes = 256 << 10;
    std::size_t blocks = 6;
    bool keep_hashes = false;  ///< the consumer wants every row's hash
    ReadLimit* limit = nullptr;
    std::function<void(std::uint64_t rows, std::uint64_t bytes)> progress;
};

/// Reads `stream` to its end in a thread that it owns. One consumer thread.
class Gatherer {
public:
    /// `pair` and `stream` must outlive the Gatherer.
    Gatherer(const TablePair& pair, Side side, RowStream& stream, GatherOptions options);
    /// Stops the reading.
    ~Gatherer();
    Gatherer(const Gatherer&) = delete;
    Gatherer& operator=(const Gatherer&) = delete;

    /// The next block, null at the end. Throws whatever the reading threw; corrupt `verify.order`
    /// if the end does not deliver rows in the agreed order.
    std::unique_ptr<RowBlock> take();
    void give_back(std::unique_ptr<RowBlock> block);

    /// The sums over all rows. Requires: take() has returned null.
    const Digest& digest() const;
    std::uint64_t bytes() const;

private:
    void run();
    bool fill(RowBlock& block);
    void examine(RowBlock& block);
    void check_order(RowBlock& block, std::size_t at, std::string_view row);
    std::unique_ptr<RowBlock> free_block();
    void hand_over(std::unique_ptr<RowBlock> block);

    const TablePair& pair_;
    const Side side_;
    RowStream& stream_;
    const GatherOptions options_;
    RowHasher hasher_;
    Digest digest_;
    std::uint64_t bytes_ = 0;
    std::string last_row_;  ///< of the previous block

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<RowBlock>> full_;
    std::deque<std::unique_ptr<RowBlock>> free_;
    bool finished_ = false;
    bool stop_ = false;
    std::exception_ptr failure_;
    bool taken_all_ = false;  ///< belongs to the consumer's thread
    std::thread thread_;
};

}  // namespace cutover::verify
