#include "verify/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <tuple>
#include <utility>

#include "migrator/model/error.h"
#include "verify/compare/table_task.h"
#include "verify/end/scope.h"
#include "verify/live/carrier.h"
#include "verify/live/live.h"
#include "verify/live/settle.h"
#include "verify/live/snapshot_pair.h"
#include "verify/report/repair.h"
#include "verify/report/report.h"
#include "verify/result/conclusion.h"
#include "verify/structure/schema_compare.h"

namespace cutover::verify {

namespace {

using model::Error;
using model::ErrorClass;
using model::ObjectName;

constexpr std::uint64_t kSplitRows = 200'000;  ///< smaller tables are not cut into ranges

OpenEnd opener(const Request& request, const plan::Endpoint& endpoint) {
    return [open = request.engines.at(endpoint.engine).open, endpoint, wait = request.lock_wait] {
        return open(endpoint, wait);
    };
}

std::string with_remedy(const Error& error) {
    return error.hint().empty() ? error.message() : error.message() + " (" + error.hint() + ")";
}

std::uint64_t drawn_seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

/// A table with its counterpart and what becomes of it.
struct TableWork {
    TablePair pair;
    TableResult result;
    std::mutex mutex;
    std::chrono::steady_clock::time_point started{};
    std::atomic<std::size_t> ranges_left{0};
    bool failed = false;
};

/// One piece of work for a worker: a table or a key range of it.
struct Piece {
    TableWork* work = nullptr;
    KeyRange range;
};

class Run {
public:
    Run(const Request& request, const ProgressCallback& progress)
        : request_(request),
          progress_callback_(progress),
          snapshots_(opener(request, request.source), opener(request, request.destination)),
          source_limit_(request.rows_per_second, request.bytes_per_second),
          destination_limit_(request.rows_per_second, request.bytes_per_second) {}

    Result run() {
        const auto begun = std::chrono::steady_clock::now();
        result_.started = std::chrono::system_clock::now();
        result_.seed = request_.seed != 0 ? request_.seed : drawn_seed();
        if (!request_.repair_file.empty()) {
            repair_ = std::make_unique<RepairWriter>(request_.repair_file, request_.repair_limit);
        }
        find_carrier();
        find_tables();
        compare_rows();
        compare_schema();
        judge_what_moves();
        for (auto& work : work_) {
            result_.tables.push_back(std::move(work->result));
        }
        judge_what_stands();
        describe_ends();
        conclude_run(result_, doubts_);
        add_late_writes();
        close_repair();
        result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun);
        return std::move(result_);
    }

private:
    void find_carrier() {
        applied_ = snapshots_.destination().applied(request_.live.task);
        carrier_ = carrier_of(applied_);
        rules_ = request_.rules;
        if (applied_.known) {
            rules_.add(Rule::xml_declaration);  // declared by the route between PostgreSQLs
        }
        for (const Rule rule : rules_.list()) {
            result_.rules.push_back(std::string(to_string(rule)) +
                                    (request_.rules.has(rule) ? "" : " (declared by the task)"));
        }
        live_ =
            carrier_ == Carrier::replicating || (request_.live.asked && carrier_ != Carrier::ended);
        if (live_) {
            candidates_ = std::make_unique<CandidateCollector>(request_.live.keys);
        }
    }

    void find_tables() {
        Catalogs catalogs;
        catalogs.source_tables = snapshots_.source().tables(&request_.objects);
        catalogs.destination_tables = snapshots_.destination().tables(nullptr);
        catalogs.source_sequences = snapshots_.source().sequences();
        catalogs.source_left_out = snapshots_.source().left_out();
        const Scope scope = choose_scope(
            catalogs, {request_.objects, request_.mapping, request_.tables, request_.filters});
        for (const TableChoice& table : scope.tables) {
            add_table(table, catalogs.source_tables);
        }
        source_facts_ = scope.source;
        destination_facts_ = scope.destination;
        result_.not_compared = scope.not_compared;
        doubts_.idle_settings = scope.idle_settings;
        doubts_.idle_patterns = scope.idle_patterns;
        for (const std::string& pattern : scope.idle_patterns) {
            result_.not_compared.push_back("`" + pattern +
                                           "` selects no table and no sequence of the source");
        }
    }

