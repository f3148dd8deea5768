#include "migrator/stage/admission.h"

#include <string_view>

#include "migrator/flow/deliberate_bug.h"
#include "migrator/stage/collapse.h"

namespace cutover::stage {

namespace {

/// Marks the range of a chunk that is one row; no engine's range begins so.
constexpr std::string_view kRowRange = "\x01row:";

}  // namespace

model::ChunkRange Admission::row_range(const std::string& key) {
    return {std::string(kRowRange) + key, "one row"};
}

Admission::Admission(const engine::Source& source, const plan::Plan& plan,
                     const engine::CaptureOrigin& origin,
                     const std::vector<model::ChunkReceipt>& receipts)
    : source_(source), plan_(plan), start_(origin.start), tables_(plan.tables.size()) {
    for (const model::ChunkReceipt& receipt : receipts) {
        TableViews& table = tables_[receipt.chunk.table];
        extend(table, receipt.view);
        if (receipt.chunk.range.bytes.starts_with(kRowRange)) {
            table.rows[receipt.chunk.range.bytes] = receipt.view;
            continue;
        }
        table.one_stamp &=
            table.ranges.empty() || table.ranges.front().view.stamp == receipt.view.stamp;
        table.ranges.push_back(receipt);
    }
    for (const TableViews& table : tables_) {
        unsettled_count_ += table.unsettled ? 1 : 0;
    }
}

void Admission::extend(TableViews& table, const model::ChunkView& view) {
    if (table.settled.empty() || source_.covers(view.settled, table.settled)) {
        table.settled = view.settled;
    }
    table.unsettled = !(table.settled == start_);
}

const model::ChunkView* Admission::view_of(model::TableIndex index, const model::Tuple& row) const {
    const TableViews& table = tables_[index];
    const plan::TablePlan& plan = plan_.tables[index];
    if (!table.rows.empty()) {
        const std::string key =
            key_bytes(plan.key, plan.transcoder ? plan.transcoder->tuple(row) : row);
        const auto own = table.rows.find(row_range(key).bytes);
        if (own != table.rows.end()) {
            return &own->second;
        }
    }
    if (table.one_stamp) {
        return table.ranges.empty() ? nullptr : &table.ranges.front().view;
    }
    const model::Tuple key = key_tuple(plan.key, row);
    for (const model::ChunkReceipt& receipt : table.ranges) {
        if (source_.contains(plan, receipt.chunk.range, key)) {
            return &receipt.view;
        }
    }
    return nullptr;
}

bool Admission::seen(model::TableIndex index, const model::Tuple& row,
                     const model::TransactionId& id) const {
    if (!tables_[index].unsettled || flow::deliberate_bug(flow::Bug::stamp_ignored)) {
        return false;
    }
    const model::ChunkView* view = view_of(index, row);
    return view != nullptr && source_.visible(view->stamp, id);
}

bool Admission::seen(model::TableIndex index, const model::TransactionId& id) const {
    const TableViews& table = tables_[index];
    return table.unsettled && !table.ranges.empty() &&
           source_.visible(table.ranges.front().view.stamp, id);
}

TruncateAdmission Admission::truncate(model::TableIndex index,
                                      const model::TransactionId& id) const {
    const TableViews& table = tables_[index];
    if (!table.unsettled || table.ranges.empty()) {
        return TruncateAdmission::apply;
    }
    std::size_t seen = 0;
    for (const model::ChunkReceipt& receipt : table.ranges) {
        seen += source_.visible(receipt.view.stamp, id) ? 1 : 0;
    }
    for (const auto& [range, view] : table.rows) {
        if (source_.visible(view.stamp, id) != (seen != 0)) {
            return TruncateAdmission::mixed;
        }
    }
    if (seen == 0) {
        return TruncateAdmission::apply;
    }
    return seen == table.ranges.size() ? TruncateAdmission::drop : TruncateAdmission::mixed;
}

void Admission::add_row(const model::ChunkReceipt& receipt) {
    TableViews& table = tables_[receipt.chunk.table];
    table.rows[receipt.chunk.range.bytes] = receipt.view;
    const bool was_unsettled = table.unsettled;
    extend(table, receipt.view);
    unsettled_count_ += table.unsettled && !was_unsettled ? 1 : 0;
}

bool Admission::advance(const model::Position& position) {
    if (unsettled_count_ == 0) {
        return false;
    }
    bool changed = false;
    for (TableViews& table : tables_) {
        if (table.unsettled && (source_.covers(position, table.settled) ||
                                flow::deliberate_bug(flow::Bug::settled_too_early))) {
            table = TableViews{};
            --unsettled_count_;
            changed = true;
        }
    }
    return changed;
}

}  // namespace cutover::stage
