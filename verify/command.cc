#include "verify/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>

#include "migrator/model/check.h"
#include "migrator/model/visible.h"
#include "migrator/plan/output_file.h"
#include "migrator/plan/output_path.h"
#include "migrator/plan/task_file.h"
#include "verify/report/report.h"
#include "verify/verify.h"

namespace cutover::verify {

namespace {

struct Options {
    std::string file;
    std::vector<std::string> tables;
    unsigned jobs = 1;
    std::string format = "text";
    std::string output;
    std::uint64_t rows_per_second = 0;
    std::uint64_t bytes_per_second = 0;
    bool no_schema = false;
    bool no_sequences = false;
    std::vector<std::string> rules;
    std::string repair_file;
    std::size_t samples = 20;
    std::uint64_t seed = 0;
    LiveOptions live;
    std::uint64_t live_wait_seconds = 60;
    std::uint64_t lock_wait_seconds = 60;
    std::uint64_t settle_seconds = 5;
    bool ignore_open_writers = false;
    bool with_values = false;
    bool no_values = false;

    /// An HTML page is likely to be passed on, so it shows no values unless that was asked for.
    bool masked() const { return no_values || (format == "html" && !with_values); }
};

std::string rules_help() {
    std::string out = "let values pass that differ only in form (may be repeated):";
    for (const Rule rule : all_rules()) {
        out += fmt::format("\n{}: {}", to_string(rule), meaning(rule));
    }
    return out;
}

constexpr const char* kFooter =
    "Reads both ends once, each under one snapshot, and compares every row and column; tables "
    "without a key as\n"
    "multisets. Changes nothing. Works on pairs that any tool has migrated. While a task of ours "
    "replicates, rows\n"
    "that differ are looked at again until the destination has applied what the source had; what "
    "cannot be judged\n"
    "by such positions is pending (exit 2), not different. After finish its fence is the proof. "
    "Without a task of\n"
    "ours a proof needs quiet ends: stop the writes and let the migrator catch up, else rows that "
    "differ are pending\n"
    "(--settle); or say --live, which settles by looking again.\n\n"
    "example:  cutover verify shop.yaml --jobs 2 --format html --output shop.html\n"
    "exit:     0 consistent, 1 inconsistent, 2 could not tell, 3 the task file cannot be used, 10 "
    "and up errors";

/// `name` was checked while parsing, or comes from a route.
Rule rule_named(std::string_view name) {
    const std::optional<Rule> rule = rule_by_name(name);
    CUTOVER_CHECK(rule);
    return *rule;
}

Request request_of(const Options& options, const CommandParts& parts) {
    const plan::TaskSpec spec = plan::read_task_file(options.file, parts.endpoints);
    Request request = request_from(spec);
    request.engines = parts.engines;
    if (parts.declared_rules) {
        for (const std::string_view name : parts.declared_rules(spec)) {
            request.declared_rules.add(rule_named(name));
        }
    }
    request.live = options.live;
    request.live.task = spec.name;
    request.live.wait = std::chrono::seconds(options.live_wait_seconds);
    request.settle = std::chrono::seconds(options.settle_seconds);
    request.ignore_open_writers = options.ignore_open_writers;
    if (parts.after_cutover) {
        request.after_cutover = [ask = parts.after_cutover, spec] { return ask(spec); };
    }
    request.tables = options.tables;
    request.jobs = options.jobs;
    request.rows_per_second = options.rows_per_second;
    request.bytes_per_second = options.bytes_per_second;
    request.structure = !options.no_schema;
    request.sequences = !options.no_schema && !options.no_sequences;
    request.samples = options.samples;
    request.lock_wait = std::chrono::seconds(options.lock_wait_seconds);
    request.repair_file = options.repair_file;
    request.seed = options.seed;
    for (const std::string& name : options.rules) {
        request.rules.add(rule_named(name));
    }
    return request;
}

/// One line that overwrites itself, on a terminal only.
class TerminalProgress {
public:
    explicit TerminalProgress(bool wanted) : active_(wanted && ::isatty(STDERR_FILENO) != 0) {}
    ~TerminalProgress() {
        if (active_) {
            std::cerr << "\r\033[K" << std::flush;
        }
    }
    TerminalProgress(const TerminalProgress&) = delete;
    TerminalProgress& operator=(const TerminalProgress&) = delete;

    ProgressCallback callback() {
        if (!active_) {
            return {};
        }
        return [this](const Progress& progress) { show(progress); };
    }

private:
    void show(const Progress& progress) {
        const auto now = std::chrono::steady_clock::now();
        if (now - shown_ < std::chrono::milliseconds(200)) {
            return;
        }
        shown_ = now;
        std::cerr << fmt::format("\r\033[K{} of {} tables, {} of about {} rows, {} ({})",
                                 progress.tables_done, progress.tables_total,
                                 grouped(progress.source_rows), grouped(progress.rows_expected),
                                 bytes_text(progress.bytes), model::visible(progress.table))
                  << std::flush;
    }

