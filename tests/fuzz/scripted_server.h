// A server that answers every statement with cells that it was given: what a real one would never
// say, over a real connection. It speaks enough of the protocol for that, asks for no password and
// knows no SQL but what begins, ends and copies.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "migrator/plan/endpoint.h"

namespace cutover::fuzz {

/// Lives as long as the process. Any thread.
class ScriptedServer {
public:
    ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    plan::Endpoint endpoint() const;
    /// What each of the statements to come is answered with, from its first column on and over and
    /// over; `NULL` is one. Whether a comment is ours is answered with yes.
    void answer_with(std::vector<std::string> cells);

private:
    void serve();
    void talk(int peer);
    std::string answer(const std::string& sql, char& state);
    std::string rows();
    std::string copy();
    std::string next_cell();

    std::mutex mutex_;
    std::vector<std::string> cells_{""};
    std::size_t at_ = 0;
    int listener_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace cutover::fuzz
