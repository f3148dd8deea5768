// Turns the migrator's JSON lines into evidence, and into what the triggers look at. The only
// reader of the event format on this side; it judges nothing. A line that is no JSON (a message on
// standard error, the torn last line of a killed process) is kept as an event `text`.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "scenarios/evidence/evidence.h"
#include "scenarios/scenario/trigger.h"

namespace cutover::scenarios {

/// The wall clock in the evidence's unit.
Instant wall_now();

/// `2026-11-21T09:30:00.123456Z`; the unset Instant if it is none.
Instant parse_instant(const std::string& text);

/// One thread. `evidence` and `observed` must outlive it.
class Journal {
public:
    Journal(Evidence& evidence, Observed& observed) : evidence_(evidence), observed_(observed) {}

    void process_started(const std::string& log_file);
    void line(const std::string& text);
    /// `kill_ordered`: somebody of us wanted it dead; whether it died of that, the signal tells.
    void process_ended(std::optional<int> exit_code, std::optional<int> signal, bool kill_ordered);
    /// It stands still and the task will go on without it. What it may say later is not ours to
    /// hear.
    void process_frozen();
    /// Whether the present process has shown progress or a phase since its start.
    bool alive_again() const { return alive_again_; }
    /// Rows and chunks that were copied more than once, now that the judge has counted the rows.
    void settle_rework();

private:
    struct Line;
    ProcessRun& run() { return evidence_.processes.back(); }
    void on_started(const Line& line);
    void on_phase(const Line& line);
    void on_progress(const Line& line);
    void on_chunk(const Line& line);
    void on_retry(const Line& line);
    void on_recovered(const Line& line);
    void on_failover(const Line& line);
    void on_error(const Line& line);
    void on_finding(const Line& line);
    void on_ended(const Line& line);
    void on_sync_point(const Line& line);
    void showed_life(Instant at);

    Evidence& evidence_;
    Observed& observed_;
    bool alive_again_ = false;
};

}  // namespace cutover::scenarios
