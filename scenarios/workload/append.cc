#include "scenarios/workload/append.h"

#include <fmt/core.h>

#include <algorithm>

namespace cutover::scenarios {

namespace {

constexpr int kRemembered = 20;
constexpr std::uint64_t kAppendsRolledBack = 3;  // percent
constexpr std::uint64_t kLargePercent = 1;

Check check_of(const std::string& name, const std::vector<fixtures::Cells>& offenders,
               const std::string& what) {
    Check check;
    check.name = name;
    check.passed = offenders.empty();
    check.detail = fmt::format("{} {}", offenders.size(), what);
    for (std::size_t at = 0; at < std::min<std::size_t>(offenders.size(), 20); ++at) {
        std::string line;
        for (const auto& cell : offenders[at]) {
            line += (line.empty() ? "" : " | ") + cell.value_or("NULL");
        }
        check.samples.push_back(std::move(line));
    }
    return check;
}

}  // namespace

void Append::create(fixtures::Session& session) {
    session.query(fmt::format(
        "CREATE TABLE append_entry (writer integer NOT NULL, number bigint NOT NULL, piece "
        "smallint NOT NULL,"
        " at timestamp with time zone NOT NULL DEFAULT clock_timestamp(), content text NOT NULL,"
        " PRIMARY KEY (writer, number, piece));"
        "CREATE TABLE append_head (writer integer PRIMARY KEY, entries bigint NOT NULL, last "
        "bigint NOT NULL,"
        " recent bigint[] NOT NULL) WITH (fillfactor = 50);"
        "INSERT INTO append_head SELECT i, 0, 0, '{{}}' FROM generate_series(0, {} - 1) AS i",
        writers_));
}

bool Append::transact(Turn& turn) const {
    const std::int64_t pieces = turn.draw.between(1, 4);
    const std::int64_t length =
        turn.draw.chance(kLargePercent) ? turn.draw.between(300, 3000) : turn.draw.between(1, 4);
    turn.tail = fmt::format(
        "INSERT INTO append_entry (writer, number, piece, content)"
        " SELECT {0}, {1}, piece, (SELECT string_agg(md5({2} || ':' || piece || ':' || n), '')"
        " FROM generate_series(1, {4}) AS n) FROM generate_series(1, {3}) AS piece;"
        "UPDATE append_head SET entries = entries + {3}, last = {1},"
        " recent = (recent || {1}::bigint)[greatest(1, cardinality(recent) + 2 - {5}):] WHERE "
        "writer = {0};",
        turn.writer, turn.number, turn.draw.below(1'000'000'000), pieces, length, kRemembered);
    return !turn.draw.chance(kAppendsRolledBack);
}

std::vector<Check> Append::always(fixtures::Session& session) const {
    const auto rows = session.query(
        "SELECT h.writer, h.entries, e.count, h.last, e.last FROM append_head h LEFT JOIN"
        " (SELECT writer, count(*), max(number) AS last FROM append_entry GROUP BY writer) AS e "
        "USING (writer)"
        " WHERE h.entries <> coalesce(e.count, 0) OR h.last <> coalesce(e.last, 0)");
    return {check_of("append.head", rows, "heads do not match their entries")};
}

std::vector<Check> Append::at_rest(fixtures::Session& session) const {
    const auto rows = session.query(
        fmt::format("SELECT h.writer, h.recent, r.numbers FROM append_head h LEFT JOIN LATERAL"
                    " (SELECT array_agg(number ORDER BY number) AS numbers FROM (SELECT number "
                    "FROM append_receipt"
                    "  WHERE writer = h.writer ORDER BY number DESC LIMIT {}) AS last) AS r ON true"
                    " WHERE h.recent IS DISTINCT FROM coalesce(r.numbers, '{{}}')",
                    kRemembered));
    return {check_of("append.order", rows, "lists were not applied once and in order")};
}

}  // namespace cutover::scenarios