    /// What a task says of a partitioned table holds for its partitions, unless it says something
    /// of these themselves.
    void set_filters(TablePair& pair, const std::vector<TableShape>& source_tables) const {
        const auto own = [&](const ObjectName& name) {
            const auto filter = request_.filters.find(name);
            return filter == request_.filters.end() ? std::string() : filter->second;
        };
        pair.source_read.filter = own(pair.source.name);
        if (pair.source_read.filter.empty() && !pair.source.root.name.empty()) {
            pair.source_read.filter = own(pair.source.root);
        }
        for (const bool branches : {false, true}) {  // a leaf is nearer than what it is under
            for (const TableShape& table : source_tables) {
                const std::string filter = own(table.name);
                if (table.root == pair.source.name && table.partitioned == branches &&
                    !filter.empty()) {
                    pair.source_read.partition_filters.emplace_back(table.name, filter);
                }
            }
        }
    }

    void add_table(const TableChoice& table, const std::vector<TableShape>& source_tables) {
        const ObjectName& name = table.source->name;
        if (table.destination == nullptr) {
            TableResult result;
            result.source = name.display();
            result.destination = table.destination_name.display();
            result.verdict = Verdict::inconsistent;
            result.method = "not compared";
            result.reason = "no such table at the destination";
            if (!table.note.empty()) {
                result.notes.push_back(table.note);
            }
            result_.tables.push_back(std::move(result));
            return;
        }
        auto work = std::make_unique<TableWork>();
        work->pair = pair_tables(*table.source, *table.destination, request_.mapping);
        set_filters(work->pair, source_tables);
        describe(*work);
        if (!table.note.empty()) {
            work->result.notes.push_back(table.note);
        }
        work_.push_back(std::move(work));
    }

    static void describe(TableWork& work) {
        const TablePair& pair = work.pair;
        TableResult& result = work.result;
        result.source = pair.source.name.display();
        result.destination = pair.destination.name.display();
        result.filter = pair.source_read.filter;
        for (const auto& [partition, filter] : pair.source_read.partition_filters) {
            result.notes.push_back("source rows of " + partition.display() + " where " + filter);
        }
        result.uncomparable_columns = pair.uncomparable;
        result.missing_columns = pair.missing_columns;
        result.excluded_columns = pair.excluded_columns;
        result.extra_columns = pair.extra_columns;
        result.method = pair.keyless() ? "multiset, no key" : "stream-merge by (";
        for (std::size_t at = 0; at < pair.key_columns.size(); ++at) {
            result.method += (at == 0 ? "" : ", ") + pair.key_columns[at];
        }
        result.method += pair.keyless() ? "" : ")";
    }

    /// None if the table cannot be read; reading it in one piece will tell why.
    std::vector<std::string> cuts_of(const TablePair& pair) {
        const auto source = snapshots_.another_source();
        try {
            return source->cuts(pair.source, pair.source_read, std::size_t{request_.jobs} * 2);
        } catch (const Error& error) {
            if (error.error_class() == ErrorClass::connection) {
                throw;
            }
            return {};
        }
    }

    std::deque<Piece> pieces() {
        std::sort(work_.begin(), work_.end(), [](const auto& a, const auto& b) {
            return a->pair.source.estimated_bytes > b->pair.source.estimated_bytes;
        });
        std::deque<Piece> out;
        for (const auto& work : work_) {
            std::vector<std::string> cuts;
            if (request_.jobs > 1 && work->pair.splittable &&
                work->pair.source.estimated_rows > kSplitRows) {
                cuts = cuts_of(work->pair);
            }
            KeyRange range;
            for (const std::string& cut : cuts) {
                range.to = cut;
                out.push_back({work.get(), range});
                range.from = cut;
            }
            range.to.reset();
            out.push_back({work.get(), range});
            work->ranges_left = cuts.size() + 1;
        }
        return out;
    }

