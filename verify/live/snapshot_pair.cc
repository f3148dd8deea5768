#include "verify/live/snapshot_pair.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "migrator/model/error.h"

namespace cutover::verify {

namespace {

/// A heartbeat or an autovacuum may get in between, so this is tried again; a busy end will not
/// fall silent.
constexpr int kAttempts = 10;
constexpr std::chrono::milliseconds kPause{50};

}  // namespace

SnapshotPair::SnapshotPair(const OpenEnd& open_source, const OpenEnd& open_destination)
    : open_source_(open_source),
      open_destination_(open_destination),
      source_(open_source()),
      destination_(open_destination()),
      source_watch_(open_source()),
      destination_watch_(open_destination()) {
    for (int attempt = 0; attempt < kAttempts && !quiet_; ++attempt) {
        if (attempt > 0) {
            std::this_thread::sleep_for(kPause);
        }
        quiet_ = take();
    }
}

bool SnapshotPair::take() {
    const Evidence source_writers = source_watch_->standing().writers;
    const Evidence destination_writers = destination_watch_->standing().writers;
    source_id_ = source_->begin_snapshot();
    destination_id_ = destination_->begin_snapshot();
    source_standing_ = source_watch_->standing();
    destination_standing_ = destination_watch_->standing();
    return source_standing_.writers == source_writers &&
           destination_standing_.writers == destination_writers;
}

bool SnapshotPair::unchanged() {
    return source_watch_->standing().writers == source_standing_.writers &&
           destination_watch_->standing().writers == destination_standing_.writers;
}

bool SnapshotPair::quiet() {
    return quiet_ && (shared() || unchanged());
}

bool SnapshotPair::stays_quiet(const QuietTables& tables, std::chrono::milliseconds watched,
                               const std::function<void(std::chrono::milliseconds)>& pause) {
    constexpr std::chrono::milliseconds kStep{250};
    // Transactions of other databases, and the server's own, end all the time. Which rows they
    // wrote can only be told by a snapshot that all sessions share.
    Evidence source_seen = quiet_ ? source_standing_.writers : Evidence();
    Evidence destination_seen = quiet_ ? destination_standing_.writers : Evidence();
    for (std::chrono::milliseconds left = watched;; left -= kStep) {
        const Evidence source_now = source_watch_->standing().writers;
        const Evidence destination_now = destination_watch_->standing().writers;
        const bool written =
            (source_now != source_seen &&
             (!shared() || touched(*source_, open_source_, tables.source, source_now))) ||
            (destination_now != destination_seen &&
             (!shared() ||
              touched(*destination_, open_destination_, tables.destination, destination_now)));
        if (written || left.count() <= 0) {
            return !written;
        }
        source_seen = source_now;
        destination_seen = destination_now;
        pause(std::min(left, kStep));
    }
}

bool SnapshotPair::touched(End& first, const OpenEnd& open,
                           const std::vector<const TableShape*>& tables, const Evidence& now) {
    const Evidence then = first.view();
    const auto later = open();
    later->join_snapshot({});
    try {
        return std::any_of(tables.begin(), tables.end(), [&](const TableShape* table) {
            return first.written_between(*table, then, now) ||
                   later->written_between(*table, then, now);
        });
    } catch (const model::Error& error) {
        if (error.error_class() == model::ErrorClass::connection) {
            throw;
        }
        first.join_snapshot({});  // leaves the broken transaction
        return true;              // e.g. a foreign table: its writes cannot be told
    }
}

std::unique_ptr<End> SnapshotPair::another_source() const {
    auto end = open_source_();
    end->join_snapshot(source_id_);
    return end;
}

std::unique_ptr<End> SnapshotPair::another_destination() const {
    auto end = open_destination_();
    end->join_snapshot(destination_id_);
    return end;
}

}  // namespace cutover::verify
