// A server of PostgreSQL's protocol that lies about how it wants a password: no real one can be
// made to attack. It declines TLS or says what a test has written down, and keeps what it was sent.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/support/wire.h"

namespace cutover::tests {

/// How a password is wanted; 3: as it is.
std::string wire_request(std::uint32_t code, const std::string& more = "");

/// Says `after_ssl` when it is asked for TLS, `after_start` when somebody wants to log in, and
/// `after_answer` to what comes then, and goes away; reads until the other side hangs up.
class LyingServer {
public:
    LyingServer(std::string after_ssl, std::string after_start, std::string after_answer = "");
    ~LyingServer() { heard(); }
    LyingServer(const LyingServer&) = delete;
    LyingServer& operator=(const LyingServer&) = delete;

    plan::Endpoint endpoint(plan::TlsMode mode, const std::string& password) const {
        return listener_.endpoint(mode, password);
    }
    /// Everything that it was sent. No connection is taken after that.
    const std::string& heard();
    /// An answer to a statement: the session is over.
    static std::string goes_away();

private:
    void serve();
    void talk(int peer);

    std::array<std::string, 4> says_;
    WireListener listener_ = WireListener::open();
    std::string heard_;
    std::thread thread_;
};

}  // namespace cutover::tests
