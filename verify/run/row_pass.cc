#include "verify/run/row_pass.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "verify/run/remedy.h"

namespace cutover::verify {

namespace {

using model::Error;
using model::ErrorClass;

constexpr std::uint64_t kSplitRows = 200'000;  ///< smaller tables are not cut into ranges

}  // namespace

RowPass::RowPass(const SnapshotPair& snapshots, const RunContext& context, unsigned jobs,
                 ProgressMeter& progress)
    : snapshots_(snapshots), context_(context), jobs_(std::max(1u, jobs)), progress_(progress) {}

void RowPass::run(const std::vector<std::unique_ptr<TableWork>>& tables) {
    CUTOVER_CHECK(tables_.empty());
    for (const auto& work : tables) {
        progress_.expect_table(work->pair.source.estimated_rows);
        tables_.emplace_back().work = work.get();
        cut_into_pieces(tables_.back());
    }
    const std::size_t workers =
        std::min<std::size_t>(jobs_, std::max<std::size_t>(1, pieces_.size()));
    std::vector<std::thread> threads;
    for (std::size_t worker = 1; worker < workers; ++worker) {
        threads.emplace_back([this] { work_off(); });
    }
    work_off();
    for (std::thread& thread : threads) {
        thread.join();
    }
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

void RowPass::cut_into_pieces(Table& table) {
    const TablePair& pair = table.work->pair;
    std::vector<std::string> cuts;
    if (jobs_ > 1 && pair.splittable && pair.source.estimated_rows > kSplitRows) {
        cuts = cuts_of(pair);
    }
    table.ranges_left = cuts.size() + 1;
    KeyRange range;
    for (const std::string& cut : cuts) {
        range.to = cut;
        pieces_.push_back({&table, range});
        range.from = cut;
    }
    range.to.reset();
    pieces_.push_back({&table, range});
}

/// Returns no cuts if the table cannot be read; reading it in one piece will tell why.
std::vector<std::string> RowPass::cuts_of(const TablePair& pair) const {
    const auto source = snapshots_.another_source();
    try {
        return source->cuts(pair.source, pair.source_read, std::size_t{jobs_} * 2);
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::connection) {
            throw;
        }
        return {};
    }
}

std::optional<RowPass::Piece> RowPass::next_piece() {
    const std::lock_guard lock(mutex_);
    if (pieces_.empty() || failure_) {
        return std::nullopt;
    }
    const Piece piece = pieces_.front();
    pieces_.pop_front();
    return piece;
}

void RowPass::work_off() {
    std::unique_ptr<End> source;
    std::unique_ptr<End> destination;
    try {
        while (const std::optional<Piece> piece = next_piece()) {
            if (!source) {
                source = snapshots_.another_source();
                destination = snapshots_.another_destination();
            }
            if (!compare(*piece, *source, *destination)) {
                source.reset();  // its transaction is broken
                destination.reset();
            }
        }
    } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = failure_ ? failure_ : std::current_exception();
    }
}

/// False if the table could not be read; the run goes on with the others.
bool RowPass::compare(const Piece& piece, End& source, End& destination) {
    Table& table = *piece.table;
    TableWork& work = *table.work;
    {
        const std::lock_guard lock(table.mutex);
        if (table.started == std::chrono::steady_clock::time_point{}) {
            table.started = std::chrono::steady_clock::now();
        }
    }
    bool ok = true;
    try {
        compare_range(context_, work.pair, piece.range, source, destination, work.result,
                      table.mutex);
    } catch (const Error& error) {
        if (error.error_class() == ErrorClass::connection || error.code() == "verify.self_check") {
            throw;
        }
        const std::lock_guard lock(table.mutex);
        work.failed = true;
        work.result.quotes.push_back(error.message());
        work.result.notes.push_back(with_remedy(error));
        ok = false;
    }
    const std::size_t left = table.ranges_left--;
    CUTOVER_CHECK(left > 0);
    if (left == 1) {
        finish(table);
    }
    return ok;
}

void RowPass::finish(Table& table) {
    const std::lock_guard lock(table.mutex);
    TableWork& work = *table.work;
    conclude(work.result);
    work.result.took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - table.started);
    if (work.failed) {
        work.result.partial = true;
        if (work.result.verdict == Verdict::consistent) {
            work.result.verdict = Verdict::could_not_tell;
        }
        work.result.reason = "could not be read: " + work.result.notes.back();
    }
    progress_.table_done();
}

}  // namespace cutover::verify
