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
#include "verify/live.h"
#include "verify/postgres_end.h"
#include "verify/repair.h"
#include "verify/schema_compare.h"
#include "verify/scope.h"
#include "verify/snapshot_pair.h"
#include "verify/table_task.h"

namespace cutover::verify {

namespace {

using model::Error;
using model::ErrorClass;
using model::ObjectName;

constexpr std::uint64_t kSplitRows = 200'000;  ///< smaller tables are not cut into ranges

OpenEnd opener(const OpenEnd& given, const plan::Endpoint& endpoint,
               std::chrono::seconds lock_wait) {
    if (given) {
        return given;
    }
    if (endpoint.engine != "postgres") {
        throw Error(ErrorClass::refused, "verify.engine",
                    "verify cannot read the engine `" + endpoint.engine + "`",
                    "it compares pairs of: postgres");
    }
    return [endpoint, lock_wait] { return open_postgres_end(endpoint, lock_wait); };
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
          snapshots_(opener(request.open_source, request.source, request.lock_wait),
                     opener(request.open_destination, request.destination, request.lock_wait)),
          source_limit_(request.rows_per_second, request.bytes_per_second),
          destination_limit_(request.rows_per_second, request.bytes_per_second) {}

    Result run() {
        const auto begun = std::chrono::steady_clock::now();
        result_.started = std::chrono::system_clock::now();
        result_.seed = request_.seed != 0 ? request_.seed : drawn_seed();
        for (const Rule rule : request_.rules.list()) {
            result_.rules.emplace_back(to_string(rule));
        }
        if (!request_.repair_file.empty()) {
            repair_ = std::make_unique<RepairWriter>(request_.repair_file, request_.repair_limit);
        }
        if (request_.live) {
            candidates_ = std::make_unique<CandidateCollector>(request_.live->keys);
        }
        find_tables();
        compare_rows();
        compare_schema();
        judge_what_moves();
        name_proof();
        describe_ends();
        conclude_run();
        close_repair();
        result_.took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begun);
        return std::move(result_);
    }

private:
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
        idle_settings_ = scope.idle_settings;
        for (const std::string& pattern : scope.idle_patterns) {
            idle_patterns_ += (idle_patterns_.empty() ? "`" : ", `") + pattern + "`";
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
            missing_tables_.push_back(std::move(result));
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
        context.rules = request_.rules;
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
            unread_structure_ = with_remedy(error);
            result_.not_compared.push_back("structure and sequences: could not be read");
            return;
        }
        if (request_.structure) {
            result_.schema = compare_structure(source, destination);
        } else {
            result_.not_compared.push_back("structure: switched off");
        }
        if (request_.sequences) {
            result_.sequences = compare_sequences(source, destination, request_.live.has_value());
        } else {
            result_.not_compared.push_back("sequences: switched off");
        }
    }

    void name_proof() {
        result_.source_position = snapshots_.source_standing().position;
        result_.destination_position = snapshots_.destination_standing().position;
        if (request_.live) {
            std::tie(result_.proof, result_.proof_detail) = live_proof(result_.live);
        } else if (snapshots_.quiet()) {
            result_.proof = Proof::settled;
            result_.proof_detail =
                "no transaction that writes ended at either end while the snapshots were taken; "
                "whether a migrator had more to apply cannot be seen from here";
        } else {
            result_.proof = Proof::as_of_reading;
            result_.proof_detail =
                "somebody wrote while the snapshots were taken: differences may be lag, equality "
                "holds for the two snapshots only; stop the writes and verify again for a proof";
        }
    }

    /// Their rows are seen by no snapshot yet; prepared transactions are among them.
    void name_open_writers() {
        const std::uint64_t source = snapshots_.source_standing().open_writers;
        const std::uint64_t destination = snapshots_.destination_standing().open_writers;
        if (source + destination != 0) {
            result_.not_compared.push_back(fmt::format(
                "what {} open transactions at the source and {} at the destination have written: "
                "nobody sees it before they commit",
                source, destination));
        }
    }

    /// Live: what differed in the first pass is looked at again.
    void judge_what_moves() {
        if (!request_.live) {
            return;
        }
        LiveResult& live = result_.live;
        live.asked = true;
        live.first_position = snapshots_.source_standing().position;
        live.first_applied = snapshots_.destination().applied(request_.live->task).position;
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
        judge_live(*source, *destination, *request_.live, again, first, *candidates_, subjects,
                   live);
    }

