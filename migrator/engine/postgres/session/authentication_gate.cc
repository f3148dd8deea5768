#include "migrator/engine/postgres/session/authentication_gate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

/// What follows the `R` of an authentication request (protocol 3).
enum Request : std::uint32_t {
    kContent = 0,
    kCleartextPassword = 3,
    kMd5 = 5,
    kGss = 7,
    kGssMore = 8,
    kSasl = 10,
    kSaslMore = 11,
    kSaslEnd = 12,
};

constexpr std::size_t kHead = 5;  ///< kind, length
/// Far more than any server sends before it accepts the login.
constexpr std::size_t kLongestMessage = 64 << 10;

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t byte = at; byte < at + 4; ++byte) {
        number = number << 8 | static_cast<unsigned char>(bytes[byte]);
    }
    return number;
}

/// The method of a request that asks for something, in libpq's words; empty for a request that
/// continues or ends an earlier one.
const char* method_of(std::uint32_t request) {
    switch (request) {
        case kMd5:
            return "md5";
        case kSasl:
            return "scram-sha-256";
        case kGss:
            return "gss";
        default:
            return "";
    }
}

Error cleartext() {
    return Error(
        ErrorClass::refused, "postgres.cleartext_password",
        "the server asks for the password in clear, over a connection without TLS; it was not sent",
        "write `tls: {mode: verify-full, ca: FILE}`, or let the server ask for scram-sha-256 in "
        "pg_hba.conf; if it is not the server that you mean, somebody stands in between");
}

Error other_method(const std::string& required, const std::string& asked) {
    return Error(ErrorClass::refused, "postgres.require_auth",
                 fmt::format("`require_auth` is {}, and the server {}", required, asked),
                 "change the server's pg_hba.conf or the task file; if it is not the server that "
                 "you mean, somebody stands in between");
}

bool would_wait() {
    return errno == EAGAIN || errno == EINTR;
}

}  // namespace

AuthenticationGate::AuthenticationGate(int descriptor, std::string required)
    : descriptor_(descriptor), required_(std::move(required)), proved_(required_.empty()) {
    std::array<int, 2> pair{-1, -1};
    server_ = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    const bool made =
        server_ >= 0 &&
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) == 0;
    inner_ = pair[0];
    if (!made || ::dup3(pair[1], descriptor, O_CLOEXEC) < 0) {
        throw Error(ErrorClass::operation, "postgres.descriptors",
                    "no more descriptors for a connection", "raise the limit: ulimit -n");
    }
    ::close(pair[1]);
}

AuthenticationGate::~AuthenticationGate() {
    ::close(inner_);
    ::close(server_);
}

void AuthenticationGate::step_aside() {
    to_server();
    ::dup3(server_, descriptor_, O_CLOEXEC);
}

bool AuthenticationGate::pass(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        to_server();
        if (open_ || from_server()) {
            return true;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return false;
        }
        std::array<pollfd, 2> sides{pollfd{server_, POLLIN, 0}, pollfd{inner_, POLLIN, 0}};
        ::poll(sides.data(), sides.size(), static_cast<int>(left.count()));
    }
}

/// Answers are short: if they do not fit into the socket's buffer, the connection is of no use.
void AuthenticationGate::to_server() {
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t got = ::recv(inner_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        if (::send(server_, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) {
            ::shutdown(inner_, SHUT_RDWR);  // libpq sees a connection that was lost
            return;
        }
    }
}

/// Reads no further than the message that accepts the login: what follows is for libpq.
bool AuthenticationGate::from_server() {
    std::array<char, 4096> buffer{};
    for (;;) {
        std::size_t wanted = buffer.size();
        if (!raw_) {
            const std::size_t whole =
                message_.size() < kHead ? kHead : 1 + std::size_t{number_at(message_, 1)};
            wanted = std::min(wanted, whole - message_.size());
        }
        const ssize_t got = ::recv(server_, buffer.data(), wanted, MSG_DONTWAIT);
        if (got < 0 && would_wait()) {
            return false;
        }
        if (got <= 0) {
            ::shutdown(inner_, SHUT_WR);
            return true;
        }
        message_.append(buffer.data(), static_cast<std::size_t>(got));
        // The reason of a refusal may come without a length, from a server that is out of memory.
        raw_ = raw_ || message_.front() == 'E';
        if (raw_) {
            hand_over(std::exchange(message_, {}));
            return true;
        }
        if (message_.size() < kHead) {
            continue;
        }
        const std::size_t length = number_at(message_, 1);
        if (length < 4 || length > kLongestMessage) {
            throw Error(ErrorClass::refused, "postgres.not_a_server",
                        "what answers does not speak PostgreSQL's protocol",
                        "correct host and port in the task file");
        }
        if (message_.size() == 1 + length) {
            check(message_);
            hand_over(std::exchange(message_, {}));
            return true;
        }
    }
}

void AuthenticationGate::check(std::string_view message) {
    if (message.front() != 'R' || message.size() < kHead + 4) {
        return;
    }
    const std::uint32_t request = number_at(message, kHead);
    if (request == kCleartextPassword) {
        throw cleartext();
    }
    const std::string method = method_of(request);
    if (!required_.empty() && !method.empty() && method != required_) {
        throw other_method(required_, "asks for " + method);
    }
    // scram also proves the server's identity, but only with its last message.
    proved_ = proved_ || request == kSaslEnd ||
              (request != kSasl && !method.empty() && method == required_);
    if (request == kContent) {
        if (!proved_ && required_ != "none") {
            throw other_method(required_, "let us in without it");
        }
        open_ = true;
    }
}

void AuthenticationGate::hand_over(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(inner_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            ::shutdown(inner_, SHUT_RDWR);
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

}  // namespace cutover::postgres
