#include <nlohmann/json.hpp>

#include <charconv>
#include <ctime>
#include <iomanip>
#include <sstream>

#include "migrator/model/error.h"
#include "migrator/model/visible.h"
#include "scenarios/report/report.h"
#include "scenarios/report/text.h"

namespace cutover::scenarios::report {

namespace {

model::Instant parse_instant(const std::string& text) {
    std::tm parts{};
    std::istringstream stream(text);
    stream >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S");
    if (stream.fail() || text.size() != 27) {
        throw std::invalid_argument("not an instant: " + text);
    }
    return model::Instant(std::chrono::seconds(timegm(&parts))) +
           std::chrono::microseconds(std::stoll(text.substr(20, 6)));
}

}  // namespace

}  // namespace cutover::scenarios::report

namespace nlohmann {

template <typename T>
struct adl_serializer<std::optional<T>> {
    static void to_json(json& out, const std::optional<T>& value) {
        out = value ? json(*value) : json(nullptr);
    }
    static void from_json(const json& in, std::optional<T>& value) {
        value = in.is_null() ? std::nullopt : std::optional<T>(in.get<T>());
    }
};

template <>
struct adl_serializer<cutover::model::Instant> {
    static void to_json(json& out, const cutover::model::Instant& at) {
        out = cutover::scenarios::report::rfc3339(at);
    }
    static void from_json(const json& in, cutover::model::Instant& at) {
        at = cutover::scenarios::report::parse_instant(in.get<std::string>());
    }
};

template <>
struct adl_serializer<std::chrono::milliseconds> {
    static void to_json(json& out, const std::chrono::milliseconds& time) { out = time.count(); }
    static void from_json(const json& in, std::chrono::milliseconds& time) {
        time = std::chrono::milliseconds(in.get<std::int64_t>());
    }
};

}  // namespace nlohmann

namespace cutover::model {

NLOHMANN_JSON_SERIALIZE_ENUM(Severity, {{Severity::note, "note"},
                                        {Severity::alert_ignorable, "alert_ignorable"},
                                        {Severity::alert, "alert"},
                                        {Severity::block, "block"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Finding, code, severity, object, found, why, remedy, guarantees)

}  // namespace cutover::model

namespace cutover::scenarios {

NLOHMANN_JSON_SERIALIZE_ENUM(Decision, {{Decision::could_not, "could_not"},
                                        {Decision::go, "go"},
                                        {Decision::no_go, "no_go"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MigratorEvent, at, process, event, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ProcessRun, number, started, ended, exit_code, signal,
                                   killed_by_us, frozen_by_us, resumed, epoch, outcome, position,
                                   log_file, sync_point)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PhaseChange, at, process, phase)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ChunkCopied, at, process, table, number, rows, resumed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Sample, at, process, phase, rows, rows_total, bytes, bytes_total,
                                   fraction, transactions, changes, per_second, lag)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkloadSample, at, transactions_acknowledged,
                                   transactions_per_second, by_writer)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Retry, at, process, error_class, code, message, attempt,
                                   recovered, end)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Recovery, at, process, after)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Failover, at, process, proof)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MigratorError, at, process, error_class, code, message, hint,
                                   position, end)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FaultRecord, step, name, target, detail, injected, landed,
                                   landed_proof, healed, healed_proof, effect_ended)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ScheduleStep, number, trigger, action, fired, not_fired_because,
                                   at, phase, fraction, chunks, transactions, link_bytes,
                                   acknowledged, drawn)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Check, name, side, passed, detail, samples)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkloadRecord, name, connections, first_write, last_write,
                                   acknowledged, failed, unknown, metrics, checks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LedgerRecord, kept, acknowledged, failed, unknown,
                                   unknown_present, lost_by_source, checks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableProof, table, source_rows, destination_rows, verdict,
                                   method, differences, samples)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VerifyRecord, ran, exit_code, verdict, detail, tables,
                                   declared_rules, structure, not_compared, took, report_file)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FindingRecord, finding, ignored)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Resume, process, at, phase, chunks_done_before, rows_done_before,
                                   chunks_copied_again, rows_copied_again, first_progress_after)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Rates, full_rows_per_second, full_bytes_per_second,
                                   catch_up_changes_per_second, workload_transactions_per_second,
                                   full_took, cutover_took, drain_took, lag_p50, lag_p99, lag_max)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CutoverAnswer, at, verb, exit_code, outcome, text,
                                   beside_writers, quiet_seconds, source_fence, sessions,
                                   late_transactions, late)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SequenceState, sequence, column, next_value, column_max)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AuxiliaryRecord, side, kind, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ZombieRecord, attempted, exit_code, error_code, message,
                                   compared, destination_changed)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SecretScan, secrets, scanned, listings, hits)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AssertionResult, name, passed, detail)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Evidence, scenario, promise, claims, seed, reproduction,
                                   schedule_file, versions, topology, body, dataset_rows,
                                   dataset_tables, started, ended, milestones, events, processes,
                                   phases, chunks, samples, retries, recoveries, failovers, errors,
                                   findings, resumes, schedule, faults, workload_samples, workloads,
                                   ledger, verify, finishes, after_cutover, sequences,
                                   auxiliary_while_running, auxiliary_after_release, released,
                                   zombie, second, secrets, rates, expected_outcome, assertions,
                                   verdict, reasons, not_proved)

}  // namespace cutover::scenarios

namespace cutover::scenarios::report {

namespace {

constexpr const char* kFormat = "cutover.rehearsal/1";

}  // namespace

std::string json_report(const Evidence& evidence) {
    nlohmann::json document = evidence;
    document["format"] = kFormat;
    return model::visible_json(
               document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace)) +
           "\n";
}

Evidence read_json_report(const std::string& text) {
    try {
        const nlohmann::json document = nlohmann::json::parse(text);
        if (document.at("format") != kFormat) {
            throw std::invalid_argument("its format is not " + std::string(kFormat));
        }
        return document.get<Evidence>();
    } catch (const std::exception& error) {
        throw model::Error(model::ErrorClass::refused, "report.read",
                           std::string("not a rehearsal's JSON report: ") + error.what());
    }
}

}  // namespace cutover::scenarios::report
