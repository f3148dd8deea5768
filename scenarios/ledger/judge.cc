#include "scenarios/ledger/judge.h"

#include <fmt/core.h>

#include <algorithm>

namespace cutover::scenarios {

namespace {

constexpr std::size_t kMostSamples = 20;

/// A check that counts its offenders and keeps the first few.
class Offenders {
public:
    void add(WriterNumber writer, WriteNumber number) {
        if (samples_.size() < kMostSamples) {
            samples_.push_back(fmt::format("writer {} number {}", writer, number));
        }
        ++count_;
    }
    std::uint64_t count() const { return count_; }

    Check check(std::string name, std::string side, const std::string& what, bool tolerated) const {
        Check check;
        check.name = std::move(name);
        check.side = std::move(side);
        check.passed = count_ == 0 || tolerated;
        check.detail =
            fmt::format("{} {}{}", count_, what, count_ > 0 && tolerated ? " (allowed)" : "");
        check.samples = samples_;
        return check;
    }

private:
    std::uint64_t count_ = 0;
    std::vector<std::string> samples_;
};

struct SideOffenders {
    Offenders lost, phantom, partial, doubled;
};

/// Whether the source's own history says that the transaction was committed.
enum class Truth : std::uint8_t { committed, not_committed, open };

Truth truth(WriteOutcome outcome, bool vouched) {
    switch (outcome) {
        case WriteOutcome::ok:
            return Truth::committed;
        case WriteOutcome::failed:
            return Truth::not_committed;
        case WriteOutcome::pending:
        case WriteOutcome::unknown:
            break;
    }
    return vouched ? Truth::committed : Truth::open;
}

void look(SideOffenders& offenders, const Ledger& ledger, const TransactionTally& tally,
          WriterNumber writer, WriteNumber number) {
    const bool seen = tally.seen(writer, number);
    switch (truth(ledger.outcome(writer, number), tally.vouched(writer, number))) {
        case Truth::committed:
            if (!seen) {
                offenders.lost.add(writer, number);
            }
            break;
        case Truth::not_committed:
            if (seen) {
                offenders.phantom.add(writer, number);
            }
            break;
        case Truth::open:
            break;
    }
    if (seen && !tally.whole(writer, number)) {
        offenders.partial.add(writer, number);
    }
    if (tally.doubled(writer, number)) {
        offenders.doubled.add(writer, number);
    }
}

template <typename Visit>
void each_write(const Ledger& ledger, Visit visit) {
    for (WriterNumber writer = 0; writer < ledger.writers(); ++writer) {
        const WriteNumber last = ledger.last(writer);
        for (WriteNumber number = 1; number <= last; ++number) {
            visit(writer, number);
        }
    }
}

Check strangers(const std::string& prefix, const std::string& side, const TransactionTally& tally) {
    Check check;
    check.name = prefix + ".stranger";
    check.side = side;
    check.passed = tally.strangers() == 0;
    check.detail = fmt::format("{} of {} rows were written by no transaction of the ledger",
                               tally.strangers(), tally.rows());
    return check;
}

/// The number of committed transactions that are not there.
std::uint64_t judge_side(std::vector<Check>& checks, const std::string& prefix,
                         const std::string& side, const Ledger& ledger,
                         const TransactionTally& tally, bool losses_allowed) {
    SideOffenders offenders;
    each_write(ledger, [&](WriterNumber writer, WriteNumber number) {
        look(offenders, ledger, tally, writer, number);
    });
    checks.push_back(offenders.lost.check(prefix + ".lost", side,
                                          "committed transactions are not there", losses_allowed));
    checks.push_back(offenders.phantom.check(prefix + ".phantom", side,
                                             "rolled back transactions are there", false));
    checks.push_back(offenders.partial.check(prefix + ".partial", side,
                                             "transactions are there in part only", false));
    checks.push_back(offenders.doubled.check(prefix + ".doubled", side,
                                             "transactions are there more than once", false));
    checks.push_back(strangers(prefix, side, tally));
    return offenders.lost.count();
}

void judge_pair(std::vector<Check>& checks, const std::string& prefix, const Ledger& ledger,
                const TransactionTally& source, const TransactionTally& destination) {
    Offenders missing;
    Offenders extra;
    each_write(ledger, [&](WriterNumber writer, WriteNumber number) {
        const bool at_source = source.seen(writer, number);
        const bool at_destination = destination.seen(writer, number);
        if (at_source && !at_destination) {
            missing.add(writer, number);
        } else if (!at_source && at_destination) {
            extra.add(writer, number);
        }
    });
    checks.push_back(missing.check(prefix + ".missing", "destination",
                                   "transactions of the source are not at the destination", false));
    checks.push_back(extra.check(prefix + ".extra", "destination",
                                 "transactions of the destination are not at the source", false));
}

}  // namespace

LedgerRecord judge_ledger(const std::string& prefix, const Ledger& ledger,
                          const TransactionTally& source, const TransactionTally& destination,
                          SourceDurability durability) {
    const LedgerCounts counts = ledger.counts();
    LedgerRecord record;
    record.kept = true;
    record.acknowledged = counts.ok;
    record.failed = counts.failed;
    record.unknown = counts.unknown + counts.pending;
    each_write(ledger, [&](WriterNumber writer, WriteNumber number) {
        const WriteOutcome outcome = ledger.outcome(writer, number);
        const bool open = outcome == WriteOutcome::unknown || outcome == WriteOutcome::pending;
        record.unknown_present += open && destination.seen(writer, number) ? 1 : 0;
    });
    const bool may_lose = durability == SourceDurability::may_lose;
    const std::uint64_t lost =
        judge_side(record.checks, prefix, "source", ledger, source, may_lose);
    record.lost_by_source = may_lose ? lost : 0;
    judge_side(record.checks, prefix, "destination", ledger, destination, may_lose);
    judge_pair(record.checks, prefix, ledger, source, destination);
    return record;
}

void add_to(LedgerRecord& total, const LedgerRecord& more) {
    total.kept = total.kept || more.kept;
    total.acknowledged += more.acknowledged;
    total.failed += more.failed;
    total.unknown += more.unknown;
    total.unknown_present += more.unknown_present;
    total.lost_by_source += more.lost_by_source;
    total.checks.insert(total.checks.end(), more.checks.begin(), more.checks.end());
}

}  // namespace cutover::scenarios
