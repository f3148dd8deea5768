#include "tests/support/wire.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>

namespace cutover::tests {

std::string wire_number(std::uint64_t value, int bytes) {
    std::string out;
    for (int at = bytes - 1; at >= 0; --at) {
        out += static_cast<char>(value >> (8 * at));
    }
    return out;
}

std::string wire_message(char kind, const std::string& body) {
    return std::string(1, kind) + wire_number(body.size() + 4) + body;
}

WireListener WireListener::open() {
    WireListener out;
    out.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    if (::bind(out.socket, reinterpret_cast<sockaddr*>(&here), length) != 0 ||
        ::listen(out.socket, 50) != 0 ||
        ::getsockname(out.socket, reinterpret_cast<sockaddr*>(&here), &length) != 0) {
        throw std::runtime_error("no port to listen on");
    }
    out.port = ntohs(here.sin_port);
    return out;
}

plan::Endpoint WireListener::endpoint(plan::TlsMode mode, const std::string& password) const {
    plan::Endpoint out;
    out.engine = "postgres";
    out.hosts = {{"127.0.0.1", port}};
    out.database = "shop";
    out.user = "mover";
    out.password = model::Secret(password);
    out.tls = mode;
    return out;
}

}  // namespace cutover::tests