    void compare_rows() {
        pieces_ = pieces();
        for (const auto& work : work_) {
            progress_.rows_expected += work->pair.source.estimated_rows;
        }
        progress_.tables_total = work_.size();
        const std::size_t workers = std::min<std::size_t>(std::max(1u, request_.jobs),
                                                          std::max<std::size_t>(1, pieces_.size()));
        std::vector<std::thread> threads;
        for (std::size_t worker = 1; worker < workers; ++worker) {
            threads.emplace_back([this] { work_off(); });
        }
        work_off();
        for (std::thread& thread : threads) {
            thread.join();
        }
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

    std::optional<Piece> next_piece() {
        const std::lock_guard lock(mutex_);
        if (pieces_.empty() || failure_) {
            return std::nullopt;
        }
        const Piece piece = pieces_.front();
        pieces_.pop_front();
        return piece;
    }

    void work_off() {
        std::unique_ptr<End> source;
        std::unique_ptr<End> destination;
        try {
            while (const std::optional<Piece> piece = next_piece()) {
                if (!source) {
                    source = snapshots_.another_source();
                    destination = snapshots_.another_destination();
                }
                if (!compare_piece(*piece, *source, *destination)) {
                    source.reset();  // its transaction is broken
                    destination.reset();
                }
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            failure_ = failure_ ? failure_ : std::current_exception();
        }
    }

    /// False if the table could not be read; the run goes on with the others.
    bool compare_piece(const Piece& piece, End& source, End& destination) {
        TableWork& work = *piece.work;
        {
            const std::lock_guard lock(work.mutex);
            if (work.started == std::chrono::steady_clock::time_point{}) {
                work.started = std::chrono::steady_clock::now();
            }
        }
        bool ok = true;
        try {
            compare_range(context(), work.pair, piece.range, source, destination, work.result,
                          work.mutex);
        } catch (const Error& error) {
            if (error.error_class() == ErrorClass::connection ||
                error.code() == "verify.self_check") {
                throw;
            }
            const std::lock_guard lock(work.mutex);
            work.failed = true;
            work.result.quotes.push_back(error.message());
            work.result.notes.push_back(with_remedy(error));
            ok = false;
        }
        if (--work.ranges_left == 0) {
            finish(work);
        }
        return ok;
    }

    void finish(TableWork& work) {
        const std::lock_guard lock(work.mutex);
        conclude(work.result);
        work.result.took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - work.started);
        if (work.failed) {
            work.result.partial = true;
            if (work.result.verdict == Verdict::consistent) {
                work.result.verdict = Verdict::could_not_tell;
            }
            work.result.reason = "could not be read: " + work.result.notes.back();
        }
        const std::lock_guard progress_lock(progress_mutex_);
        ++progress_.tables_done;
    }

    RunContext context() {
        RunContext context;
        context.rules = rules_;
        context.seed = result_.seed;
        context.samples = request_.samples;
        const bool limited = request_.rows_per_second != 0 || request_.bytes_per_second != 0;
        context.source_limit = limited ? &source_limit_ : nullptr;
        context.destination_limit = limited ? &destination_limit_ : nullptr;
        // Live, only what the rounds have found to differ is to be repaired.
        context.listener = candidates_ ? static_cast<FindingListener*>(candidates_.get())
                                       : static_cast<FindingListener*>(repair_.get());
        if (progress_callback_) {
            context.progress = [this](const TablePair& pair, Side side, std::uint64_t rows,
                                      std::uint64_t bytes) { progress(pair, side, rows, bytes); };
        }
        return context;
    }

    void progress(const TablePair& pair, Side side, std::uint64_t rows, std::uint64_t bytes) {
        const std::lock_guard lock(progress_mutex_);
        progress_.table = pair.source.name.display();
        (side == Side::source ? progress_.source_rows : progress_.destination_rows) += rows;
        progress_.bytes += bytes;
        progress_callback_(progress_);
    }

    void compare_schema() {
        if (!request_.structure && !request_.sequences) {
            result_.not_compared.push_back("structure and sequences: switched off");
            return;
        }
        SchemaFacts source;
        SchemaFacts destination;
        try {
            source = snapshots_.another_source()->facts(source_facts_, &request_.mapping);
            destination = snapshots_.another_destination()->facts(destination_facts_, nullptr);
        } catch (const Error& error) {
            if (error.error_class() == ErrorClass::connection) {
                throw;
            }
            doubts_.unread_structure = with_remedy(error);
            result_.quotes.push_back(error.message());
            result_.not_compared.push_back("structure and sequences: could not be read");
            return;
        }
        const Builder builder{applied_.known, live_ || at_work(carrier_)};
        if (request_.structure) {
            result_.schema = compare_structure(source, destination, builder);
        } else {
            result_.not_compared.push_back("structure: switched off");
        }
        if (request_.sequences) {
            result_.sequences = compare_sequences(source, destination, builder);
        } else {
            result_.not_compared.push_back("sequences: switched off");
        }
    }

    /// Live: what differed in the first pass is looked at again.
    void judge_what_moves() {
        if (!live_) {
            return;
        }
        LiveResult& live = result_.live;
        live.taken = true;
        live.by_itself = !request_.live.asked;
        live.first_position = snapshots_.source_standing().position;
        live.first_applied = applied_.position;
        RunContext again = context();
        again.listener = repair_.get();
        std::vector<LiveSubject> subjects;
        for (const auto& work : work_) {
            subjects.push_back({&work->pair, &work->result, !work->failed});
        }
        const auto source = snapshots_.new_source();
        const auto destination = snapshots_.new_destination();
        FirstPass first;
        if (snapshots_.shared()) {
            first = {&snapshots_.source(), &snapshots_.destination()};
        }
        try {
            judge_live(*source, *destination, request_.live, again, first, *candidates_, subjects,
                       live);
        } catch (const Error& error) {
            if (request_.live.asked || error.code() != "verify.live_standby") {
                throw;
            }
            for (const LiveSubject& subject : subjects) {  // it was not asked for
                leave_pending(*subject.result, error.message());
            }
        }
    }

    /// Not live: what differed in the two snapshots counts only if nobody carries it any more.
    void judge_what_stands() {
        result_.source_position = snapshots_.source_standing().position;
        result_.destination_position = snapshots_.destination_standing().position;
        if (live_) {
            std::tie(result_.proof, result_.proof_detail) = live_proof(result_.live);
            return;
        }
        QuietTables tables;
        for (const auto& work : work_) {
            tables.source.push_back(&work->pair.source);
            tables.destination.push_back(&work->pair.destination);
        }
        const std::string doubt =
            judge_standing_rows({request_.live.task, request_.settle, request_.live.pause},
                                snapshots_, tables, applied_, result_);
        if (repair_ && !doubt.empty()) {
            repair_->withdraw(doubt);
        }
    }

    /// Their rows are seen by no snapshot yet. While replication runs it will bring them.
    void name_open_writers() {
        const std::vector<OpenWriter>& source = snapshots_.source_standing().open_writers;
        const std::vector<OpenWriter>& destination = snapshots_.destination_standing().open_writers;
        if (!source.empty() || !destination.empty()) {
            result_.not_compared.push_back(fmt::format(
                "what {} open transactions at the source and {} at the destination have written: "
                "nobody sees it before they commit",
                source.size(), destination.size()));
        }
        if (live_ || request_.ignore_open_writers) {
            return;
        }
        doubts_.open_writers = writers_of("source", source, source_facts_.tables);
        const auto there = writers_of("destination", destination, destination_facts_.tables);
        doubts_.open_writers.insert(doubts_.open_writers.end(), there.begin(), there.end());
    }

    void describe_ends() {
        result_.source = snapshots_.source().description();
        result_.destination = snapshots_.destination().description();
        name_open_writers();
        if (!applied_.hidden.empty()) {
            result_.not_compared.push_back("the state of a task of ours: " + applied_.hidden);
        }
        for (const std::string& objects : snapshots_.source().beside_tables()) {
            result_.not_compared.push_back("at the source, compared with nothing: " + objects);
        }
        result_.not_compared.push_back(
            "views, functions, triggers but those of foreign keys, rules, row security and its "
            "policies, comments, owners and grants are not compared");
        result_.not_compared.push_back(
            "nor are the order of columns, storage settings, replica identities, extended "
            "statistics, publications, how collations sort, and settings of databases and roles");
    }

    /// Behind a cutover nobody may write at the source, whatever the rows look like.
    void add_late_writes() {
        if (!request_.after_cutover) {
            return;
        }
        AfterCutover after = after_cutover();
        if (!after.not_looked.empty()) {
            result_.quotes.push_back(after.not_looked);
            result_.not_compared.push_back("the source's log behind the cutover: " +
                                           after.not_looked);
        }
        if (after.late.transactions != 0) {
            result_.verdict = Verdict::inconsistent;
            result_.reasons.insert(
                result_.reasons.begin(),
                fmt::format("LATE WRITE: {} transactions with {} changes came at the source after "
                            "the cutover; the destination lacks them",
                            grouped(after.late.transactions), grouped(after.late.changes)));
        }
        result_.late = std::move(after.late);
    }

    /// An end that is away for a moment now must not cost what hours of comparing have found.
    AfterCutover after_cutover() const {
        try {
            return request_.after_cutover();
        } catch (const Error& error) {
            return {{}, with_remedy(error)};
        }
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
    const ProgressCallback& progress_callback_;
    SnapshotPair snapshots_;
    ReadLimit source_limit_;
    ReadLimit destination_limit_;
    Result result_;
    std::vector<std::unique_ptr<TableWork>> work_;
    FactScope source_facts_;
    FactScope destination_facts_;
    Doubts doubts_;
    Applied applied_;  ///< as the destination's snapshot tells of the task
    Carrier carrier_ = Carrier::unknown;
    RuleSet rules_;  ///< asked for, or declared by the route of the task
    bool live_ = false;
    std::unique_ptr<RepairWriter> repair_;
    std::unique_ptr<CandidateCollector> candidates_;  ///< live only
    std::mutex mutex_;
    std::deque<Piece> pieces_;
    std::exception_ptr failure_;
    std::mutex progress_mutex_;
    Progress progress_;
};

}  // namespace

Result run(const Request& request, const ProgressCallback& progress) {
    return Run(request, progress).run();
}

}  // namespace cutover::verify
