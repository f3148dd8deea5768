#include "tests/support/sample_evidence.h"

#include <cmath>

namespace cutover::tests {

namespace {

using namespace cutover::scenarios;
using std::chrono::milliseconds;

const Instant kStart{std::chrono::seconds(1'795'255'532)};

Instant at(double seconds) {
    return kStart + std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6));
}

ProcessRun life(std::uint32_t number, double from, double to, bool killed) {
    ProcessRun run;
    run.number = number;
    run.started = at(from);
    run.ended = at(to);
    run.resumed = number > 1;
    run.epoch = number;
    run.killed_by_us = killed;
    if (killed) {
        run.signal = 9;
    } else {
        run.exit_code = 0;
        run.outcome = "finished";
    }
    run.position = "0/1A2B3C" + std::to_string(number);
    run.log_file = "migrator_" + std::to_string(number) + ".jsonl";
    return run;
}

FaultRecord fault(const std::string& name, const std::string& target, double from, double to,
                  const std::string& proof) {
    FaultRecord record;
    record.name = name;
    record.target = target;
    record.injected = at(from);
    record.landed = at(from + 0.2);
    record.landed_proof = proof;
    record.effect_ended = at(to);
    return record;
}

Check check(const std::string& name, const std::string& side, bool passed,
            const std::string& detail) {
    return {name, side, passed, detail, {}};
}

void add_copy(Evidence& run) {
    std::uint64_t rows = 0;
    for (int step = 0; step < 60; ++step) {
        const double when = 22 + step * 0.5;
        if (when > 34 && when < 37.5) {
            continue;
        }
        const double rate = 78'000 + 9'000 * std::sin(step * 0.9);
        rows += static_cast<std::uint64_t>(rate / 2);
        Sample sample;
        sample.at = at(when);
        sample.process = when < 34 ? 1 : 2;
        sample.phase = "full";
        sample.rows = rows;
        sample.rows_total = 2'217'067;
        sample.bytes = rows * 96;
        sample.fraction = static_cast<double>(rows) / 2'217'067;
        sample.per_second = rate;
        run.samples.push_back(sample);
        run.chunks.push_back({sample.at, sample.process, "shop.event_log",
                              static_cast<std::uint32_t>(step), 40'000,
                              when > 37.4 && when < 38.6});
    }
}

void add_log(Evidence& run) {
    std::uint64_t changes = 0;
    for (int step = 0; step < 116; ++step) {
        const double when = 56 + step * 0.5;
        const bool away =
            (when > 70 && when < 73) || (when > 84 && when < 90) || (when > 100 && when < 103);
        if (when > 70 && when < 73) {
            continue;
        }
        Sample sample;
        sample.at = at(when);
        sample.process = when < 70 ? 2 : 3;
        sample.phase = "incremental";
        sample.per_second =
            away ? 0 : 2'400 + 800 * std::sin(step * 0.35) + (when < 60 ? 6'000 : 0);
        changes += static_cast<std::uint64_t>(sample.per_second / 2);
        sample.changes = changes;
        sample.transactions = changes / 6;
        sample.lag =
            milliseconds(away ? static_cast<int>((when - (when > 99 ? 100 : 84)) * 1000)
                              : 180 + 60 * (step % 5) + (when < 60 ? 9'000 - step * 1'000 : 0));
        run.samples.push_back(sample);
    }
    for (int step = 0; step < 180; ++step) {
        const double when = 20 + step * 0.5;
        const bool away = when > 84 && when < 88;
        run.workload_samples.push_back(
            {at(when), static_cast<std::uint64_t>(step) * 210, away ? 0 : 420.0, {}});
    }
}

void add_faults(Evidence& run) {
    run.faults = {
        fault("kill_migrator", "migrator", 34, 37.5, "process 1 ended with signal 9"),
        fault("reset_link", "link.source", 62, 63.5,
              "3 connections were reset after byte 1,048,576"),
        fault("kill_migrator", "migrator", 70, 73, "process 2 ended with signal 9"),
        fault("promote_standby", "source", 84, 90,
              "pg_is_in_recovery() is false on source_standby"),
        fault("restart", "destination", 100, 103, "a query succeeds again; started 10:08:52")};
    run.faults[1].healed = at(62.4);
    run.faults[1].healed_proof = "new connections pass";
    const char* triggers[] = {"full progress 40 %", "applied 500 transactions",
                              "applied 4,000 transactions", "applied 9,000 transactions",
                              "applied 14,000 transactions"};
    for (std::uint32_t step = 0; step < 5; ++step) {
        ScheduleStep line;
        line.number = step + 1;
        line.trigger = triggers[step];
        line.action = run.faults[step].name;
        line.fired = true;
        line.at = run.faults[step].injected;
        line.phase = step == 0 ? "full" : "incremental";
        line.fraction = step == 0 ? 0.4 : 1;
        line.chunks = step == 0 ? 24 : 60;
        line.transactions = step * 3'500;
        line.acknowledged = 5'000 + step * 4'200;
        run.schedule.push_back(line);
    }
}

void add_tables(Evidence& run) {
    const struct {
        const char* name;
        std::uint64_t rows;
        const char* method;
    } tables[] = {
        {"shop.event_log", 1'003'210, "stream-merge"}, {"shop.order_item", 401'877, "stream-merge"},
        {"shop.order", 250'433, "stream-merge"},       {"shop.customer", 151'020, "stream-merge"},
        {"shop.measurement", 100'377, "stream-merge"}, {"shop.keyless_log", 60'121, "multiset"},
        {"shop.empty_one", 0, "stream-merge"},         {"work.bank_account", 500, "stream-merge"}};
    for (const auto& table : tables) {
        TableProof proof;
        proof.table = table.name;
        proof.source_rows = table.rows;
        proof.destination_rows = table.rows;
        proof.verdict = "equal";
        proof.method = table.method;
        run.verify.tables.push_back(proof);
    }
    run.verify.ran = true;
    run.verify.exit_code = 0;
    run.verify.verdict = "consistent";
    run.verify.took = milliseconds(8'430);
}

void add_workloads(Evidence& run) {
    const char* names[] = {"append", "bank", "random_dml", "ring"};
    for (const char* name : names) {
        WorkloadRecord workload;
        workload.name = name;
        workload.connections = 2;
        workload.first_write = at(20);
        workload.last_write = at(109.8);
        workload.acknowledged = 9'210;
        workload.failed = 388;
        workload.unknown = 2;
        workload.metrics = {
            {"latency_p50_ms", 3.1}, {"latency_p99_ms", 41}, {"longest_silence_ms", 4'120}};
        run.workloads.push_back(workload);
    }
    for (const char* side : {"source", "destination"}) {
        run.workloads[0].checks.push_back(
            check("append.head", side, true, "0 heads do not match their entries"));
        run.workloads[1].checks.push_back(
            check("bank.total", side, true,
                  "expected 500 accounts with 500000, found 500 accounts with 500000"));
        run.workloads[3].checks.push_back(
            check("ring.intact", side, true, "one ring of 400 nodes"));
        run.ledger.checks.push_back(
            check("ledger.bank.lost", side, true, "0 committed transactions are not there"));
        run.ledger.checks.push_back(
            check("ledger.bank.doubled", side, true, "0 transactions are there more than once"));
    }
    run.ledger.kept = true;
    run.ledger.acknowledged = 36'840;
    run.ledger.failed = 1'552;
    run.ledger.unknown = 8;
    run.ledger.unknown_present = 3;
}

void add_story(Evidence& run) {
    run.processes = {life(1, 20.5, 34, true), life(2, 36, 70, true), life(3, 72, 112, false)};
    run.phases = {{at(20.8), 1, "schema"},      {at(21.6), 1, "full"},
                  {at(36.4), 2, "full"},        {at(52), 2, "keys"},
                  {at(55.6), 2, "incremental"}, {at(72.4), 3, "incremental"},
                  {at(110), 3, "finishing"},    {at(112), 3, "finished"}};
    run.milestones = {{"servers_up", at(6)},        {"loaded", at(19.5)},
                      {"workload_started", at(20)}, {"writers_stopped", at(110)},
                      {"drained", at(110.7)},       {"cut_over", at(112)}};
    Resume first;
    first.process = 2;
    first.at = at(36);
    first.phase = "full";
    first.chunks_done_before = 24;
    first.rows_done_before = 960'000;
    first.chunks_copied_again = 2;
    first.rows_copied_again = 80'000;
    first.first_progress_after = milliseconds(1'480);
    Resume second;
    second.process = 3;
    second.at = at(72);
    second.phase = "incremental";
    second.chunks_done_before = 60;
    second.rows_done_before = 2'217'067;
    second.first_progress_after = milliseconds(910);
    run.resumes = {first, second};
    run.failovers.push_back(
        {at(88.5), 3,
         "system identifier 7441, timeline 1 -> 2 at 0/5000060, slot cutover_shop at 0/4F00A8"
         " <= applied 0/4FA018"});
    run.retries.push_back(
        {at(84.6), 3, "connection", "session.lost",
         "lost the connection to 127.0.0.1:26281: server closed the connection unexpectedly", 1,
         at(88.5), "source"});
    run.retries.push_back({at(100.3), 3, "connection", "session.connect",
                           "the database system is starting up", 3, at(102.8), "destination"});
    run.recoveries = {{at(88.5), 3, milliseconds(3'900)}, {at(102.8), 3, milliseconds(4'100)}};
}

void add_findings(Evidence& run) {
    FindingRecord keyless;
    keyless.finding = {"source.keyless",
                       model::Severity::alert_ignorable,
                       "shop.keyless_log",
                       "no primary key",
                       "updates and deletes need the whole old row in the log",
                       "add a key, or accept REPLICA IDENTITY FULL",
                       {"G64"}};
    keyless.ignored = true;
    FindingRecord caps;
    caps.finding = {"limits.objects",
                    model::Severity::note,
                    "task",
                    "28 tables",
                    "the service this is modelled on refuses more than 1,000",
                    "nothing to do",
                    {"G81"}};
    run.findings = {caps, keyless};
    run.verify.declared_rules = {{"timetz_at_utc", 12}};
    run.verify.not_compared = {"shop.type_text.sorted: compared by bytes, not under its collation"};
}

void add_ending(Evidence& run) {
    run.sequences = {{"shop.customer_id_seq", "shop.customer.id", 151'221, 151'220},
                     {"shop.countdown", "", 999'959, std::nullopt}};
    run.released = true;
    run.auxiliary_while_running = {{"source", "replication slot", "cutover_shop"}};
    run.zombie = {true, 15, "task.fenced", "the claim of epoch 2 is over", true, false};
    run.secrets.secrets = 3;
    run.secrets.scanned = {"migrator_1.log", "migrator_2.log", "migrator_3.log", "task.yaml"};
    run.secrets.listings = {"migrator_1", "migrator_2", "migrator_3"};
    run.rates.full_rows_per_second = 77'900;
    run.rates.full_bytes_per_second = 7.5e6;
    run.rates.catch_up_changes_per_second = 8'930;
    run.rates.workload_transactions_per_second = 420;
    run.rates.full_took = milliseconds(30'400);
    run.rates.cutover_took = milliseconds(2'010);
    run.rates.drain_took = milliseconds(700);
    run.rates.lag_p50 = milliseconds(260);
    run.rates.lag_p99 = milliseconds(5'900);
    run.rates.lag_max = milliseconds(9'000);
    run.assertions = {
        {"equal", true, "8 of 8 tables are equal"},
        {"no_lost_ack", true, "36,840 acknowledged transactions are at the destination"},
        {"resumed_without_full_reload", true, "2 of 62 chunks were copied again"}};
}

}  // namespace

Evidence survived_rehearsal() {
    Evidence run;
    run.scenario = "postgres_to_postgres/main";
    run.promise =
        "A live database is migrated while the migrator is killed, links are cut and the source "
        "fails"
        " over; nothing is lost, nothing is doubled.";
    run.claims = {"G1", "G7", "G18"};
    run.seed = 24'301;
    run.reproduction = "./scripts/rehearse postgres_to_postgres/main --seed 24301";
    run.schedule_file = "schedule.json";
    run.versions = {{"cutover", "0.1.0 (f52376a)"},
                    {"source", "PostgreSQL 17.6"},
                    {"destination", "PostgreSQL 17.6"},
                    {"machine", "2 cores, 24 GB, Debian 12"}};
    run.topology = "PostgreSQL 17 primary + standby -> PostgreSQL 17";
    run.body = "containers";
    run.dataset_rows = 2'217'067;
    run.dataset_tables = 28;
    run.started = kStart;
    run.ended = at(128.5);
    add_story(run);
    add_copy(run);
    add_log(run);
    add_faults(run);
    add_tables(run);
    add_workloads(run);
    add_findings(run);
    add_ending(run);
    run.expected_outcome = "survived";
    run.verdict = Decision::go;
    run.reasons = {"The migration survived 5 faults and every row is proved equal.",
                   "36,840 acknowledged transactions are at the destination; none is doubled.",
                   "The source failed over during the log phase and the migrator proved that "
                   "nothing is missing.",
                   "The cutover took 2.0 s."};
    run.not_proved = {"Other hardware: the rates hold for this machine.",
                      "A power cut: servers ran with fsync off.",
                      "Rights of other roles are not migrated and were not compared."};
    return run;
}

Evidence failed_rehearsal() {
    Evidence run;
    run.scenario = "postgres_to_postgres/slot <lost>";
    run.promise = "A slot that was dropped & recreated is refused.";
    run.seed = 7;
    run.reproduction = "./scripts/rehearse \"postgres_to_postgres/slot <lost>\" --seed 7";
    run.started = kStart;
    run.ended = at(9.25);
    run.versions = {{"cutover", "0.1.0"}};
    TableProof equal{"public.a", 10, 10, "equal", "stream-merge", 0, {}};
    TableProof different{"public.b", 10, 9, "different", "stream-merge", 1, {"missing: id=7"}};
    run.verify.ran = true;
    run.verify.exit_code = 1;
    run.verify.verdict = "inconsistent";
    run.verify.tables = {equal, different};
    WorkloadRecord bank;
    bank.name = "bank";
    bank.connections = 1;
    bank.checks = {{"bank.total", "destination", false, "expected 1000, found 990", {}}};
    run.workloads = {bank};
    run.ledger.kept = true;
    run.ledger.acknowledged = 10;
    run.ledger.checks = {{"ledger.bank.lost",
                          "destination",
                          false,
                          "1 committed transactions are not there",
                          {"writer 0 number 7"}}};
    run.errors.push_back({at(8), 1, "corrupt", "slot.recreated",
                          "the slot was created after the task's position", "start the task anew",
                          "0/16B3748", "source"});
    run.assertions = {{"failed_loudly {within: 60 s}", true, "it named the slot after 1.2 s"},
                      {"no_lost_ack", false, "1 acknowledged transaction is missing"}};
    run.verdict = Decision::no_go;
    run.reasons = {"1 acknowledged transaction is not at the destination.",
                   "public.b differs in 1 row."};
    return run;
}

}  // namespace cutover::tests
