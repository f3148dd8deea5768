#include "tests/fuzz/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "migrator/engine/postgres/trust/own_objects.h"

namespace cutover::fuzz {

namespace {

using namespace std::string_literals;
using tests::wire_message;
using tests::wire_number;

/// More than any statement of ours asks for.
constexpr std::size_t kColumns = 48;

std::string ready(char state) {
    return wire_message('Z', std::string(1, state));
}

std::string let_in() {
    const auto says = [](const std::string& name, const std::string& value) {
        return wire_message('S', name + '\0' + value + '\0');
    };
    return wire_message('R', wire_number(0, 4)) + says("server_version", "17.5") +
           says("server_encoding", "UTF8") + says("client_encoding", "UTF8") +
           says("standard_conforming_strings", "on") + says("in_hot_standby", "off") +
           says("default_transaction_read_only", "off") +
           wire_message('K', wire_number(1, 4) + wire_number(2, 4)) + ready('I');
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

bool gives_rows(const std::string& sql) {
    const std::size_t start = sql.find_first_not_of(" \n(");
    const std::string_view begins = std::string_view(sql).substr(std::min(start, sql.size()));
    return begins.starts_with("SELECT") || begins.starts_with("WITH") ||
           begins.starts_with("SHOW") || says(sql, "RETURNING");
}

/// Of the questions whose something is (own_objects.h, relation.h, the holder of a task in
/// control.cc): nothing is wrong with it.
std::optional<Answer> honest_answer(const std::string& sql) {
    if (says(sql, "pg_get_userbyid(nspowner) FROM")) {
        return Answer{{postgres::kControlComment, "mover"}};
    }
    if (says(sql, "SELECT relation, wrong,") || says(sql, "IS DISTINCT FROM v.oid::regclass")) {
        return Answer{};
    }
    if (says(sql, "coalesce(host(a.client_addr), 'a local socket')")) {
        return Answer{};  // nobody holds the task: else each input would wait for him
    }
    if (says(sql, "(pg_identify_object('pg_class'::regclass, r.oid, 0)).type")) {
        return Answer{{"4711", kHonestIdentity, "table"}};
    }
    return std::nullopt;
}

std::string rows(const Answer& answer) {
    std::string out = wire_number(kColumns, 2);
    for (std::size_t column = 0; column < kColumns; ++column) {
        out += "c\0"s + wire_number(0, 6) + wire_number(25, 4) + wire_number(0xFFFF, 2) +
               wire_number(0xFFFFFFFF, 4) + wire_number(0, 2);
    }
    out = wire_message('T', out);
    for (const std::vector<std::string>& row : answer) {
        std::string cells = wire_number(kColumns, 2);
        for (std::size_t column = 0; column < kColumns; ++column) {
            const std::string& cell = row[column % row.size()];
            cells +=
                cell == "NULL" ? wire_number(0xFFFFFFFF, 4) : wire_number(cell.size(), 4) + cell;
        }
        out += wire_message('D', cells);
    }
    return out + wire_message('C', "SELECT " + std::to_string(answer.size()) + '\0');
}

std::string copy(const Answer& answer) {
    std::string out = wire_message('H', wire_number(1, 1) + wire_number(0, 2));
    for (const std::vector<std::string>& row : answer) {
        for (const std::string& cell : row) {
            out += wire_message('d', cell);
        }
    }
    return out + wire_message('c', "") + wire_message('C', "COPY 1\0"s);
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(at), text.size());
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

}  // namespace

std::vector<Answer> answers_of(std::string_view text) {
    std::vector<Answer> answers;
    for (const std::string& answer : split(text, kAnswerEnds)) {
        Answer& made = answers.emplace_back();
        for (const std::string& row : split(answer, kRowEnds)) {
            made.push_back(split(row, kCellEnds));
            if (made.back().empty()) {
                made.back().emplace_back();
            }
        }
    }
    return answers;
}

ScriptedServer::ScriptedServer() {
    std::thread([this] { serve(); }).detach();
}

plan::Endpoint ScriptedServer::endpoint() const {
    return listener_.endpoint(plan::TlsMode::disable, "not asked for");
}

void ScriptedServer::answer_with(std::vector<Answer> answers, bool honest) {
    const std::lock_guard lock(mutex_);
    answers_ = answers.empty() ? std::vector<Answer>{{}} : std::move(answers);
    at_ = 0;
    honest_ = honest;
}

std::size_t ScriptedServer::given() const {
    const std::lock_guard lock(mutex_);
    return at_;
}

void ScriptedServer::serve() {
    for (int peer = 0; (peer = ::accept4(listener_.socket, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
        const int at_once = 1;  // many small messages, each waited for
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
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
                out = wire_message('1', "");
                break;
            case 'B':
                out = wire_message('2', "");
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
    if (honest_) {
        if (const std::optional<Answer> truth = honest_answer(sql)) {
            return rows(*truth);
        }
    }
    if (says(sql, "TO STDOUT")) {
        return copy(next());
    }
    return gives_rows(sql) ? rows(next()) : wire_message('C', "DONE\0"s);
}

const Answer& ScriptedServer::next() {
    return answers_[at_++ % answers_.size()];
}

}  // namespace cutover::fuzz
