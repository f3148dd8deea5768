#include "migrator/stage/late_writes.h"

#include <memory>
#include <optional>
#include <utility>

namespace cutover::stage {

using model::Change;
using model::ChangeKind;

namespace {

constexpr std::chrono::milliseconds kLogWait(50);
constexpr std::size_t kShown = 20;

const char* words_of(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::insert:
            return "insert";
        case ChangeKind::update:
            return "update";
        case ChangeKind::remove:
            return "delete";
        case ChangeKind::truncate:
            return "truncate";
    }
    return "change";
}

class Look {
public:
    Look(engine::Source& source, const plan::Plan& plan, model::Position point)
        : source_(source), plan_(plan) {
        found_.read_to = std::move(point);
    }

    void take(model::SourceTransaction& transaction) {
        if (source_.covers(found_.read_to, transaction.commit)) {
            return;  // delivered again
        }
        add_late(found_, transaction,
                 [&](const Change& change) { return described(change, transaction); });
        found_.read_to = transaction.commit;
    }

    void passed(const model::Position& quiet_until) {
        if (!quiet_until.empty() && !source_.covers(found_.read_to, quiet_until)) {
            found_.read_to = quiet_until;
        }
    }

    bool has_read(const model::Position& end) const { return source_.covers(found_.read_to, end); }

    LateWrites result(bool complete) {
        found_.complete = complete;
        return std::move(found_);
    }

private:
    LateWrite described(const Change& change, const model::SourceTransaction& transaction) {
        const plan::TablePlan& table = plan_.tables[change.table];
        // An update says its key in the new row; a removal has the old one only.
        const model::Tuple& row = change.after.empty() ? change.before : change.after;
        return {table.source.display(), words_of(change.kind),
                row.empty() ? "" : source_.key_text(table, row), transaction.commit.text,
                transaction.commit_time};
    }

    engine::Source& source_;
    const plan::Plan& plan_;
    LateWrites found_;
};

}  // namespace

void add_late(LateWrites& found, model::SourceTransaction& transaction,
              const std::function<LateWrite(const Change&)>& describe) {
    Change change;
    while (found.first.size() < kShown && transaction.changes->next(change)) {
        found.first.push_back(describe(change));
    }
    found.changes += transaction.change_count;
    found.transactions += transaction.change_count > 0 ? 1 : 0;
}

LateWrites read_late_writes(flow::Runtime& runtime, engine::Source& source, const plan::Plan& plan,
                            const engine::CaptureOrigin& origin, const model::Position& point,
                            const LateLook& look, const std::function<void()>& tick) {
    const flow::TimePoint watched = runtime.now() + look.watch;
    const flow::TimePoint limit = watched + look.limit;
    Look reading(source, plan, point);
    const std::unique_ptr<engine::ChangeStream> log =
        source.open_changes(plan, origin, point, look.reader);
    std::optional<model::Position> end;
    while (!end || !reading.has_read(*end)) {
        tick();
        if (runtime.now() >= limit) {
            return reading.result(false);
        }
        if (!end && runtime.now() >= watched) {
            end = source.current_position();
            source.heartbeat();
        }
        engine::StreamEvent event = log->next(kLogWait);
        if (event.transaction) {
            reading.take(*event.transaction);
        } else {
            reading.passed(event.quiet_until);
        }
    }
    return reading.result(true);
}

}  // namespace cutover::stage
