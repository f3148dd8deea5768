#include "migrator/stage/admission.h"

#include <string>
#include <unordered_map>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/stage/collapse.h"
#include "migrator/stage/row_repair.h"

namespace cutover::stage {

using flow::Bug;
using flow::deliberate_bug;

Admission::Admission(const engine::Source& source, const plan::Plan& plan,
                     const engine::TaskRecord& record,
                     const std::vector<model::ChunkReceipt>& receipts, bool atomic)
    : source_(source), plan_(plan), start_(record.origin->start), tables_(plan.tables.size()) {
    if (!atomic && record.copy_view && !deliberate_bug(Bug::stamp_of_the_second_try)) {
        first_stamp_ = record.copy_view->stamp;
    }
    for (TableViews& table : tables_) {
        if (!record.reach.empty()) {
            extend(table, record.reach);
        }
    }
    std::vector<std::vector<const model::ChunkReceipt*>> chunks(tables_.size());
    for (const model::ChunkReceipt& receipt : receipts) {
        extend(tables_[receipt.chunk.table], receipt.view.settled);
        if (!is_read_again(receipt.chunk.range)) {
            chunks[receipt.chunk.table].push_back(&receipt);
        }
    }
    for (std::size_t index = 0; index < tables_.size(); ++index) {
        if (tables_[index].unsettled) {
            ++unsettled_count_;
            compile(tables_[index], plan.tables[index], chunks[index]);
        }
    }
    find_nearest();
}

void Admission::compile(TableViews& table, const plan::TablePlan& plan,
                        const std::vector<const model::ChunkReceipt*>& receipts) {
    std::unordered_map<std::string, std::size_t> known;
    std::vector<model::ChunkRange> ranges;
    Chunks& chunks = table.chunks;
    for (const model::ChunkReceipt* receipt : receipts) {
        const model::Stamp& stamp = first_stamp_ ? *first_stamp_ : receipt->view.stamp;
        const auto [at, fresh] = known.try_emplace(stamp.bytes, chunks.seen.size());
        if (fresh) {
            chunks.seen.push_back(source_.visible(stamp));
        }
        chunks.view_of.push_back(at->second);
        ranges.push_back(receipt->chunk.range);
    }
    if (chunks.seen.size() > 1) {
        chunks.ranges = source_.index(plan, ranges);
    }
}

void Admission::extend(TableViews& table, const model::Position& settled) {
    if (table.settled.empty() || source_.covers(settled, table.settled)) {
        table.settled = settled;
    }
    table.unsettled = !(table.settled == start_);
}

void Admission::find_nearest() {
    nearest_.reset();
    for (const TableViews& table : tables_) {
        if (table.unsettled && (!nearest_ || source_.covers(*nearest_, table.settled))) {
            nearest_ = table.settled;
        }
    }
}

const engine::SeenTransactions* Admission::view_of(model::TableIndex index,
                                                   const model::Tuple& row) const {
    const Chunks& chunks = tables_[index].chunks;
    if (!chunks.ranges) {
        return chunks.seen.empty() ? nullptr : chunks.seen.front().get();
    }
    const std::optional<std::size_t> range =
        chunks.ranges->find(key_tuple(plan_.tables[index].source_key(), row));
    return range ? chunks.seen[chunks.view_of[*range]].get() : nullptr;
}

bool Admission::seen(model::TableIndex index, const model::Tuple& row,
                     const model::TransactionId& id) const {
    if (!tables_[index].unsettled || deliberate_bug(Bug::stamp_ignored)) {
        return false;
    }
    const engine::SeenTransactions* view = view_of(index, row);
    return view != nullptr && view->contains(id);
}

bool Admission::seen(model::TableIndex index, const model::TransactionId& id) const {
    const TableViews& table = tables_[index];
    return table.unsettled && !table.chunks.seen.empty() && table.chunks.seen.front()->contains(id);
}

bool Admission::seen_by_all(model::TableIndex index, const model::TransactionId& id) const {
    return truncate(index, id) == TruncateAdmission::drop;
}

TruncateAdmission Admission::truncate(model::TableIndex index,
                                      const model::TransactionId& id) const {
    const TableViews& table = tables_[index];
    std::size_t seen = 0;
    for (const auto& view : table.chunks.seen) {
        seen += view->contains(id) ? 1 : 0;
    }
    if (!table.unsettled || seen == 0) {
        return TruncateAdmission::apply;
    }
    return seen == table.chunks.seen.size() ? TruncateAdmission::drop : TruncateAdmission::mixed;
}

void Admission::add_view(model::TableIndex index, const model::ChunkView& view) {
    TableViews& table = tables_[index];
    const bool was_unsettled = table.unsettled;
    extend(table, view.settled);
    unsettled_count_ += table.unsettled && !was_unsettled ? 1 : 0;
    find_nearest();
}

bool Admission::due(const model::Position& position) const {
    return nearest_ &&
           (source_.covers(position, *nearest_) || deliberate_bug(Bug::settled_too_early));
}

bool Admission::advance(const model::Position& position) {
    if (!due(position)) {
        return false;
    }
    bool changed = false;
    for (TableViews& table : tables_) {
        if (table.unsettled &&
            (source_.covers(position, table.settled) || deliberate_bug(Bug::settled_too_early))) {
            table = TableViews{};
            --unsettled_count_;
            changed = true;
        }
    }
    find_nearest();
    return changed;
}

}  // namespace cutover::stage
