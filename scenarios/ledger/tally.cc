#include "scenarios/ledger/tally.h"

#include "migrator/model/check.h"

namespace cutover::scenarios {

TransactionTally::TransactionTally(const Ledger& ledger, std::uint32_t parts)
    : seen_(parts, std::vector<PackedCounts>(ledger.writers())), vouched_(ledger.writers()) {
    CUTOVER_CHECK(parts > 0);
    for (WriterNumber writer = 0; writer < ledger.writers(); ++writer) {
        last_.push_back(ledger.last(writer));
    }
}

void TransactionTally::see(std::uint32_t part, std::uint64_t writer, WriteNumber number,
                           WriteNumber previous) {
    CUTOVER_CHECK(part < seen_.size());
    ++rows_;
    if (writer >= last_.size() || number == 0 || number > last_[writer] || previous >= number) {
        ++strangers_;
        return;
    }
    seen_[part][writer].add(number);
    if (part == 0 && previous > 0) {
        vouched_[writer].set(previous, 1);
    }
}

std::uint8_t TransactionTally::times(std::uint32_t part, WriterNumber writer,
                                     WriteNumber number) const {
    return seen_[part][writer].get(number);
}

bool TransactionTally::seen(WriterNumber writer, WriteNumber number) const {
    for (const auto& part : seen_) {
        if (part[writer].get(number) > 0) {
            return true;
        }
    }
    return false;
}

bool TransactionTally::whole(WriterNumber writer, WriteNumber number) const {
    for (const auto& part : seen_) {
        if (part[writer].get(number) == 0) {
            return false;
        }
    }
    return true;
}

bool TransactionTally::doubled(WriterNumber writer, WriteNumber number) const {
    for (const auto& part : seen_) {
        if (part[writer].get(number) > 1) {
            return true;
        }
    }
    return false;
}

bool TransactionTally::vouched(WriterNumber writer, WriteNumber number) const {
    return vouched_[writer].get(number) != 0;
}

}  // namespace cutover::scenarios
