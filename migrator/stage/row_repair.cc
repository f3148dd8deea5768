#include "migrator/stage/row_repair.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/model/check.h"

namespace cutover::stage {

using flow::Bug;
using flow::deliberate_bug;
using model::Tuple;

namespace {

/// Marks the receipt of rows that were read again; no engine's range begins so.
constexpr std::string_view kReadAgain = "\x01row";
/// More at once saves no round trips worth mention. How wide rows are is known of those before them
/// only: so few are no harm if they prove to be wide.
constexpr std::size_t kMostRows = 256;
constexpr std::size_t kGrowth = 16;

}  // namespace

/// By batch too: lanes that store one and the same range would wait for each other.
model::ChunkRange read_again_range(std::uint64_t batch, const model::ChunkView& view) {
    return {std::string(kReadAgain) + "s:" + std::to_string(batch) + ":" + view.settled.bytes,
            "rows that were read again"};
}

bool is_read_again(const model::ChunkRange& range) {
    return range.bytes.starts_with(kReadAgain);
}

/// Two rows of a batch for each that is asked for: what lies there may have to go first.
RowRepair::RowRepair(engine::Source& source, const plan::Plan& plan,
                     const engine::SinkTraits& traits, model::Bytes rows_bytes)
    : source_(source),
      plan_(plan),
      rows_bytes_(rows_bytes),
      most_rows_(std::min<std::uint64_t>(kMostRows, traits.largest_batch.count / 2)),
      modes_(plan.tables.size(), engine::bearing(traits, plan)),
      at_once_(plan.tables.size(), 1) {}

bool RowRepair::run(engine::ChangeApplier& applier, const Part& part,
                    const std::vector<engine::MissingBase>& missing, const Wait& wait,
                    std::vector<model::ChunkReceipt>& receipts) {
    for (const plan::TablePlan& table : plan_.tables) {
        const std::vector<Wanted> wanted = this->wanted(part, table.index, missing);
        for (std::size_t first = 0; first < wanted.size();) {
            const std::size_t end = std::min(wanted.size(), first + at_once_[table.index]);
            std::vector<Tuple> keys;
            for (std::size_t at = first; at < end; ++at) {
                keys.push_back(wanted[at].source_key);
            }
            std::optional<engine::RowsRead> read = this->read(table, part, keys, wait);
            if (!read) {
                return false;
            }
            model::ChunkReceipt receipt;
            receipt.chunk.table = table.index;
            receipt.chunk.range = read_again_range(part.batch, read->view);
            receipt.view = read->view;
            receipt.rows = {keys.size()};
            if (!deliberate_bug(Bug::rows_read_again_not_recorded)) {
                applier.note_view(receipt);
            }
            receipts.push_back(std::move(receipt));
            put(applier, batch_of(table, wanted, first, std::move(*read)));
            first = end;
        }
    }
    return true;
}

/// Those of one table, each once.
std::vector<RowRepair::Wanted> RowRepair::wanted(
    const Part& part, model::TableIndex table,
    const std::vector<engine::MissingBase>& missing) const {
    plan::KeyPlan whole;
    for (const plan::KeyColumn& column : plan_.tables[table].key.columns) {
        whole.columns.push_back({whole.columns.size(), column.fold});
    }
    std::vector<Wanted> wanted;
    std::unordered_set<std::string> met;
    for (const engine::MissingBase& base : missing) {
        if (base.table != table) {
            continue;
        }
        const std::string identity = key_bytes(whole, base.key);
        const auto key = part.row_keys[table].find(identity);
        CUTOVER_CHECK(key != part.row_keys[table].end());
        if (met.insert(identity).second) {
            wanted.push_back({key->second, base.key});
        }
    }
    return wanted;
}

/// Under a view that has seen what asks for the rows: a transaction may be in the log for a while
/// before it is visible.
std::optional<engine::RowsRead> RowRepair::read(const plan::TablePlan& table, const Part& part,
                                                const std::vector<Tuple>& keys, const Wait& wait) {
    if (!reader_) {
        reader_ = source_.open_row_reader();
    }
    for (;;) {
        engine::RowsRead read = reader_->read(table, keys);
        CUTOVER_CHECK(read.rows.size() == keys.size());
        const auto seen = source_.visible(read.view.stamp);
        const bool all =
            std::all_of(part.transactions.begin(), part.transactions.end(),
                        [&](const model::TransactionId& id) { return seen->contains(id); });
        if (all || deliberate_bug(Bug::read_again_too_early)) {
            return read;
        }
        if (!wait()) {
            return std::nullopt;
        }
    }
}

/// What brings these rows in place, and how many are asked for next time.
model::TableBatch RowRepair::batch_of(const plan::TablePlan& table,
                                      const std::vector<Wanted>& wanted, std::size_t first,
                                      engine::RowsRead read) {
    model::TableBatch batch;
    batch.table = table.index;
    std::uint64_t bytes = 0;
    for (std::size_t at = 0; at < read.rows.size(); ++at) {
        std::optional<Tuple>& row = read.rows[at];
        const Tuple& key = wanted[first + at].key;
        if (row && table.transcoder) {
            row = table.transcoder->tuple(*row);
        }
        bytes += row ? row->footprint() : 0;
        // Keys whose equality bytes do not tell may be one row: one after the other.
        const bool in_steps = !table.key.comparable;
        if (in_steps) {
            batch.steps.push_back({model::ChangeKind::remove, key, {}});
        } else if (!row) {
            batch.removals.push_back(key);
        }
        if (row && in_steps) {
            batch.steps.push_back({model::ChangeKind::insert, {}, std::move(*row)});
        } else if (row) {
            batch.inserts.push_back(std::move(*row));
        }
    }
    std::size_t& at_once = at_once_[table.index];
    const std::uint64_t each = bytes / read.rows.size() + 1;
    at_once = std::clamp<std::size_t>(rows_bytes_.count / each, 1,
                                      std::min(most_rows_, read.rows.size() * kGrowth));
    return batch;
}

void RowRepair::put(engine::ChangeApplier& applier, model::TableBatch batch) {
    model::NetBatch net;
    net.tables.push_back(std::move(batch));
    applier.stage(net);
    const std::vector<engine::MissingBase> missing = applier.apply(modes_);
    CUTOVER_CHECK(missing.empty());
}

}  // namespace cutover::stage
