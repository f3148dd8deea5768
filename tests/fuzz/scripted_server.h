// A server that answers statements with what it was given: what a real one would never say, over a
// real connection. It speaks enough of the protocol for that, asks for no password and knows no SQL
// but what begins, ends and copies, and what asks whose our objects are.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/wire.h"

namespace cutover::fuzz {

/// Rows of cells; a cell that is `NULL` is one. Each row is repeated until it has as many columns
/// as any statement asks for. To a COPY each cell is one message of data.
using Answer = std::vector<std::vector<std::string>>;

/// How answers are written down as text: what an answer, a row and a cell end with.
inline constexpr char kAnswerEnds = '\x11';
inline constexpr char kRowEnds = '\x12';
inline constexpr char kCellEnds = '\x13';
std::vector<Answer> answers_of(std::string_view text);

/// The table that is told to be there as it was planned.
inline constexpr const char* kHonestIdentity = "16581/r/10";

/// Lives as long as the process. Any thread.
class ScriptedServer {
public:
    ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    plan::Endpoint endpoint() const;
    /// What the statements to come are answered with, one answer after another and over and over.
    /// `honest`: whether what bears our names is ours is answered with yes besides, as a real
    /// server would, so that what stands behind these questions is asked, too.
    void answer_with(std::vector<Answer> answers, bool honest);
    /// How many answers were given since.
    std::size_t given() const;

private:
    void serve();
    void talk(int peer);
    std::string answer(const std::string& sql, char& state);
    const Answer& next();

    mutable std::mutex mutex_;
    std::vector<Answer> answers_{{}};
    std::size_t at_ = 0;
    bool honest_ = true;
    tests::WireListener listener_ = tests::WireListener::open();
};

}  // namespace cutover::fuzz
