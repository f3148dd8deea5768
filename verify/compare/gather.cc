#include "verify/compare/gather.h"

#include <algorithm>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"

namespace cutover::verify {

namespace {

/// A block that has grown for one huge row is shrunk again.
constexpr std::size_t kKeepBytes = 4 << 20;

}  // namespace

ReadLimit::ReadLimit(std::uint64_t rows_per_second, std::uint64_t bytes_per_second)
    : rows_per_second_(rows_per_second), bytes_per_second_(bytes_per_second) {}

std::chrono::nanoseconds ReadLimit::charge(std::uint64_t rows, std::uint64_t bytes,
                                           std::chrono::steady_clock::time_point now) {
    double seconds = 0;
    if (rows_per_second_ != 0) {
        seconds = static_cast<double>(rows) / static_cast<double>(rows_per_second_);
    }
    if (bytes_per_second_ != 0) {
        seconds =
            std::max(seconds, static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
    }
    const std::lock_guard lock(mutex_);
    free_at_ = std::max(free_at_, now) + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                             std::chrono::duration<double>(seconds));
    return free_at_ - now;
}

Gatherer::Gatherer(const TablePair& pair, Side side, RowStream& stream, GatherOptions options)
    : pair_(pair),
      side_(side),
      stream_(stream),
      options_(std::move(options)),
      hasher_(pair, side, options_.seed) {
    for (std::size_t block = 0; block < options_.blocks; ++block) {
        free_.push_back(std::make_unique<RowBlock>());
    }
    thread_ = std::thread([this] { run(); });
}

Gatherer::~Gatherer() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Gatherer::run() {
    try {
        while (auto block = free_block()) {
            if (!fill(*block)) {
                break;
            }
            hand_over(std::move(block));
        }
    } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
}

bool Gatherer::fill(RowBlock& block) {
    block.clear();
    if (!stream_.fill(block, options_.block_bytes)) {
        return false;
    }
    examine(block);
    bytes_ += block.data.size();
    if (options_.progress) {
        options_.progress(block.rows(), block.data.size());
    }
    if (options_.limit != nullptr) {
        const auto wait = options_.limit->charge(block.rows(), block.data.size(),
                                                 std::chrono::steady_clock::now());
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, wait, [this] { return stop_; });
    }
    return true;
}

void Gatherer::examine(RowBlock& block) {
    block.flags.assign(block.rows(), 0);
    if (options_.keep_hashes) {
        block.hashes.reserve(block.rows());
    }
    for (std::size_t at = 0; at < block.rows(); ++at) {
        const std::string_view row = block.row(at);
        if (!pair_.keyless()) {
            check_order(block, at, row);
        }
        bool uncomparable = false;
        const Hash128 hash = hasher_.row(row, uncomparable);
        digest_.add(hash, hasher_.key(row, hash));
        if (uncomparable) {
            block.flags[at] |= RowBlock::kUncomparable;
        }
        if (options_.keep_hashes) {
            block.hashes.push_back(hash);
        }
    }
    if (!pair_.keyless()) {
        last_row_ = block.row(block.rows() - 1);
    }
}

void Gatherer::check_order(RowBlock& block, std::size_t at, std::string_view row) {
    if (at == 0 && last_row_.empty()) {
        return;
    }
    const KeyCells& key = pair_.key(side_);
    const int order =
        compare_keys(key, at == 0 ? std::string_view(last_row_) : block.row(at - 1), key, row);
    if (order == 0) {
        block.flags[at] |= RowBlock::kRepeatsKey;
    } else if (order > 0) {
        const model::ObjectName& name =
            side_ == Side::source ? pair_.source.name : pair_.destination.name;
        throw model::Error(model::ErrorClass::corrupt, "verify.order",
                           "rows of " + name.display() + " did not come in the order of their key",
                           "a corrupt index can do this; try REINDEX");
    }
}

std::unique_ptr<RowBlock> Gatherer::free_block() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || !free_.empty(); });
    if (stop_) {
        return nullptr;
    }
    auto block = std::move(free_.front());
    free_.pop_front();
    return block;
}

void Gatherer::hand_over(std::unique_ptr<RowBlock> block) {
    const std::lock_guard lock(mutex_);
    full_.push_back(std::move(block));
    changed_.notify_all();
}

std::unique_ptr<RowBlock> Gatherer::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_ || !full_.empty(); });
    if (full_.empty()) {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        taken_all_ = true;
        return nullptr;
    }
    auto block = std::move(full_.front());
    full_.pop_front();
    return block;
}

const Digest& Gatherer::digest() const {
    CUTOVER_CHECK(taken_all_);
    return digest_;
}

std::uint64_t Gatherer::bytes() const {
    CUTOVER_CHECK(taken_all_);
    return bytes_;
}

void Gatherer::give_back(std::unique_ptr<RowBlock> block) {
    if (block->data.capacity() > kKeepBytes) {
        block = std::make_unique<RowBlock>();
    }
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(block));
    changed_.notify_all();
}

}  // namespace cutover::verify
