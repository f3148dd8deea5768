#include "migrator/stage/full_stage.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <set>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/flow/sync_points.h"
#include "migrator/model/check.h"

namespace cutover::stage {

using engine::ResumeMode;
using model::Chunk;
using model::ChunkReceipt;
using model::TableIndex;

namespace {

constexpr model::Bytes kBatchBytes{256 << 10};

/// XXH3-128 over the batches of a chunk as they are written.
class ChunkHash {
public:
    ChunkHash() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }
    void add(const model::RowBatch& batch) {
        XXH3_128bits_update(state_.get(), batch.bytes.data(), batch.bytes.size());
    }
    std::string text() const {
        const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
        return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
    }

private:
    struct Free {
        void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
    };
    std::unique_ptr<XXH3_state_t, Free> state_;
};

}  // namespace

/// One worker's sessions at both ends, and its buffers.
struct FullStage::CopyWorker {
    explicit CopyWorker(Context& context)
        : reader(context.source.open_reader()), writer(context.sink.open_writer(context.plan)) {}
    ~CopyWorker() { writer->abort(); }

    std::unique_ptr<engine::ChunkReader> reader;
    std::unique_ptr<engine::ChunkWriter> writer;
    model::RowBatch read;
    model::RowBatch converted;
};

FullStage::FullStage(Context& context)
    : context_(context),
      largest_batch_(context.sink.traits().largest_batch),
      gate_(context.runtime.make_gate()),
      started_(context.runtime.now()) {}

void FullStage::run() {
    open_view();
    std::deque<Chunk> work = plan_work();
    run_workers(
        context_, std::move(work), context_.plan.spec.limits.workers, "copy",
        [&] { return std::make_unique<CopyWorker>(context_); },
        [&](CopyWorker& worker, const Chunk& chunk, const GivenUp& given_up) {
            copy(worker, chunk, given_up);
        });
}

void FullStage::open_view() {
    resumed_ = context_.record.copy_view.has_value();
    if (!resumed_) {
        context_.record.copy_view = context_.source.open_view(context_.plan);
        if (!flow::deliberate_bug(flow::Bug::view_not_stored)) {
            context_.control.save(context_.record);
        }
    }
}

std::vector<Chunk> FullStage::numbered(std::vector<Chunk> chunks, TableIndex table,
                                       std::uint32_t generation, std::uint32_t first_number) const {
    for (Chunk& chunk : chunks) {
        chunk.table = table;
        chunk.generation = generation;
        chunk.number = first_number++;
    }
    return chunks;
}

/// As many chunks for each worker, so that they end together; a few, but none so small that opening
/// it counts.
model::Bytes FullStage::chunk_size(const plan::TablePlan& table) const {
    constexpr std::uint64_t kPerWorker = 4;
    constexpr std::uint64_t kLeast = 4 << 20;
    const plan::Limits& limits = context_.plan.spec.limits;
    const std::uint64_t workers = std::max<std::uint32_t>(1, limits.workers);
    const std::uint64_t size = table.schema.size.count;
    const std::uint64_t per_worker =
        std::clamp<std::uint64_t>(size / kLeast / workers, 1, kPerWorker);
    const std::uint64_t share = size / (per_worker * workers);
    return {std::min(limits.chunk_bytes.count, std::max(kLeast, share))};
}

void FullStage::plan_new_tables(const std::vector<bool>& planned) {
    std::vector<Chunk> fresh;
    for (const plan::TablePlan& table : context_.plan.tables) {
        if (planned[table.index]) {
            continue;
        }
        for (Chunk& chunk :
             numbered(context_.source.split(table, chunk_size(table)), table.index, 0, 0)) {
            fresh.push_back(std::move(chunk));
        }
    }
    if (!fresh.empty()) {
        context_.control.add_chunks(fresh);
    }
}

