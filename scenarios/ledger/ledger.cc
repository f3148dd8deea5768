#include "scenarios/ledger/ledger.h"

#include "migrator/model/check.h"

namespace cutover::scenarios {

namespace {

std::uint64_t& counter(LedgerCounts& counts, WriteOutcome outcome) {
    switch (outcome) {
        case WriteOutcome::ok:
            return counts.ok;
        case WriteOutcome::failed:
            return counts.failed;
        case WriteOutcome::unknown:
            return counts.unknown;
        case WriteOutcome::pending:
            break;
    }
    return counts.pending;
}

}  // namespace

Ledger::Ledger(WriterNumber writers, std::uint64_t most_writes)
    : writers_(writers), room_(most_writes) {
    CUTOVER_CHECK(writers > 0);
}

std::optional<WriteNumber> Ledger::begin(WriterNumber writer) {
    const std::scoped_lock lock(mutex_);
    CUTOVER_CHECK(writer < writers_.size());
    if (room_ == 0) {
        return std::nullopt;
    }
    --room_;
    Writer& book = writers_[writer];
    ++book.last;
    book.outcomes.set(book.last, static_cast<std::uint8_t>(WriteOutcome::pending));
    ++counts_.pending;
    return book.last;
}

void Ledger::settle(WriterNumber writer, WriteNumber number, WriteOutcome outcome) {
    const std::scoped_lock lock(mutex_);
    CUTOVER_CHECK(outcome != WriteOutcome::pending);
    CUTOVER_CHECK(writer < writers_.size() && number >= 1 && number <= writers_[writer].last);
    PackedCounts& outcomes = writers_[writer].outcomes;
    CUTOVER_CHECK(outcomes.get(number) == static_cast<std::uint8_t>(WriteOutcome::pending));
    outcomes.set(number, static_cast<std::uint8_t>(outcome));
    --counts_.pending;
    ++counter(counts_, outcome);
    writers_[writer].acknowledged += outcome == WriteOutcome::ok ? 1 : 0;
}

WriteOutcome Ledger::outcome(WriterNumber writer, WriteNumber number) const {
    const std::scoped_lock lock(mutex_);
    CUTOVER_CHECK(writer < writers_.size() && number >= 1 && number <= writers_[writer].last);
    return static_cast<WriteOutcome>(writers_[writer].outcomes.get(number));
}

WriteNumber Ledger::last(WriterNumber writer) const {
    const std::scoped_lock lock(mutex_);
    CUTOVER_CHECK(writer < writers_.size());
    return writers_[writer].last;
}

LedgerCounts Ledger::counts() const {
    const std::scoped_lock lock(mutex_);
    return counts_;
}

std::vector<std::uint64_t> Ledger::acknowledged() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::uint64_t> all;
    for (const Writer& writer : writers_) {
        all.push_back(writer.acknowledged);
    }
    return all;
}

}  // namespace cutover::scenarios
