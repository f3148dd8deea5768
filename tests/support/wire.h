// PostgreSQL's protocol as a server of a test's own speaks it: messages, and a place to listen.
// What is said and when is the server's own affair.
#pragma once

#include <cstdint>
#include <string>

#include "migrator/plan/endpoint.h"

namespace cutover::tests {

/// So many bytes, the highest first.
std::string wire_number(std::uint64_t value, int bytes = 4);
std::string wire_message(char kind, const std::string& body);

/// A socket that listens on 127.0.0.1 at a port of its own; whoever takes it closes it.
struct WireListener {
    int socket = -1;
    std::uint16_t port = 0;

    /// Throws: std::runtime_error (no port).
    static WireListener open();
    /// Database `shop`, user `mover`.
    plan::Endpoint endpoint(plan::TlsMode mode, const std::string& password) const;
};

}  // namespace cutover::tests
