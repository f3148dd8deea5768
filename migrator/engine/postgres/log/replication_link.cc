#include "migrator/engine/postgres/log/replication_link.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "migrator/engine/postgres/log/decoder.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr std::chrono::seconds kStatusInterval(10);
/// As a native subscription has it: a server that decodes one huge transaction is silent for long.
constexpr std::chrono::seconds kAskAfter(30);
constexpr std::chrono::seconds kGiveUpAfter(30);

/// Our pauses are the sink's: the server must not take them for our death. A dead peer is found by
/// TCP, and a slot that a ghost still holds is freed when the task comes back. Not 0, which means
/// never: then a walsender looks for a reply after every change that it sends.
constexpr const char* kLogSession =
    "SET wal_sender_timeout = '1d'; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;"
    " SET tcp_keepalives_count = 3";

std::int64_t server_now() {
    return server_time_of(
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()));
}

void append(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        out += static_cast<char>((value >> shift) & 0xFF);
    }
}

/// The server's words for what happened to slot and publication, in classes that say what may be
/// done.
Error stream_error(const pg_result* result, const pg_conn* connection, const std::string& slot) {
    const char* field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string state = field == nullptr ? "" : field;
    const Error plain = error_from(result, connection, "START_REPLICATION");
    if (state == "55006") {
        return Error(ErrorClass::operation, "slot.busy",
                     "replication slot '" + slot + "' is in use: " + plain.message(),
                     "end the connection that holds it, see pg_replication_slots.active_pid");
    }
    if (state == "42704") {
        return Error(
            ErrorClass::refused, "slot.missing",
            "the source has lost a part of the task: " + plain.message(),
            "release the task and migrate anew; changes since the last applied position are not "
            "proved to be complete");
    }
    if (state == "22021" || state == "22P05") {
        return Error(ErrorClass::refused, "log.encoding",
                     "a change in the log holds bytes that are no text: " + plain.message(),
                     "the log keeps them whatever becomes of the row: mend it at the source, "
                     "release the task and migrate anew");
    }
    if (state == "55000" || state == "58P01") {
        return Error(
            ErrorClass::corrupt, "slot.invalidated",
            "the log after the last applied position is gone: " + plain.message(),
            "raise max_slot_wal_keep_size at the source, release the task and migrate anew");
    }
    return plain;
}

/// Makes what the socket holds small enough to be full at times, where the server is near: then the
/// server's side joins what we have no room for. Left alone, the room grows until nothing ever
/// waits in it, each change costs the server a packet, and its log comes at half the speed.
/// @return how many bytes are worth waiting for before reading; 0 where the distance is what
/// limits.
int shape_reception(int socket) {
    constexpr int kRoom = 256 << 10;
    constexpr std::uint32_t kNear = 500;  // µs there and back: the room passes 500 MB/s
    constexpr int kLocalGulp = 16 << 10;  // a Unix socket counts its packets, not their bytes
    tcp_info distance{};
    socklen_t size = sizeof(distance);
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &distance, &size) != 0) {
        return kLocalGulp;
    }
    if (distance.tcpi_rtt > kNear ||
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kRoom, sizeof(kRoom)) != 0) {
        return 0;
    }
    return kRoom / 2;
}

}  // namespace

ReplicationLink::ReplicationLink(Connection connection, const std::string& slot,
                                 const std::string& publication, Lsn from)
    : connection_(std::move(connection)), slot_(slot), received_(from), flushed_(from) {
    connection_.exec(kLogSession);
    const std::string sql = fmt::format(
        "START_REPLICATION SLOT {} LOGICAL {} (proto_version '2', publication_names {}, binary "
        "'true',"
        " streaming 'on', messages 'true')",
        quote_identifier(slot), to_text(from),
        connection_.quote_literal(quote_identifier(publication)));
    ServerCall call(connection_, sql);
    pg_result* result =
        PQsendQuery(connection_.raw(), sql.c_str()) == 1 ? connection_.last_result(call) : nullptr;
    if (PQresultStatus(result) != PGRES_COPY_BOTH) {
        const Error error = stream_error(result, connection_.raw(), slot_);
        PQclear(result);
        throw Error(error);
    }
    PQclear(result);
    gulp_ = shape_reception(PQsocket(connection_.raw()));
}

ReplicationLink::~ReplicationLink() {
    PQfreemem(buffer_);
}

std::optional<ReplicationMessage> ReplicationLink::receive(std::chrono::milliseconds wait) {
    ReplicationMessage message;
    if (Clock::now() - spoken_ >= kStatusInterval) {
        send_status(false);
    }
    if (take_message(message)) {
        return message;
    }
    wait_readable(wait);
    if (take_message(message)) {
        return message;
    }
    watch_silence();
    return std::nullopt;
}

