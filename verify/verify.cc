// How a run is put together: its parts are in run/, called here in their order.
#include "verify/verify.h"

#include <chrono>
#include <memory>
#include <random>
#include <utility>

#include "migrator/model/error.h"
#include "verify/compare/table_task.h"
#include "verify/live/candidates.h"
#include "verify/live/snapshot_pair.h"
#include "verify/report/repair.h"
#include "verify/report/report.h"
#include "verify/result/conclusion.h"
#include "verify/run/agenda.h"
#include "verify/run/replication.h"
#include "verify/run/row_pass.h"
#include "verify/run/structure_pass.h"
#include "verify/run/surroundings.h"

namespace cutover::verify {

namespace {

OpenEnd opener(const Request& request, const plan::Endpoint& endpoint) {
    return [open = request.engines.at(endpoint.engine).open, endpoint, wait = request.lock_wait] {
        return open(endpoint, wait);
    };
}

const RepairDialect& destination_dialect(const Request& request) {
    const std::string& engine = request.destination.engine;
    const RepairDialect* dialect = request.engines.at(engine).repair;
    if (dialect == nullptr) {
        throw model::Error(model::ErrorClass::refused, "verify.no_repair",
                           "there are no repair statements for the engine `" + engine + "`",
                           "verify without --repair-file; the report names what differs");
    }
    return *dialect;
}

std::uint64_t drawn_seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

class Run {
public:
    Run(const Request& request, const ProgressCallback& progress)
        : request_(request),
          progress_(progress),
          snapshots_(opener(request, request.source), opener(request, request.destination)),
          source_limit_(request.rows_per_second, request.bytes_per_second),
          destination_limit_(request.rows_per_second, request.bytes_per_second) {}

    Result run() {
        const auto begun = std::chrono::steady_clock::now();
        result_.started = std::chrono::system_clock::now();
        result_.seed = request_.seed != 0 ? request_.seed : drawn_seed();
        if (!request_.repair_file.empty()) {
            repair_ = std::make_unique<RepairWriter>(destination_dialect(request_),
                                                     request_.repair_file, request_.repair_limit);
        }
        replication_ = find_replication(snapshots_.destination(), request_.live);
        declare_rules();
        agenda_ = make_agenda(snapshots_.source(), snapshots_.destination(), request_);
        result_.not_compared = agenda_.not_compared;
        compare_rows();
        const Builder builder{replication_.applied.known,
                              replication_.live || at_work(replication_.carrier)};
        compare_structure_of(agenda_, request_, snapshots_, builder, result_, doubts_);
        judge_rows();
        describe();
        conclude_run(result_, doubts_);
        add_late_writes(request_, result_);
        close_repair();
        result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun);
        return std::move(result_);
    }

private:
    void declare_rules() {
        rules_ = request_.rules;
        if (replication_.applied.known) {
            for (const Rule rule : request_.declared_rules.list()) {
                rules_.add(rule);
            }
        }
        for (const Rule rule : rules_.list()) {
            result_.rules.push_back(std::string(to_string(rule)) +
                                    (request_.rules.has(rule) ? "" : " (declared by the task)"));
        }
    }

    RunContext context(FindingListener* listener) {
        RunContext context;
        context.rules = rules_;
        context.seed = result_.seed;
        context.samples = request_.samples;
        const bool limited = request_.rows_per_second != 0 || request_.bytes_per_second != 0;
        context.source_limit = limited ? &source_limit_ : nullptr;
        context.destination_limit = limited ? &destination_limit_ : nullptr;
        context.listener = listener;
        if (progress_.watched()) {
            context.progress = [this](const TablePair& pair, Side side, std::uint64_t rows,
                                      std::uint64_t bytes) {
                progress_.rows_read(pair, side, rows, bytes);
            };
        }
        return context;
    }

    void compare_rows() {
        FindingListener* listener = repair_.get();
        if (replication_.live) {  // only what the rounds find to differ is to be repaired
            candidates_ = std::make_unique<CandidateCollector>(request_.live.keys);
            listener = candidates_.get();
        }
        const RunContext first_pass = context(listener);
        RowPass(snapshots_, first_pass, request_.jobs, progress_).run(agenda_.tables);
    }

    void judge_rows() {
        if (replication_.live) {
            judge_moving_rows(request_, replication_, snapshots_, context(repair_.get()),
                              *candidates_, agenda_, result_.live);
        }
        result_.tables = std::move(agenda_.absent);
        for (const auto& work : agenda_.tables) {
            result_.tables.push_back(std::move(work->result));
        }
        const std::string doubt = prove_rows(request_, replication_, snapshots_, agenda_, result_);
        if (repair_ && !doubt.empty()) {
            repair_->withdraw(doubt);
        }
    }

    void describe() {
        doubts_.idle_settings = agenda_.idle_settings;
        doubts_.idle_patterns = agenda_.idle_patterns;
        name_open_writers(snapshots_, agenda_, replication_.live || request_.ignore_open_writers,
                          result_, doubts_);
        if (!replication_.applied.hidden.empty()) {
            result_.not_compared.push_back("the state of a task of ours: " +
                                           replication_.applied.hidden);
        }
        describe_ends(snapshots_, result_);
    }

    void leave_structure_by_hand() {
        for (const SchemaResult* schema : {&result_.schema, &result_.sequences}) {
            for (const SchemaDifference& difference : schema->differences) {
                if (schema->verdict == Verdict::inconsistent && difference.counts) {
                    repair_->leave_by_hand(difference_text(difference));
                    ++result_.repair_by_hand;
                }
            }
        }
    }

    void close_repair() {
        if (repair_) {
            leave_structure_by_hand();
            repair_->close();
            result_.repair_file = request_.repair_file;
            result_.repair_statements = repair_->statements();
        }
    }

    const Request& request_;
    ProgressMeter progress_;
    SnapshotPair snapshots_;
    ReadLimit source_limit_;
    ReadLimit destination_limit_;
    Replication replication_;
    RuleSet rules_;  ///< asked for, or declared by the task's route
    Agenda agenda_;
    std::unique_ptr<RepairWriter> repair_;
    std::unique_ptr<CandidateCollector> candidates_;  ///< live only
    Doubts doubts_;
    Result result_;
};

}  // namespace

Result run(const Request& request, const ProgressCallback& progress) {
    return Run(request, progress).run();
}

}  // namespace cutover::verify
