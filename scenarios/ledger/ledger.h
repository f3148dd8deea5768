// The ledger of acknowledged writes: what every writer was told about every transaction it sent. It
// stands beside the databases, in this process only, and is the one oracle that cannot have been
// damaged by what is being tested. A workload asks it for a number before a transaction (pending),
// writes that number into the transaction's own rows, and says afterwards how it went.
//
// TransactionTally (tally.h) collects which numbers are really there at one end; judge.h compares
// the two. The ledger itself never talks to a database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "scenarios/ledger/packed_counts.h"

namespace cutover::scenarios {

/// A writer is one connection of one workload; numbers are dense from 0.
using WriterNumber = std::uint32_t;
/// Transactions of a writer are numbered 1, 2, 3, ... without gaps; 0 means "none before".
using WriteNumber = std::uint64_t;

/// What the writer knows about a transaction.
enum class WriteOutcome : std::uint8_t {
    pending,  ///< sent or about to be; not answered yet
    ok,       ///< the server acknowledged the commit
    failed,   ///< certainly not committed: rolled back, refused, or lost before the commit was sent
    unknown,  ///< the commit was sent and the connection broke before an answer
};

struct LedgerCounts {
    std::uint64_t pending = 0;
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    std::uint64_t unknown = 0;
};

/// Two bits per transaction, so that a million transactions cost 250 KB. Any thread; each writer's
/// numbers are begun and settled by one thread at a time.
class Ledger {
public:
    /// Requires: writers > 0. `most_writes` bounds the memory: over all writers, a quarter byte
    /// each.
    explicit Ledger(WriterNumber writers, std::uint64_t most_writes = 256'000'000);

    WriterNumber writers() const { return static_cast<WriterNumber>(writers_.size()); }
    /// Records the writer's next transaction as pending, before anything of it is sent. Nothing
    /// when the ledger is full: then the writer must stop writing.
    std::optional<WriteNumber> begin(WriterNumber writer);
    /// Requires: begun, still pending, and an outcome other than pending.
    void settle(WriterNumber writer, WriteNumber number, WriteOutcome outcome);

    /// Requires: 1 <= number <= last(writer).
    WriteOutcome outcome(WriterNumber writer, WriteNumber number) const;
    /// The writer's highest number, 0 before its first.
    WriteNumber last(WriterNumber writer) const;
    LedgerCounts counts() const;
    /// By writer: how many of its transactions were acknowledged.
    std::vector<std::uint64_t> acknowledged() const;

private:
    struct Writer {
        WriteNumber last = 0;
        std::uint64_t acknowledged = 0;
        PackedCounts outcomes;
    };

    mutable std::mutex mutex_;
    std::vector<Writer> writers_;
    std::uint64_t room_;
    LedgerCounts counts_;
};

}  // namespace cutover::scenarios
