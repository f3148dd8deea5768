// The half of Database that concerns reading: snapshots, log, slots, standby.
#include <algorithm>

#include "migrator/engine/memory/database/database.h"
#include "migrator/model/check.h"

namespace cutover::memory {

Snapshot Database::snapshot() const {
    Snapshot snapshot{next_transaction_, {}};
    for (const auto& [transaction, state] : transactions_) {
        snapshot.running.push_back(transaction);
    }
    return snapshot;
}

Snapshot Database::log_snapshot() const {
    Snapshot snapshot{next_transaction_, {}};
    for (const auto& [transaction, state] : transactions_) {
        if (!state.logged) {
            snapshot.running.push_back(transaction);
        }
    }
    return snapshot;
}

bool Database::visible_up_to(std::uint64_t offset) const {
    return std::none_of(transactions_.begin(), transactions_.end(), [&](const auto& one) {
        return one.second.logged && one.second.offset <= offset;
    });
}

bool Database::sees(const Snapshot& snapshot, const Table& table, const Version& version) const {
    if (version.created == 0 || !snapshot.sees(version.created)) {
        return false;
    }
    if (!table.truncations.empty() && !snapshot.sees(table.truncations.back())) {
        return false;
    }
    return version.removed == 0 || !snapshot.sees(version.removed);
}

std::uint64_t Database::open_view(const Snapshot& snapshot) {
    views_[next_view_] = snapshot;
    return next_view_++;
}

void Database::close_view(std::uint64_t view) {
    views_.erase(view);
}

void Database::vacuum() {
    for (const auto& table : tables_) {
        for (std::size_t place = 0; place < table->place_count(); ++place) {
            const Version& version = table->at(place);
            if (version.created == 0 || version.removed == 0 || running(version.removed)) {
                continue;
            }
            const bool viewed = std::any_of(views_.begin(), views_.end(), [&](const auto& view) {
                return !view.second.sees(version.removed);
            });
            // What the standby does not know to be removed, a failover may bring back.
            const auto end = end_offsets_.find(version.removed);
            const bool undoable = end != end_offsets_.end() && end->second > standby_received_;
            if (!viewed && !undoable) {
                table->free(place);
            }
        }
    }
}

LogPlace Database::heartbeat(model::Instant now) {
    const LogPlace place{next_offset(), timeline_};
    log_.push_back({place, 0, now, {}});
    return place;
}

Slot& Database::create_slot(const std::string& name, bool failover) {
    Slot slot;
    slot.birth = next_birth_++;
    slot.start = end_of_log();
    slot.confirmed = end_;
    slot.failover = failover;
    return slots_[name] = slot;
}

void Database::trim_log(bool by_force) {
    std::uint64_t needed = end_;
    for (const auto& [name, slot] : slots_) {
        if (!slot.lost && !by_force) {
            needed = std::min(needed, slot.confirmed);
        }
        if (slot.standby_confirmed && !by_force) {
            needed = std::min(needed, *slot.standby_confirmed);
        }
    }
    while (!log_.empty() && log_.front().place.offset <= needed &&
           !running(log_.front().transaction)) {
        log_begins_after_ = log_.front().place.offset;
        log_.pop_front();
    }
    for (auto& [name, slot] : slots_) {
        slot.lost = slot.lost || slot.confirmed < log_begins_after_;
    }
}

void Database::add_standby() {
    has_standby_ = true;
    standby_received_ = end_;
    standby_floor_ = next_transaction_;
}

void Database::standby_receives(std::uint64_t offset) {
    standby_received_ = std::max(standby_received_, std::min(offset, end_));
    for (auto& [name, slot] : slots_) {
        // A slot reaches the standby once the standby has the log that it starts from.
        if (slot.failover && standby_received_ >= slot.start.offset) {
            slot.standby_confirmed = std::min(slot.confirmed, standby_received_);
        }
    }
}

void Database::forget_transactions_after(std::uint64_t offset) {
    std::set<TransactionNumber> lost;
    TransactionNumber highest = 0;
    for (const auto& [transaction, end] : end_offsets_) {
        if (end > offset) {
            lost.insert(transaction);
        } else {
            highest = std::max(highest, transaction);
        }
    }
    for (const auto& table : tables_) {
        std::erase_if(table->truncations, [&](auto one) { return lost.contains(one); });
        for (std::size_t place = 0; place < table->place_count(); ++place) {
            if (table->at(place).created != 0 && lost.contains(table->at(place).removed)) {
                table->set_removed(place, 0);
            }
            if (lost.contains(table->at(place).created)) {
                table->free(place);
            }
        }
    }
    std::erase_if(end_offsets_, [&](const auto& one) { return one.second > offset; });
    std::erase_if(closed_, [&](const auto& one) { return one.second.offset > offset; });
    while (!log_.empty() && log_.back().place.offset > offset) {
        log_.pop_back();
    }
    // Numbers of transactions that never happened are given again, as a promoted standby does.
    next_transaction_ = std::max(highest + 1, standby_floor_);
}

void Database::fail_over() {
    CUTOVER_CHECK(has_standby_);
    restart();
    forget_transactions_after(standby_received_);
    end_ = std::min(end_, standby_received_);
    timeline_ends_.push_back(end_);
    ++timeline_;
    std::erase_if(slots_, [](const auto& one) {
        return !one.second.failover || !one.second.standby_confirmed;
    });
    for (auto& [name, slot] : slots_) {
        slot.confirmed = *slot.standby_confirmed;
    }
    if (on_failover) {
        on_failover();
    }
}

void Database::restart() {
    std::vector<TransactionNumber> logged;
    std::vector<TransactionNumber> open;
    for (const auto& [transaction, state] : transactions_) {
        (state.logged ? logged : open).push_back(transaction);
    }
    for (const TransactionNumber transaction : open) {
        abort(transaction);
    }
    for (const TransactionNumber transaction : logged) {
        publish(transaction);
    }
    views_.clear();
}

}  // namespace cutover::memory
