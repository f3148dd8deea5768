// Tells a person how a rehearsal goes on: one line that is written over on a terminal, plain lines
// now and then otherwise.
#pragma once

#include <chrono>
#include <ostream>
#include <string>

#include "scenarios/run/rehearsal.h"

namespace cutover::scenarios {

class TerminalNarrator : public Narrator {
public:
    TerminalNarrator(std::ostream& out, bool terminal)
        : out_(out), terminal_(terminal), started_(Clock::now()) {}
    ~TerminalNarrator() override { clear(); }

    void say(const std::string& line) override;
    void progress(const Observed& observed, const Evidence& evidence) override;

private:
    using Clock = std::chrono::steady_clock;
    void clear();
    std::string clock() const;

    std::ostream& out_;
    bool terminal_;
    bool dirty_ = false;
    Clock::time_point started_;
    Clock::time_point told_{};
    std::string last_;
};

}  // namespace cutover::scenarios