    void describe_ends() {
        result_.source = snapshots_.source().description();
        result_.destination = snapshots_.destination().description();
        name_open_writers();
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

    void conclude_run() {
        for (auto& work : work_) {
            result_.tables.push_back(std::move(work->result));
        }
        for (TableResult& missing : missing_tables_) {
            result_.tables.push_back(std::move(missing));
        }
        std::sort(result_.tables.begin(), result_.tables.end(),
                  [](const TableResult& a, const TableResult& b) { return a.source < b.source; });
        if (result_.proof == Proof::as_of_reading && !request_.live) {
            doubt_row_findings();
        }
        bool unsure = result_.tables.empty();
        bool damaged = false;
        for (const TableResult& table : result_.tables) {
            result_.rows += table.rows;
            result_.bytes += table.bytes;
            damaged = damaged || table.verdict == Verdict::inconsistent;
            unsure = unsure || table.verdict == Verdict::could_not_tell;
            if (table.verdict != Verdict::consistent) {
                result_.reasons.push_back(table.source + ": " + table.reason);
            }
        }
        if (!idle_patterns_.empty()) {
            unsure = true;
            result_.reasons.push_back("nothing is selected by: " + idle_patterns_);
        }
        if (!unread_structure_.empty()) {
            unsure = true;
            result_.reasons.push_back("structure could not be read: " + unread_structure_);
        }
        for (const std::string& setting : idle_settings_) {
            unsure = true;
            result_.reasons.push_back("the selection has no such name: " + setting);
        }
        add_schema_reason(result_.schema, "structure", damaged);
        add_schema_reason(result_.sequences, "sequences", damaged);
        if (result_.sequences.compared && result_.sequences.verdict == Verdict::could_not_tell) {
            unsure = true;
            result_.reasons.push_back(doubt_about_sequences());
        }
        result_.verdict = damaged  ? Verdict::inconsistent
                          : unsure ? Verdict::could_not_tell
                                   : Verdict::consistent;
        const std::string headline =
            damaged  ? "source and destination differ"
            : unsure ? (result_.tables.empty() ? "no table was selected"
                        : result_.live.pending != 0
                            ? "rows are on their way, or may be: no verdict on them yet"
                            : "not everything could be compared")
                     : fmt::format("all {} rows of {} tables are equal", result_.rows.source,
                                   result_.tables.size());
        result_.reasons.insert(result_.reasons.begin(), headline);
    }

    /// While somebody writes, a row that differs may just not have been applied yet: it is shown,
    /// but no verdict is given on it without evidence.
    void doubt_row_findings() {
        for (TableResult& table : result_.tables) {
            if (table.verdict == Verdict::inconsistent && table.rows.findings() != 0 &&
                table.missing_columns.empty()) {
                table.verdict = Verdict::could_not_tell;
                table.reason += "; may be lag, somebody wrote meanwhile";
            }
        }
    }

    std::string doubt_about_sequences() const {
        const std::vector<SchemaDifference>& all = result_.sequences.differences;
        const bool unreadable = std::any_of(all.begin(), all.end(), [](const auto& each) {
            return each.verdict == RowVerdict::uncomparable;
        });
        return unreadable
                   ? "sequences: the account may not read all of them"
                   : "sequences: behind, pending until the cutover sets them (--no-sequences "
                     "leaves them out)";
    }

    void add_schema_reason(const SchemaResult& schema, std::string_view what, bool& damaged) {
        if (!schema.compared || schema.verdict != Verdict::inconsistent) {
            return;
        }
        damaged = true;
        const auto count = std::count_if(schema.differences.begin(), schema.differences.end(),
                                         [](const SchemaDifference& each) { return each.counts; });
        result_.reasons.push_back(fmt::format("{}: {} differences", what, count));
    }

    void close_repair() {
        if (repair_) {
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
    std::vector<TableResult> missing_tables_;
    FactScope source_facts_;
    FactScope destination_facts_;
    std::string idle_patterns_;  ///< a list, for people
    std::vector<std::string> idle_settings_;
    std::string unread_structure_;  ///< why it could not be read
    std::unique_ptr<RepairWriter> repair_;
    std::unique_ptr<CandidateCollector> candidates_;  ///< live only
    std::mutex mutex_;
    std::deque<Piece> pieces_;
    std::exception_ptr failure_;
    std::mutex progress_mutex_;
    Progress progress_;
};

}  // namespace

Request request_from(const plan::TaskSpec& spec) {
    Request request;
    request.source = spec.source;
    request.destination = spec.destination;
    request.objects = spec.objects;
    request.mapping = spec.mapping;
    request.filters = spec.filters;
    return request;
}

Result run(const Request& request, const ProgressCallback& progress) {
    return Run(request, progress).run();
}

}  // namespace cutover::verify