std::deque<Chunk> FullStage::plan_work() {
    std::vector<Chunk> chunks = context_.control.chunks();
    std::vector<bool> planned(context_.plan.tables.size());
    for (const Chunk& chunk : chunks) {
        planned[chunk.table] = true;
    }
    plan_new_tables(planned);
    chunks = context_.control.chunks();

    std::set<std::pair<TableIndex, std::uint32_t>> done;
    for (const ChunkReceipt& receipt : context_.control.receipts()) {
        done.insert({receipt.chunk.table, receipt.chunk.number});
        count(receipt);
        rows_this_run_ = {};
    }
    std::map<TableIndex, std::vector<Chunk>> open;
    std::map<TableIndex, std::uint32_t> last_number;
    for (const Chunk& chunk : chunks) {
        last_number[chunk.table] = std::max(last_number[chunk.table], chunk.number);
        progress_.bytes_total += chunk.estimated_bytes;
        if (!done.contains({chunk.table, chunk.number})) {
            open[chunk.table].push_back(chunk);
        }
    }
    std::deque<Chunk> work;
    for (auto& [index, remaining] : open) {
        const plan::TablePlan& table = context_.plan.tables[index];
        const bool anew =
            remaining.front().generation > 0 ||
            (resumed_ && context_.source.resume_mode(table, remaining, *context_.record.copy_view,
                                                     context_.plan.spec.phases.incremental) ==
                             ResumeMode::whole_table);
        if (anew) {
            remaining = numbered({context_.source.whole(table)}, index,
                                 remaining.front().generation + 1, last_number[index] + 1);
            context_.control.restart_table(table, remaining);
        }
        for (Chunk& chunk : remaining) {
            work.push_back(std::move(chunk));
        }
    }
    std::stable_sort(work.begin(), work.end(), [&](const Chunk& a, const Chunk& b) {
        return context_.plan.tables[a.table].schema.size >
               context_.plan.tables[b.table].schema.size;
    });
    return work;
}

void FullStage::copy(CopyWorker& worker, const Chunk& chunk, const GivenUp& given_up) {
    const plan::TablePlan& table = context_.plan.tables[chunk.table];
    flow::Throttle& throttle = context_.full_throttle;
    const auto pass = [&](model::Rows rows, model::Bytes bytes, std::uint64_t queries) {
        if (!throttle.pass(rows, bytes, queries, given_up)) {
            throw model::Error(model::ErrorClass::stopped, "copy.given_up",
                               "the copy of " + table.source.display() + " was broken off");
        }
    };
    pass({}, {}, 1);

    ChunkReceipt receipt;
    receipt.chunk = chunk;
    receipt.view = worker.reader->open(table, chunk, *context_.record.copy_view);
    worker.writer->begin(table, chunk);
    ChunkHash hash;
    engine::BatchLimit limit{kBatchBytes};
    if (!flow::deliberate_bug(flow::Bug::batch_larger_than_allowed)) {
        limit.rows = largest_batch_;
    }
    for (bool more = true; more;) {
        context_.stop.throw_if_requested();
        worker.read.clear();
        more = worker.reader->next(worker.read, limit);
        context_.runtime.yield(flow::sync::kChunkRead);
        const model::RowBatch* batch = &worker.read;
        if (table.transcoder) {
            worker.converted.clear();
            table.transcoder->batch(worker.read, worker.converted);
            batch = &worker.converted;
        }
        if (batch->empty()) {
            continue;
        }
        const model::Bytes bytes{batch->bytes.size()};
        pass(batch->rows, bytes, 0);
        worker.writer->write(*batch);
        hash.add(*batch);
        receipt.rows += batch->rows;
        receipt.bytes += bytes;
    }
    receipt.hash = hash.text();
    context_.runtime.yield(flow::sync::kChunkWritten);
    worker.writer->commit(receipt);
    context_.runtime.yield(flow::sync::kChunkCommitted);
    count(receipt);
    context_.succeeded();
    context_.observer.on(ChunkDone{table.source.display(), receipt.chunk.number, receipt.rows,
                                   chunk.generation > 0});
}

void FullStage::count(const ChunkReceipt& receipt) {
    const std::unique_lock lock(*gate_);
    progress_.rows += receipt.rows;
    progress_.bytes += receipt.chunk.estimated_bytes;
    rows_this_run_ += receipt.rows;
    const std::string name = context_.plan.tables[receipt.chunk.table].source.display();
    for (TableProgress& table : progress_.tables) {
        if (table.table == name) {
            table.rows += receipt.rows;
            return;
        }
    }
    progress_.tables.push_back(
        {name, receipt.rows, context_.plan.tables[receipt.chunk.table].schema.estimated_rows});
}

FullProgress FullStage::progress() const {
    const std::unique_lock lock(*gate_);
    FullProgress now = progress_;
    for (const plan::TablePlan& table : context_.plan.tables) {
        now.rows_total += table.schema.estimated_rows;
    }
    now.fraction = now.bytes_total.count == 0 ? 0
                                              : static_cast<double>(now.bytes.count) /
                                                    static_cast<double>(now.bytes_total.count);
    const double seconds = std::chrono::duration<double>(context_.runtime.now() - started_).count();
    now.rows_per_second = seconds > 0 ? static_cast<double>(rows_this_run_.count) / seconds : 0;
    return now;
}

}  // namespace cutover::stage
