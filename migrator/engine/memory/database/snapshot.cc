#include "migrator/engine/memory/database/snapshot.h"

#include <cstdio>
#include <sstream>

#include "migrator/model/error.h"

namespace cutover::memory {

model::Stamp Snapshot::stamp() const {
    std::string text = std::to_string(horizon) + ":";
    for (const TransactionNumber transaction : running) {
        text += std::to_string(transaction) + ",";
    }
    return {text, text};
}

Snapshot Snapshot::parse(const model::Stamp& stamp) {
    Snapshot snapshot;
    std::istringstream in(stamp.bytes);
    char mark = 0;
    if (!(in >> snapshot.horizon >> mark) || mark != ':') {
        throw model::Error(model::ErrorClass::corrupt, "memory.stamp",
                           "not a stamp: '" + stamp.bytes + "'");
    }
    TransactionNumber transaction = 0;
    while (in >> transaction >> mark) {
        snapshot.running.push_back(transaction);
    }
    return snapshot;
}

model::Position LogPlace::position() const {
    char bytes[40];
    std::snprintf(bytes, sizeof bytes, "%016llx/%08x", static_cast<unsigned long long>(offset),
                  timeline);
    return {bytes, std::to_string(timeline) + "/" + std::to_string(offset)};
}

LogPlace LogPlace::parse(const model::Position& position) {
    LogPlace place;
    if (position.empty()) {
        return place;
    }
    unsigned long long offset = 0;
    unsigned timeline = 0;
    if (std::sscanf(position.bytes.c_str(), "%16llx/%8x", &offset, &timeline) != 2) {
        throw model::Error(model::ErrorClass::corrupt, "memory.position",
                           "not a position: '" + position.bytes + "'");
    }
    place.offset = offset;
    place.timeline = timeline;
    return place;
}

void TimelineEnds::learn(std::vector<std::uint64_t> ends) {
    const std::lock_guard lock(mutex_);
    if (ends.size() > ends_.size()) {
        ends_ = std::move(ends);
    }
}

bool TimelineEnds::holds(const LogPlace& place) const {
    const std::lock_guard lock(mutex_);
    return place.timeline == 0 || place.timeline > ends_.size() ||
           place.offset <= ends_[place.timeline - 1];
}

}  // namespace cutover::memory
