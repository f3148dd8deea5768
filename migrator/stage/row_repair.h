// Rows that the log cannot complete, read again at the source: an update does not carry an
// unchanged out-of-line value, and its base is not at the destination. A resumed copy leaves such
// holes where rows have changed since it began.
//
// What is read again, and when. Everything that one part of a batch lacks, together: a query and a
// view per table and few hundred rows (fewer where these are wide: they are in memory), inside the
// batch's own destination transaction, by the lane that applies it. No other batch waits for it but
// one that touches the same keys, as ever (Lanes). Nothing of a row is applied before it has been
// read: an update whose base is missing has no effect of its own.
//
// Why it is right, although the row that is read is newer than the change that asks for it, and no
// later change of it is held back (the argument is per key; each key's changes stand in the log in
// the order in which they became visible, because whoever changes a row waits for the one before):
//
//   1. The view V has seen every transaction of the part. So the row that is put in place has
//      every change of its key up to here, and those after it in the log are first the ones that V
//      has seen (they come again), then the ones that it has not.
//   2. A change that comes again and says the whole row, removes it, or moves it away leaves the
//      key exactly as the log has it there: what was read again is forgotten.
//   3. If none of those that come again is of that kind, all are updates in place of the very row
//      that was read. A cell that one of them carries ends at the value of the last, which V has
//      seen; a cell that none of them carries has not changed in between and is V's from the start.
//   4. So at the position behind everything that V has seen (ChunkView::settled) the key is as the
//      log has it. Until then its table is tolerant: no contradiction is taken for one. The receipt
//      with that position is durable with the rows, so that a process which goes on after a crash
//      is tolerant for as long; and a table does not settle while a batch under way may still read
//      rows of it again (IncrementalStage::settle()).
//   5. What was read again must not be the base of *another* key before that: an update that moves
//      a row and does not carry all of it is not completed from what lies at the old key, which may
//      be a later row. It is a removal there, and its row is read again at the new key (Collapser).
//   6. A truncate leaves nothing, and what comes after it in the log comes again: case 2.
//
// A key that has no row in V has been removed or moved away since; that change comes again. Until
// then an update of it finds no base, and is answered the same way. Tables without a key are never
// read again: their log carries whole old rows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "migrator/engine/sink.h"
#include "migrator/engine/source.h"
#include "migrator/stage/part.h"

namespace cutover::stage {

/// One lane's. One thread.
class RowRepair {
public:
    /// `source` and `plan` outlive it. `rows_bytes`: of rows read again that are in memory at once,
    /// about.
    RowRepair(engine::Source& source, const plan::Plan& plan, const engine::SinkTraits& traits,
              model::Bytes rows_bytes);

    /// Waits a moment; false if the lanes are being given up.
    using Wait = std::function<bool()>;
    /// Puts what `missing` names in place, in the applier's open transaction, and appends the
    /// receipts. False: given up. Throws: as RowReader and ChangeApplier.
    bool run(engine::ChangeApplier& applier, const Part& part,
             const std::vector<engine::MissingBase>& missing, const Wait& wait,
             std::vector<model::ChunkReceipt>& receipts);

private:
    /// A row's key as either end writes it.
    struct Wanted {
        model::Tuple source_key;
        model::Tuple key;
    };
    std::vector<Wanted> wanted(const Part& part, model::TableIndex table,
                               const std::vector<engine::MissingBase>& missing) const;
    std::optional<engine::RowsRead> read(const plan::TablePlan& table, const Part& part,
                                         const std::vector<model::Tuple>& keys, const Wait& wait);
    model::TableBatch batch_of(const plan::TablePlan& table, const std::vector<Wanted>& wanted,
                               std::size_t first, engine::RowsRead read);
    void put(engine::ChangeApplier& applier, model::TableBatch batch);

    engine::Source& source_;
    const plan::Plan& plan_;
    const model::Bytes rows_bytes_;
    const std::size_t most_rows_;
    std::unique_ptr<engine::RowReader> reader_;
    std::vector<engine::ApplyMode> modes_;
    /// By table: how many rows are asked for at once. From one on, as large as they prove to be.
    std::vector<std::size_t> at_once_;
};

/// Range of the receipt of rows that were read again; its view's position is what it says.
model::ChunkRange read_again_range(std::uint64_t batch, const model::ChunkView& view);
bool is_read_again(const model::ChunkRange& range);

}  // namespace cutover::stage
