// A task's waits for the world outside its process: what they are for, so that they can be
// reported, and when they must end, so that none outlives the task. Engines ask and report here;
// the task passes the reports on. This class does not wait itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "migrator/flow/runtime.h"
#include "migrator/flow/stop_signal.h"
#include "migrator/model/wait.h"

namespace cutover::flow {

/// A wait that is being reported.
struct ToldWait {
    std::uint64_t number = 0;  ///< no other wait of the task has it
    model::Wait wait;
};

/// For any thread. `runtime` and `stop` must outlive it.
class Waits {
public:
    /// A wait that lasts this long is reported, and its cause is looked for; both are repeated
    /// after the same time.
    static constexpr Duration kTellAfter = std::chrono::seconds(2);

    /// A stop waits this long first, so that what is answered by then still becomes durable.
    static constexpr Duration kGrace = std::chrono::milliseconds(500);
    /// Called when a wait is first reported, when others are in the way, and when it has ended
    /// (`ended`), on the thread that waits.
    using Listener = std::function<void(const ToldWait& wait, bool ended)>;

    Waits(Runtime& runtime, const StopSignal& stop, Duration grace = kGrace,
          Listener listener = {});

    /// True if all waits for a server must be given up, with `stopped`.
    bool over();
    /// If over(), throws stopped, saying what was waited for.
    void throw_if_over(const std::string& what);

    /// What is being waited for; the oldest first.
    std::vector<ToldWait> present() const;

private:
    friend class Notice;
    friend class Reprieve;

    /// How long a stop still allows, counted from the stop or from `since`, whichever is later.
    struct Allowance {
        Duration duration{};
        std::optional<TimePoint> since;
    };

    void tell(const ToldWait& told);
    void end(std::uint64_t number);

    Runtime& runtime_;
    const StopSignal& stop_;
    Allowance allowance_;
    const Listener listener_;
    std::unique_ptr<Gate> gate_;
    std::optional<TimePoint> stop_seen_;
    std::map<std::uint64_t, model::Wait> present_;
    std::uint64_t last_number_ = 0;
};

/// For what has to be undone at a server before the process ends, even after a stop: while a
/// Reprieve lives, a stop allows `bound` instead of the grace. For one thread; the task's other
/// waits get the longer time too.
class Reprieve {
public:
    Reprieve(Waits& waits, Duration bound);
    ~Reprieve();
    Reprieve(const Reprieve&) = delete;
    Reprieve& operator=(const Reprieve&) = delete;

private:
    Waits& waits_;
    Waits::Allowance before_;
};

/// One wait, reported from the first tell() until the Notice is destroyed. For one thread. If
/// `waits` is null, nothing is reported.
class Notice {
public:
    explicit Notice(Waits* waits);
    ~Notice();
    Notice(const Notice&) = delete;
    Notice& operator=(const Notice&) = delete;

    /// True every Waits::kTellAfter, the first time that long after the wait began: then it is
    /// worth finding out what is in the way.
    bool due();
    /// Replaces what was reported before.
    void tell(model::Side end, const std::string& what, std::vector<model::Holder> holders);

private:
    Waits* waits_;
    TimePoint due_at_{};
    model::Instant since_{};
    std::uint64_t number_ = 0;  ///< 0: not reported yet
};

}  // namespace cutover::flow
