// The first pass over the rows: all tables of a run, the large ones cut into key ranges, processed
// by a few threads that each have a session of each end. A table that cannot be read does not stop
// the others. The pass decides nothing about differences beyond the counts of each table.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "verify/compare/table_task.h"
#include "verify/live/snapshot_pair.h"
#include "verify/run/agenda.h"
#include "verify/run/progress.h"

namespace cutover::verify {

class RowPass {
public:
    /// All arguments must outlive the pass. `jobs`: tables or ranges compared at once.
    RowPass(const SnapshotPair& snapshots, const RunContext& context, unsigned jobs,
            ProgressMeter& progress);

    /// Fills the tables' results. Call it once. Throws: connection; corrupt `verify.self_check`.
    void run(const std::vector<std::unique_ptr<TableWork>>& tables);

private:
    /// What the threads know of a table while they work on it.
    struct Table {
        TableWork* work = nullptr;
        std::mutex mutex;  ///< guards `work` too
        std::chrono::steady_clock::time_point started{};
        std::atomic<std::size_t> ranges_left{0};
    };
    /// What one thread takes at a time: a table or a key range of it.
    struct Piece {
        Table* table = nullptr;
        KeyRange range;
    };

    void cut_into_pieces(Table& table);
    std::vector<std::string> cuts_of(const TablePair& pair) const;
    std::optional<Piece> next_piece();
    void work_off();
    bool compare(const Piece& piece, End& source, End& destination);
    void finish(Table& table);

    const SnapshotPair& snapshots_;
    const RunContext& context_;
    const unsigned jobs_;
    ProgressMeter& progress_;
    std::deque<Table> tables_;
    std::mutex mutex_;  ///< guards what follows
    std::deque<Piece> pieces_;
    std::exception_ptr failure_;
};

}  // namespace cutover::verify
