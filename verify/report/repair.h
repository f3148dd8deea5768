// Writes findings as statements for the destination, in its engine's dialect. A statement does
// something only while the destination still holds the row that was seen; a second file takes the
// statements back under the same guard. The statements are written, never run. Duplicates of a key
// and values that could not be decoded become comments, for a person to handle.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "verify/compare/tally.h"
#include "verify/report/repair_dialect.h"

namespace cutover::verify {

class RepairWriter final : public FindingListener {
public:
    /// Writes `path` and `path` + `.undo`, readable by the owner only; they are in their places
    /// after close(). Stops (and says so in the file) after `limit` statements. `dialect` must
    /// outlive it. Throws: refused (the file cannot be written).
    RepairWriter(const RepairDialect& dialect, const std::string& path, std::uint64_t limit);
    ~RepairWriter() override;

    /// Throws: refused (the disk did not take it).
    void found(const TablePair& pair, const RowFinding& finding) override;
    /// Writes what is left to a person as a comment: structure, sequences.
    void leave_by_hand(const std::string& what);
    std::uint64_t statements() const;
    /// Takes back all that was written, because the findings have no verdict for this reason.
    void withdraw(const std::string& why);
    /// Call it once; nothing may be written after it. Throws: refused (the disk did not take it).
    void close();

private:
    struct Files;
    const RepairDialect& dialect_;
    std::unique_ptr<Files> files_;
    mutable std::mutex mutex_;
    std::uint64_t statements_ = 0;
    bool closed_ = false;
    const std::uint64_t limit_;
};

/// The two statements of a finding; both are empty if no statement can be made of it.
struct RepairStatements {
    std::string repair;
    std::string undo;
};
RepairStatements repair_statements(const RepairDialect& dialect, const TablePair& pair,
                                   const RowFinding& finding);

}  // namespace cutover::verify
