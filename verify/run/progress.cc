#include "verify/run/progress.h"

namespace cutover::verify {

void ProgressMeter::expect_table(std::uint64_t rows) {
    const std::lock_guard lock(mutex_);
    ++progress_.tables_total;
    progress_.rows_expected += rows;
}

void ProgressMeter::rows_read(const TablePair& pair, Side side, std::uint64_t rows,
                              std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    progress_.table = pair.source.name.display();
    (side == Side::source ? progress_.source_rows : progress_.destination_rows) += rows;
    progress_.bytes += bytes;
    callback_(progress_);
}

void ProgressMeter::table_done() {
    const std::lock_guard lock(mutex_);
    ++progress_.tables_done;
}

}  // namespace cutover::verify
