#include "tests/support/lying_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace cutover::tests {

using namespace std::string_literals;

std::string wire_number(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(value >> shift & 0xFF);
    }
    return out;
}

std::string wire_message(char kind, const std::string& body) {
    return std::string(1, kind) + wire_number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

std::string wire_request(std::uint32_t code, const std::string& more) {
    return wire_message('R', wire_number(code) + more);
}

std::string LyingServer::goes_away() {
    return wire_message('E', "SFATAL\0"s + "C57P01\0"s + "Mgoing away\0"s + "\0"s) +
           wire_message('Z', "I");
}

LyingServer::LyingServer(std::string after_ssl, std::string after_start, std::string after_answer)
    : says_{std::move(after_ssl), std::move(after_start), std::move(after_answer), goes_away()} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&here), length) != 0 ||
        ::listen(listener_, 5) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length) != 0) {
        throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] { serve(); });
}

plan::Endpoint LyingServer::endpoint(plan::TlsMode mode, const std::string& password) const {
    plan::Endpoint out;
    out.engine = "postgres";
    out.hosts = {{"127.0.0.1", port_}};
    out.database = "shop";
    out.user = "mover";
    out.password = model::Secret(password);
    out.tls = mode;
    return out;
}

const std::string& LyingServer::heard() {
    if (thread_.joinable()) {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    return heard_;
}

void LyingServer::serve() {
    for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
        talk(peer);
    }
}

void LyingServer::talk(int peer) {
    constexpr std::uint32_t kTls = 80877103;
    const auto say = [peer](const std::string& text) {
        ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
    };
    std::size_t turn = 1;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(peer, buffer.data(), buffer.size(), 0)) > 0;) {
        const std::string said(buffer.data(), static_cast<std::size_t>(got));
        heard_ += said;
        if (said == wire_number(8) + wire_number(kTls)) {
            say(says_[0]);
        } else if (turn < says_.size()) {
            say(says_[turn++]);
        }
    }
}

}  // namespace cutover::tests
