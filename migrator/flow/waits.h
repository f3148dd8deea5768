// A task's waits for the world outside its process: what they are for, so that they can be told,
// and when they are over, so that nobody waits longer than the task lives. Engines ask and tell
// here; the task passes it on. It does not wait itself.
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

/// A wait that is being told.
struct ToldWait {
    std::uint64_t number = 0;  ///< no other wait of the task has it
    model::Wait wait;
};

/// Any thread. `runtime` and `stop` must outlive it.
class Waits {
public:
    /// A wait that lasts so long is told, and who is in the way is looked for; again after as long.
    static constexpr Duration kTellAfter = std::chrono::seconds(2);

    /// A stop leaves so long first: what is answered by then still becomes durable.
    static constexpr Duration kGrace = std::chrono::milliseconds(500);
    /// Hears of a wait when it is first told, when others are in the way, and when it has ended
    /// (`ended`), on the thread that waits.
    using Listener = std::function<void(const ToldWait& wait, bool ended)>;

    Waits(Runtime& runtime, const StopSignal& stop, Duration grace = kGrace,
          Listener listener = {});

    /// True: whoever waits for a server gives up, with `stopped`.
    bool over();
    /// Throws stopped, saying what was waited for, if over().
    void throw_if_over(const std::string& what);

    /// What is being waited for, oldest first.
    std::vector<ToldWait> present() const;

private:
    friend class Notice;
    friend class Reprieve;

    /// How long a stop leaves, from itself or from `since`, whichever is later.
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

/// For what has to be undone at a server before a process ends, even at a stop: while this lives, a
/// stop leaves it `bound` instead of the grace. One thread; the task's other waits get it, too.
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

/// One wait, told from the first tell() until this goes. One thread. Without waits nobody is told.
class Notice {
public:
    explicit Notice(Waits* waits);
    ~Notice();
    Notice(const Notice&) = delete;
    Notice& operator=(const Notice&) = delete;

    /// True every Waits::kTellAfter, the first time so long after the wait has begun: then it is
    /// worth finding out who is in the way.
    bool due();
    /// Replaces what was told before.
    void tell(model::Side end, const std::string& what, std::vector<model::Holder> holders);

private:
    Waits* waits_;
    TimePoint due_at_{};
    model::Instant since_{};
    std::uint64_t number_ = 0;  ///< 0: not told
};

}  // namespace cutover::flow
