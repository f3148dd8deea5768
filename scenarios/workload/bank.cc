#include "scenarios/workload/bank.h"

#include <fmt/core.h>

#include <algorithm>

namespace cutover::scenarios {

namespace {

constexpr std::int64_t kOpeningBalance = 1000;
constexpr std::uint64_t kTransfersRolledBack = 4;  // percent

std::string move_money(std::uint64_t account, std::int64_t amount) {
    return fmt::format(
        "UPDATE bank_account SET balance = balance + {}, moves = moves + 1 WHERE id = {};", amount,
        account);
}

}  // namespace

void Bank::create(fixtures::Session& session) {
    session.query(fmt::format(
        "CREATE TABLE bank_account (id integer PRIMARY KEY, balance numeric(20, 2) NOT NULL,"
        " moves bigint NOT NULL DEFAULT 0, owner text NOT NULL) WITH (fillfactor = 70);"
        "INSERT INTO bank_account SELECT i, {1}, 0, 'owner ' || i FROM generate_series(0, {0} - 1) "
        "AS i;"
        "CREATE TABLE bank_transfer (writer integer NOT NULL, number bigint NOT NULL,"
        " payer integer NOT NULL REFERENCES bank_account, payee integer NOT NULL REFERENCES "
        "bank_account,"
        " amount numeric(20, 2) NOT NULL, PRIMARY KEY (writer, number))",
        accounts_, kOpeningBalance));
}

bool Bank::transact(Turn& turn) const {
    const std::uint64_t payer = turn.draw.below(accounts_);
    const std::uint64_t payee = (payer + 1 + turn.draw.below(accounts_ - 1)) % accounts_;
    const std::int64_t amount = turn.draw.between(1, 500);
    // Always the lower account first, so that two transfers never wait for each other.
    const std::string statements = payer < payee
                                       ? move_money(payer, -amount) + move_money(payee, amount)
                                       : move_money(payee, amount) + move_money(payer, -amount);
    turn.tail = statements + fmt::format("INSERT INTO bank_transfer VALUES ({}, {}, {}, {}, {});",
                                         turn.writer, turn.number, payer, payee, amount);
    return !turn.draw.chance(kTransfersRolledBack);
}

std::vector<Check> Bank::always(fixtures::Session& session) const {
    const auto row = session.query(
        "SELECT count(*), coalesce(sum(balance), 0)::numeric(30, 0) FROM bank_account");
    const std::string expected = fmt::format(
        "{} accounts with {}", accounts_, static_cast<std::int64_t>(accounts_) * kOpeningBalance);
    const std::string found =
        fmt::format("{} accounts with {}", *row.at(0).at(0), *row.at(0).at(1));
    Check check;
    check.name = "bank.total";
    check.passed = expected == found;
    check.detail = fmt::format("expected {}, found {}", expected, found);
    return {check};
}

std::vector<Check> Bank::at_rest(fixtures::Session& session) const {
    const auto rows =
        session.query(fmt::format("SELECT a.id, a.balance, {} + coalesce(t.sum, 0), a.moves, "
                                  "coalesce(t.count, 0) FROM bank_account a"
                                  " LEFT JOIN (SELECT account, sum(delta), count(*) FROM"
                                  "  (SELECT payer AS account, -amount AS delta FROM bank_transfer"
                                  "   UNION ALL SELECT payee, amount FROM bank_transfer) AS moves "
                                  "GROUP BY account) AS t ON t.account = a.id"
                                  " WHERE a.balance <> {} + coalesce(t.sum, 0) OR a.moves <> "
                                  "coalesce(t.count, 0) ORDER BY a.id",
                                  kOpeningBalance, kOpeningBalance));
    Check check;
    check.name = "bank.explained";
    check.passed = rows.empty();
    check.detail = fmt::format("{} of {} balances are not explained by their transfers",
                               rows.size(), accounts_);
    for (std::size_t at = 0; at < std::min<std::size_t>(rows.size(), 20); ++at) {
        check.samples.push_back(
            fmt::format("account {}: balance {} instead of {}, {} moves instead of {}",
                        *rows[at][0], *rows[at][1], *rows[at][2], *rows[at][3], *rows[at][4]));
    }
    return {check};
}

}  // namespace cutover::scenarios
