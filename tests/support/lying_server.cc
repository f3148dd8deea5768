#include "tests/support/lying_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace cutover::tests {

using namespace std::string_literals;

std::string wire_request(std::uint32_t code, const std::string& more) {
    return wire_message('R', wire_number(code) + more);
}

std::string LyingServer::goes_away() {
    return wire_message('E', "SFATAL\0"s + "C57P01\0"s + "Mgoing away\0"s + "\0"s) +
           wire_message('Z', "I");
}

LyingServer::LyingServer(std::string after_ssl, std::string after_start, std::string after_answer)
    : says_{std::move(after_ssl), std::move(after_start), std::move(after_answer), goes_away()} {
    thread_ = std::thread([this] { serve(); });
}

const std::string& LyingServer::heard() {
    if (thread_.joinable()) {
        ::shutdown(listener_.socket, SHUT_RDWR);
        thread_.join();
        ::close(listener_.socket);
    }
    return heard_;
}

void LyingServer::serve() {
    for (int peer = 0; (peer = ::accept(listener_.socket, nullptr, nullptr)) >= 0; ::close(peer)) {
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
