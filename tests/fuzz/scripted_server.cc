#include "tests/fuzz/scripted_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

namespace cutover::fuzz {

namespace {

using namespace std::string_literals;

/// More than any statement of ours asks for.
constexpr std::size_t kColumns = 48;

std::string number(std::uint64_t value, int bytes) {
    std::string out;
    for (int at = bytes - 1; at >= 0; --at) {
        out += static_cast<char>(value >> (8 * at));
    }
    return out;
}

std::string message(char kind, const std::string& body) {
    return std::string(1, kind) + number(body.size() + 4, 4) + body;
}

std::string ready(char state) {
    return message('Z', std::string(1, state));
}

std::string let_in() {
    const auto says = [](const std::string& name, const std::string& value) {
        return message('S', name + '\0' + value + '\0');
    };
    return message('R', number(0, 4)) + says("server_version", "17.5") +
           says("server_encoding", "UTF8") + says("client_encoding", "UTF8") +
           says("standard_conforming_strings", "on") + says("in_hot_standby", "off") +
           says("default_transaction_read_only", "off") +
           message('K', number(1, 4) + number(2, 4)) + ready('I');
}

/// Exactly `length` bytes; false at the end.
bool take(int peer, std::size_t length, std::string& out) {
    out.resize(length);
    std::size_t got = 0;
    while (got < length) {
        const ssize_t more = ::recv(peer, out.data() + got, length - got, 0);
        if (more <= 0) {
            return false;
        }
        got += static_cast<std::size_t>(more);
    }
    return true;
}

std::uint32_t number_of(std::string_view bytes) {
    std::uint32_t out = 0;
    for (const char byte : bytes.substr(0, 4)) {
        out = out << 8 | static_cast<unsigned char>(byte);
    }
    return out;
}

bool says(const std::string& sql, std::string_view words) {
    return sql.find(words) != std::string::npos;
}

}  // namespace

ScriptedServer::ScriptedServer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof here;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&here), length) != 0 ||
        ::listen(listener_, 50) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &length) != 0) {
        throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(here.sin_port);
    std::thread([this] { serve(); }).detach();
}

plan::Endpoint ScriptedServer::endpoint() const {
    plan::Endpoint out;
    out.engine = "postgres";
    out.hosts = {{"127.0.0.1", port_}};
    out.database = "shop";
    out.user = "mover";
    out.password = model::Secret("not asked for");
    out.tls = plan::TlsMode::disable;
    return out;
}

void ScriptedServer::answer_with(std::vector<std::string> cells) {
    const std::lock_guard lock(mutex_);
    cells_ = cells.empty() ? std::vector<std::string>{""} : std::move(cells);
    at_ = 0;
}

void ScriptedServer::serve() {
    for (int peer = 0; (peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        std::thread([this, peer] {
            talk(peer);
            ::close(peer);
        }).detach();
    }
}

void ScriptedServer::talk(int peer) {
    std::string head;
    std::string body;
    if (!take(peer, 4, head) || number_of(head) < 8 || !take(peer, number_of(head) - 4, body)) {
        return;
    }
    std::string out = let_in();
    char state = 'I';
    std::string sql;
    for (;;) {
        if (!out.empty() && ::send(peer, out.data(), out.size(), MSG_NOSIGNAL) < 0) {
            return;
        }
        out.clear();
        if (!take(peer, 5, head) || !take(peer, number_of(head.substr(1)) - 4, body)) {
            return;
        }
        switch (head[0]) {
            case 'Q':
                out = answer(body, state) + ready(state);
                break;
            case 'P':
                sql = body.substr(body.find('\0') + 1);
                out = message('1', "");
                break;
            case 'B':
                out = message('2', "");
                break;
            case 'E':
                out = answer(sql, state);
                break;
            case 'S':
                out = ready(state);
                break;
            case 'X':
                return;
            default:  // Describe is answered with the rows
                break;
        }
    }
}

std::string ScriptedServer::answer(const std::string& sql, char& state) {
    const std::lock_guard lock(mutex_);
    if (says(sql, "BEGIN")) {
        state = 'T';
    }
    if (says(sql, "COMMIT") || (says(sql, "ROLLBACK") && !says(sql, "ROLLBACK TO"))) {
        state = 'I';
    }
    if (says(sql, "TO STDOUT")) {
        return copy();
    }
    if (says(sql, "SET client_encoding")) {
        return message('C', "SET\0"s);
    }
    at_ = 0;
    if (says(sql, "obj_description(oid, 'pg_namespace')")) {
        std::vector<std::string> yes{"t"};
        std::swap(cells_, yes);
        std::string out = rows();
        std::swap(cells_, yes);
        return out;
    }
    return rows();
}

std::string ScriptedServer::next_cell() {
    return cells_[at_++ % cells_.size()];
}

std::string ScriptedServer::rows() {
    std::string out = number(kColumns, 2);
    for (std::size_t column = 0; column < kColumns; ++column) {
        out += "c\0"s + number(0, 6) + number(25, 4) + number(0xFFFF, 2) + number(0xFFFFFFFF, 4) +
               number(0, 2);
    }
    out = message('T', out);
    const std::size_t rows = 1 + cells_.size() / 24;
    for (std::size_t row = 0; row < rows; ++row) {
        std::string cells = number(kColumns, 2);
        for (std::size_t column = 0; column < kColumns; ++column) {
            const std::string cell = next_cell();
            cells += cell == "NULL" ? number(0xFFFFFFFF, 4) : number(cell.size(), 4) + cell;
        }
        out += message('D', cells);
    }
    return out + message('C', "SELECT " + std::to_string(rows) + '\0');
}

std::string ScriptedServer::copy() {
    std::string out = message('H', number(1, 1) + number(0, 2));
    for (std::size_t part = 0; part < cells_.size(); ++part) {
        out += message('d', next_cell());
    }
    return out + message('c', "") + message('C', "COPY 1\0"s);
}

}  // namespace cutover::fuzz