bool ReplicationLink::take_message(ReplicationMessage& out) {
    PQfreemem(std::exchange(buffer_, nullptr));
    const int length = PQgetCopyData(connection_.raw(), &buffer_, 1);
    if (length == 0) {
        return false;
    }
    if (length < 0) {
        fail_at_end();
    }
    asked_.reset();
    out = decode({buffer_, static_cast<std::size_t>(length)});
    if (out.wants_reply) {
        send_status(false);
    }
    return true;
}

ReplicationMessage ReplicationLink::decode(std::string_view bytes) {
    MessageReader reader(bytes);
    const auto kind = static_cast<char>(reader.byte());
    ReplicationMessage out;
    if (kind == 'w') {
        received_ = std::max(received_, reader.number64());
        reader.number64();  // the server's end of log
        reader.number64();  // its clock
        out.data = reader.rest();
        return out;
    }
    if (kind != 'k') {
        throw Error(ErrorClass::corrupt, "stream.undecodable",
                    fmt::format("the server sent a replication message of unknown kind {}",
                                static_cast<int>(kind)));
    }
    out.kind = ReplicationMessage::Kind::keepalive;
    out.log_end = reader.number64();
    reader.number64();
    out.wants_reply = reader.byte() != 0;
    received_ = std::max(received_, out.log_end);
    return out;
}

/// A walsender sends each change by itself. Who takes each as it comes has it sent in a packet of
/// its own, and is woken for it; who lets a gulp come together has the changes after it wait at the
/// server, where they become large packets.
void ReplicationLink::gather() const {
    constexpr std::chrono::milliseconds kPatience(2);
    int there = 0;
    if (gulp_ > 0 && ::ioctl(PQsocket(connection_.raw()), FIONREAD, &there) == 0 && there < gulp_) {
        std::this_thread::sleep_for(kPatience);
    }
}

void ReplicationLink::wait_readable(std::chrono::milliseconds wait) {
    pollfd descriptor{PQsocket(connection_.raw()), POLLIN, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(wait.count()));
    if (ready < 0 && errno != EINTR) {
        throw Error(ErrorClass::connection, "postgres.connection_lost",
                    "the replication connection cannot be waited for");
    }
    if (ready > 0) {
        heard_ = Clock::now();
        gather();
        if (PQconsumeInput(connection_.raw()) == 0) {
            throw error_from(nullptr, connection_.raw(), "START_REPLICATION");
        }
    }
}

/// Called when there was nothing to read: only then does silence say something about the server.
void ReplicationLink::watch_silence() {
    const Clock::time_point now = Clock::now();
    if (asked_) {
        if (now - *asked_ >= kGiveUpAfter && now - heard_ >= kGiveUpAfter) {
            throw Error(
                ErrorClass::connection, "postgres.silent",
                fmt::format("the source has not answered on the replication connection for {} s",
                            std::chrono::duration_cast<std::chrono::seconds>(now - heard_).count()),
                "check that the server runs and can be reached from here");
        }
    } else if (now - heard_ >= kAskAfter) {
        asked_ = now;
        send_status(true);
    }
}

void ReplicationLink::confirm(Lsn flushed) {
    if (flushed > flushed_) {
        flushed_ = flushed;
        received_ = std::max(received_, flushed);
        send_status(false);
    }
}

void ReplicationLink::send_status(bool ask_reply) {
    std::string message = "r";
    append(message, received_);
    append(message, flushed_);
    append(message, flushed_);
    append(message, static_cast<std::uint64_t>(server_now()));
    message += ask_reply ? '\1' : '\0';
    if (PQputCopyData(connection_.raw(), message.data(), static_cast<int>(message.size())) != 1) {
        throw error_from(nullptr, connection_.raw(), "START_REPLICATION");
    }
    ServerCall call(connection_, "START_REPLICATION");
    connection_.flush(call);
    spoken_ = Clock::now();
}

void ReplicationLink::fail_at_end() {
    ServerCall call(connection_, "START_REPLICATION");
    while (pg_result* result = connection_.next_result(call)) {
        if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
            const Error error = stream_error(result, connection_.raw(), slot_);
            PQclear(result);
            throw Error(error);
        }
        const bool both = PQresultStatus(result) == PGRES_COPY_IN;
        PQclear(result);
        if (both) {
            break;  // the server has ended its half; nothing more will come
        }
    }
    throw Error(ErrorClass::connection, "postgres.stream_ended",
                "the source has ended the replication stream; it is shutting down or restarting",
                "the task goes on when the server can be reached again");
}

}  // namespace cutover::postgres