    bool active_;
    std::chrono::steady_clock::time_point shown_{};
};

void write_report(const Options& options, const Result& result, std::ostream& out) {
    if (options.format == "json") {
        out << to_json(result) << "\n";
    } else if (options.format == "html") {
        out << to_html(result);
    } else {
        write_text(out, result);
    }
}

void write_file(const Options& options, const Result& result) {
    std::ostringstream text;
    write_report(options, result, text);
    plan::write_file("--output", options.output, text.str());
}

/// Checked first, so that no hours are spent on a report that cannot be written.
void check_outputs(const Options& options) {
    if (!options.output.empty()) {
        plan::require_writable_file("--output", options.output);
    }
    if (!options.repair_file.empty()) {
        plan::require_writable_file("--repair-file", options.repair_file);
        plan::require_writable_file("--repair-file with .undo", options.repair_file + ".undo");
    }
}

void verify_task(const Options& options, const Request& request, std::ostream& out,
                 int& exit_code_out) {
    check_outputs(options);
    Result result;
    {
        TerminalProgress progress(options.format == "text" || !options.output.empty());
        result = run(request, progress.callback());
    }
    if (options.masked()) {
        mask_values(result);
    }
    if (options.output.empty()) {
        write_report(options, result, out);
    } else {
        write_file(options, result);
        out << fmt::format("{}: {}; report in {}\n", to_string(result.verdict),
                           model::visible(result.reasons.front()), options.output);
    }
    exit_code_out = exit_code(result.verdict);
}

void add_live_options(CLI::App& command, const std::shared_ptr<Options>& options) {
    command.add_flag("--live", options->live.asked,
                     "beside another tool's replication too: rows that differ are looked at again, "
                     "those on their way are pending");
    command
        .add_option("--live-wait", options->live_wait_seconds,
                    "live: give up (pending) when the destination has not moved for this many "
                    "seconds")
        ->check(CLI::Range(1u, 86400u))
        ->capture_default_str();
    command
        .add_option("--live-keys", options->live.keys,
                    "live: differing keys per table that are looked at again; a table with more is "
                    "pending")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command
        .add_option("--live-rounds", options->live.rounds,
                    "live, without our marker at the destination: rounds in which a row must stay "
                    "different")
        ->check(CLI::Range(2u, 100u))
        ->capture_default_str();
    command
        .add_option("--settle", options->settle_seconds,
                    "without a task of ours: rows that differ count as different only if nobody "
                    "writes at either end for this many seconds")
        ->check(CLI::Range(0u, 86400u))
        ->capture_default_str();
    command.add_flag(
        "--ignore-open-writers", options->ignore_open_writers,
        "do not withhold the verdict because of open transactions that wrote to compared tables");
}

}  // namespace

void add_commands(CLI::App& app, CommandParts parts, std::ostream& out, int& exit_code) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("verify", "compare source and destination, every row");
    command
        ->add_option("FILE", options->file, "the task file: both ends, objects, renames, filters")
        ->required();
    command->add_option("--table", options->tables, "only this table or pattern (may be repeated)");
    command->add_option("--jobs", options->jobs, "tables or key ranges compared at once")
        ->check(CLI::Range(1u, 64u))
        ->capture_default_str();
    command->add_option("--format", options->format, "text, json or html")
        ->check(CLI::IsMember({"text", "json", "html"}))
        ->capture_default_str();
    command->add_flag_callback(
        "--json", [options] { options->format = "json"; }, "the same as --format json");
    command->add_option("--output", options->output, "write the report to this file");
    CLI::Option* values =
        command->add_flag("--values", options->with_values,
                          "also show values of rows in an HTML page, where they are "
                          "masked by default");
    command
        ->add_flag("--no-values", options->no_values,
                   "mask keys and values of rows in the report, whatever its format")
        ->excludes(values);
    std::vector<std::string> names;
    for (const Rule rule : all_rules()) {
        names.emplace_back(to_string(rule));
    }
    command->add_option("--rule", options->rules, rules_help())->check(CLI::IsMember(names));
    command->add_option("--rows-per-second", options->rows_per_second,
                        "read no faster than this, per end");
    command->add_option("--bytes-per-second", options->bytes_per_second, "likewise in bytes");
    command->add_option("--samples", options->samples, "findings shown per table and verdict")
        ->capture_default_str();
    command->add_option(
        "--repair-file", options->repair_file,
        "write guarded repair statements here and their undo to FILE.undo; nothing is applied");
    command
        ->add_option(
            "--lock-wait", options->lock_wait_seconds,
            "wait this many seconds for a table that others have locked, then judge without it")
        ->check(CLI::Range(1u, 86400u))
        ->capture_default_str();
    command->add_option("--seed", options->seed, "seed of the digests, to repeat a run");
    command->add_flag("--no-schema", options->no_schema, "compare rows only");
    command->add_flag("--no-sequences", options->no_sequences,
                      "leave sequences out (they are set at the cutover)");
    add_live_options(*command, options);
    command->footer(kFooter);
    command->callback([options, parts = std::move(parts), &out, &exit_code] {
        verify_task(*options, request_of(*options, parts), out, exit_code);
    });
}

}  // namespace cutover::verify
