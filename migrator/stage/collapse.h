// From changes in order to their net effect per key. A run of whole source transactions goes in, a
// model::NetBatch comes out that moves the destination from before the first to after the last of
// them, whatever happened in between: chains and swaps of keys, a key deleted and used again, a
// value set twice.
//
// It works on tuples in the destination's wire form. It does not decide which changes go in
// (admission) nor how they are executed (engine::ChangeApplier).
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "migrator/model/net_batch.h"
#include "migrator/plan/plan.h"

namespace cutover::stage {

/// What one change can add to a net batch: a row goes from its old key, another from its new one,
/// and it is put there.
inline constexpr std::size_t kMostRowsOfAChange = 3;

/// Bytes that are equal exactly if the keys are equal. `row` holds the plan's columns.
/// Requires: the key's cells are not absent.
std::string key_bytes(const plan::KeyPlan& key, const model::Tuple& row);
/// True if none of the key's cells is absent.
bool has_key(const plan::KeyPlan& key, const model::Tuple& row);
/// The key's cells alone, in key order.
model::Tuple key_tuple(const plan::KeyPlan& key, const model::Tuple& row);

/// Hashes of every key value a batch touches, so that a later batch can tell whether it must wait.
/// Equal keys have equal hashes; unequal keys may collide, which costs a wait and nothing else.
class Footprint {
public:
    void add(model::TableIndex table, std::uint32_t key_number, std::string_view key);
    /// For tables and keys whose values cannot be told: meets everything of that table.
    void touch(model::TableIndex table) { tables_.insert(table); }
    void add_whole_table(model::TableIndex table) {
        whole_tables_.insert(table), tables_.insert(table);
    }
    bool meets(const Footprint& other) const;

private:
    std::unordered_set<std::uint64_t> keys_;
    std::unordered_set<model::TableIndex> tables_;
    std::unordered_set<model::TableIndex> whole_tables_;
};

/// A row of which only the source can tell all cells.
struct UnknownRow {
    model::TableIndex table = 0;
    model::Tuple key;  ///< destination form, key order
};

/// One batch in the making. One thread. `plan` must outlive it.
class Collapser {
public:
    explicit Collapser(const plan::Plan& plan);

    /// How contradictions are taken: strict throws corrupt, tolerant lets the later change win.
    void set_tolerant(model::TableIndex table, bool tolerant);

    /// `row` complete.
    void insert(model::TableIndex table, model::Tuple row);
    /// `before` empty (key unchanged) or with the old key's cells; `row` may have absent cells. In
    /// a tolerant table a row that moves and has such cells is taken for one that arrives. Throws:
    /// corrupt (strict: the row was removed earlier in the batch), refused (a keyless table whose
    /// log does not carry whole old rows).
    void update(model::TableIndex table, model::Tuple before, model::Tuple row);
    /// `before` with the old key's cells (keyless: complete).
    void remove(model::TableIndex table, model::Tuple before);
    /// A row that is new at its key, but was not made by this log: absent cells are nowhere at the
    /// destination, whatever lies at the key. Tolerant tables only.
    void arrive(model::TableIndex table, model::Tuple row);
    void truncate(model::TableIndex table);

    std::size_t footprint_bytes() const { return footprint_bytes_; }
    /// Of the net batch so far, at the most: what cancels out later is not known yet.
    std::size_t row_count() const { return row_count_; }
    /// The net batch; the collapser is empty afterwards. `unknown`: rows to be read again and put
    /// in place after it.
    model::NetBatch take(Footprint& footprint, std::vector<UnknownRow>& unknown);

private:
    /// What is known of one key at the batch's end.
    struct Net {
        bool present = false;
        bool fresh = false;   ///< made in this batch: `row` has no base at the destination (and is
                              ///< complete, but for rows that have arrived or moved)
        bool moved = false;   ///< key or unique columns change: removed and put back
        model::Tuple origin;  ///< key before the batch, if there was such a row and it is not fresh
        model::Tuple row;
    };
    struct RowHash {
        std::size_t operator()(const model::Tuple& row) const;
    };
    struct TableState {
        const plan::TablePlan* plan = nullptr;
        bool tolerant = false;
        bool truncated = false;
        bool touched = false;
        std::unordered_map<std::string, Net> rows;
        std::vector<model::Tuple> unknown;   ///< keys of rows without base that stayed incomplete
        std::vector<model::Tuple> removals;  ///< origin keys of rows that are gone
        // Keyless: how often each whole row comes (+) or goes (-).
        // A row may be as large as memory allows: it is held once, as the key of its count.
        std::vector<model::Tuple> appended;  ///< inserts before the first removal: not worth a map
        std::unordered_map<model::Tuple, std::int64_t, RowHash> multiset;
        std::vector<model::RowStep> steps;
    };

    TableState& state(model::TableIndex table);
    void count(std::size_t bytes, std::size_t rows);
    void note_keys(TableState& table, const model::Tuple& row);
    void note_freed_keys(TableState& table, const model::Tuple& before);
    bool unique_may_change(const TableState& table, const model::Tuple& before,
                           const model::Tuple& row) const;
    void update_keyed(TableState& table, const model::Tuple& before, model::Tuple row);
    void update_in_steps(TableState& table, const model::Tuple& before, model::Tuple row);
    static void arrive_in_steps(TableState& table, const model::Tuple& row);
    static bool base_may_be_later(const TableState& table, const model::Tuple& row);
    void place(TableState& table, const std::string& key, Net net);
    void place_new(TableState& table, model::Tuple row);
    void drop_row(TableState& table, Net& net);
    void multiset_remove(TableState& table, model::Tuple before);
    void multiset_add(TableState& table, model::Tuple row, std::int64_t count);
    [[noreturn]] void contradiction(const TableState& table, const char* what) const;
    model::TableBatch take_table(TableState& table);
    static void take_multiset(TableState& table, model::TableBatch& batch);

    std::vector<TableState> tables_;
    std::vector<model::TableIndex> touched_;
    Footprint footprint_;
    std::size_t footprint_bytes_ = 0;
    std::size_t row_count_ = 0;
};

}  // namespace cutover::stage
