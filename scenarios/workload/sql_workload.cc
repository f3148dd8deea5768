#include "scenarios/workload/sql_workload.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "migrator/model/error.h"

namespace cutover::scenarios {

namespace {

std::uint64_t number_in(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

fixtures::SessionOptions session_options(const WorkloadEnd& end, const std::string& application) {
    fixtures::SessionOptions options;
    options.application_name = application;
    std::string quoted = "\"";
    for (const char letter : end.schema) {
        quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    }
    options.settings = {"SET search_path = " + quoted + "\""};
    return options;
}

/// What cannot be read (a table is missing, a column has another type) was not migrated: that is a
/// finding about the side, not a reason to stop looking.
template <typename Read>
void unless_unreadable(std::vector<Check>& checks, const std::string& name, const std::string& side,
                       Read read) {
    try {
        read();
    } catch (const model::Error& error) {
        if (error.error_class() != model::ErrorClass::operation) {
            throw;
        }
        checks.push_back({name + ".readable", side, false, error.what(), {}});
    }
}

model::Instant instant(std::chrono::system_clock::time_point time) {
    return std::chrono::time_point_cast<std::chrono::microseconds>(time);
}

}  // namespace

SqlWorkload::SqlWorkload(WorkloadOptions options, std::unique_ptr<Script> script)
    : options_(std::move(options)),
      script_(std::move(script)),
      ledger_(options_.connections),
      writers_(ledger_, [this](fixtures::Session& session, WriterNumber writer,
                               WriteNumber number) { return transact(session, writer, number); }) {}

std::vector<model::ObjectName> SqlWorkload::tables() const {
    std::vector<model::ObjectName> all;
    for (const std::string& table : script_->tables()) {
        all.push_back({source_.schema, table});
    }
    all.push_back({source_.schema, name() + "_receipt"});
    all.push_back({source_.schema, name() + "_echo"});
    return all;
}

std::unique_ptr<fixtures::Session> SqlWorkload::open(const WorkloadEnd& end) const {
    fixtures::SessionOptions options = session_options(end, "cutover check " + name());
    options.answer_limit = std::chrono::minutes(5);
    return fixtures::open_session(end.endpoint, options);
}

void SqlWorkload::setup(const WorkloadEnd& source) {
    source_ = source;
    const auto session = open(source);
    session->query("CREATE SCHEMA IF NOT EXISTS " + session->identifier(source.schema));
    session->query(
        fmt::format("CREATE TABLE {0}_receipt (writer integer NOT NULL, number bigint NOT NULL,"
                    " previous bigint NOT NULL, PRIMARY KEY (writer, number));"
                    "CREATE TABLE {0}_echo (writer integer NOT NULL, number bigint NOT NULL);"
                    "ALTER TABLE {0}_echo REPLICA IDENTITY FULL",
                    name()));
    script_->create(*session);
}

void SqlWorkload::start() {
    WritersPlan plan;
    plan.endpoint = source_.endpoint;
    plan.session = session_options(source_, "cutover workload " + name());
    plan.transactions_per_second = options_.transactions_per_second;
    plan.longest_pause = std::chrono::milliseconds(options_.pause_ms);
    plan.seed = options_.seed;
    writers_.start(plan);
}

bool SqlWorkload::transact(fixtures::Session& session, WriterNumber writer,
                           WriteNumber number) const {
    Draw draw(options_.seed, name(), writer, number);
    session.query("BEGIN");
    std::string tail;
    Turn turn{session, draw, writer, number, tail};
    const bool keep = script_->transact(turn);
    session.query(tail + receipts(writer, number));
    return keep;
}

std::string SqlWorkload::receipts(WriterNumber writer, WriteNumber number) const {
    return fmt::format(
        "INSERT INTO {0}_receipt SELECT {1}, {2}, coalesce(max(number), 0) FROM {0}_receipt WHERE "
        "writer = {1};"
        "INSERT INTO {0}_echo VALUES ({1}, {2})",
        name(), writer, number);
}

TransactionTally SqlWorkload::read_tally(fixtures::Session& session) const {
    TransactionTally tally(ledger_, 2);
    session.stream(fmt::format("SELECT writer, number, previous FROM {}_receipt", name()),
                   [&](std::span<const std::string_view> row) {
                       tally.see(0, number_in(row[0]), number_in(row[1]), number_in(row[2]));
                   });
    session.stream(fmt::format("SELECT writer, number FROM {}_echo", name()),
                   [&](std::span<const std::string_view> row) {
                       tally.see(1, number_in(row[0]), number_in(row[1]), 0);
                   });
    return tally;
}

std::vector<Check> SqlWorkload::own_checks(fixtures::Session& session, const std::string& side,
                                           bool at_rest) const {
    std::vector<Check> checks = script_->always(session);
    if (at_rest) {
        for (Check& check : script_->at_rest(session)) {
            checks.push_back(std::move(check));
        }
    }
    for (Check& check : checks) {
        check.side = side;
    }
    return checks;
}

std::vector<Check> SqlWorkload::sample(const WorkloadEnd& end, const std::string& side) {
    return own_checks(*open(end), side, false);
}

WorkloadVerdict SqlWorkload::check(const WorkloadEnd& source, const WorkloadEnd& destination,
                                   SourceDurability durability) {
    const auto at_source = open(source);
    const auto at_destination = open(destination);
    WorkloadVerdict verdict;
    const auto add_own = [&](fixtures::Session& session, const std::string& side) {
        unless_unreadable(verdict.checks, name(), side, [&] {
            for (Check& check : own_checks(session, side, true)) {
                verdict.checks.push_back(std::move(check));
            }
        });
    };
    add_own(*at_source, "source");
    add_own(*at_destination, "destination");
    std::vector<Check> unreadable;
    const auto tally = [&](fixtures::Session& session, const std::string& side) {
        TransactionTally read(ledger_, 2);
        unless_unreadable(unreadable, "ledger." + name(), side,
                          [&] { read = read_tally(session); });
        return read;
    };
    const TransactionTally source_tally = tally(*at_source, "source");
    const TransactionTally destination_tally = tally(*at_destination, "destination");
    verdict.ledger =
        judge_ledger("ledger." + name(), ledger_, source_tally, destination_tally, durability);
    verdict.ledger.checks.insert(verdict.ledger.checks.end(), unreadable.begin(), unreadable.end());
    return verdict;
}

WorkloadMetrics SqlWorkload::metrics() const {
    WorkloadMetrics metrics;
    metrics.transactions = ledger_.counts();
    const std::uint64_t connects = writers_.reconnects();
    metrics.reconnects = connects > options_.connections ? connects - options_.connections : 0;
    metrics.latency_p50_ms = writers_.latency().percentile_ms(0.5);
    metrics.latency_p99_ms = writers_.latency().percentile_ms(0.99);
    metrics.longest_silence_ms = writers_.longest_silence_ms();
    for (const auto& [code, times] : writers_.errors()) {
        metrics.more["error " + code] = static_cast<double>(times);
    }
    return metrics;
}

std::vector<std::uint64_t> SqlWorkload::acknowledged_by_writer() const {
    return ledger_.acknowledged();
}

WorkloadRecord SqlWorkload::record() const {
    const WorkloadMetrics now = metrics();
    WorkloadRecord record;
    record.name = name();
    record.connections = options_.connections;
    if (const auto first = writers_.first_acknowledged()) {
        record.first_write = instant(*first);
    }
    if (const auto last = writers_.last_acknowledged()) {
        record.last_write = instant(*last);
    }
    record.acknowledged = now.transactions.ok;
    record.failed = now.transactions.failed;
    record.unknown = now.transactions.unknown + now.transactions.pending;
    record.metrics = {{"reconnects", static_cast<double>(now.reconnects)},
                      {"latency_p50_ms", now.latency_p50_ms},
                      {"latency_p99_ms", now.latency_p99_ms},
                      {"longest_silence_ms", now.longest_silence_ms}};
    record.metrics.insert(now.more.begin(), now.more.end());
    return record;
}

}  // namespace cutover::scenarios
