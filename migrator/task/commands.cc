#include "migrator/task/commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "migrator/flow/thread_runtime.h"
#include "migrator/model/error.h"
#include "migrator/task/finish_options.h"
#include "migrator/task/migrate_command.h"
#include "migrator/task/operator_command.h"
#include "migrator/task/steward.h"

namespace cutover::task {

namespace {

constexpr const char* kMigrateFooter =
    "A minimal task file:\n\n"
    "  task: shop\n"
    "  source:      {engine: postgres, host: old.example, database: shop, user: mover, password: "
    "{env: OLD}}\n"
    "  destination: {engine: postgres, host: new.example, database: shop, user: mover, password: "
    "{env: NEW}}\n"
    "  objects: {include: [public]}\n\n"
    "Runs the phases schema, full and incremental. Without incremental it ends by itself; with it, "
    "it\n"
    "runs until `cutover finish` (the cutover) or `cutover stop`. Killed, stopped or failed, it "
    "goes on\n"
    "where it was when started again with the same file; nothing is lost and nothing doubled.\n"
    "Ctrl-C stops at the next durable point, a second Ctrl-C at once.\n\n"
    "example:  cutover migrate shop.yaml\n"
    "exit:     0 completed or cut over, 1 cut over with a late write, 2 cut over and the log "
    "behind the\n"
    "          fence could not be read, 15 stopped, 3 the task file cannot be used, 10 "
    "connection,\n"
    "          11 operation, 12 conflict, 13 refused (a blocking precheck too), 14 corrupt";

constexpr const char* kFinishFooter =
    "Stop the application's writes at the source first. The task waits for transactions that have "
    "written\n"
    "and not ended, applies what is left, reads the log on for the quiet seconds, validates "
    "constraints,\n"
    "sets sequences, and from that moment no late process of it can write (the fence). It ends in "
    "one of\n"
    "three ways, and says what it rests on:\n"
    "  cut over      nothing came after, as far as the log was read: 3 s beyond the fence\n"
    "  refused       somebody writes (a change in the quiet seconds), or an open or prepared "
    "transaction has\n"
    "                written: who, since when, which table. The task follows the log as before\n"
    "  late write    a change came behind the fence all the same: table and key; told by `status` "
    "and\n"
    "                `verify` too, until `release`\n"
    "A writer that pauses for longer than the quiet seconds is not seen before the fence, but "
    "behind it.\n\n"
    "--fence-source makes triggers at the source (as little right as publishing needs) that refuse "
    "every\n"
    "write to the task's tables, by whomever: applications there get errors from then on. Making "
    "them waits\n"
    "for running writers, and other writers queue behind that, for 1.5 s at a time; who is in the "
    "way is\n"
    "named. A refused finish lets writes through again before it answers, a stopped one before it "
    "ends,\n"
    "after a crash the next `migrate` before anything else; a finished one leaves them until "
    "`release`.\n\n"
    "example:  cutover finish shop.yaml\n"
    "          cutover finish shop.yaml --fence-source --quiet-seconds 0\n"
    "exit:     0 cut over, 1 cut over with a late write, 2 cut over and the log behind it could "
    "not "
    "be read,\n"
    "          or no answer yet, 13 refused with the reason. Whoever goes away before the cutover "
    "has begun\n"
    "          (Ctrl-C, a lost connection) has withdrawn it.";

constexpr const char* kThrottleFooter =
    "LIMIT is PHASE.NAME=VALUE: full.rows_per_second, full.mb_per_second, "
    "full.queries_per_second,\n"
    "incremental.rows_per_second, incremental.mb_per_second; VALUE is a number or `unlimited`. In\n"
    "effect within a second; a restart goes back to the task file's limits.\n\n"
    "example:  cutover throttle shop.yaml full.mb_per_second=20 "
    "incremental.rows_per_second=unlimited";

constexpr const char* kReleaseFooter =
    "For a task that is finished, or given up: lifts the fence at the source, drops the "
    "replication "
    "slot and\n"
    "publication there, puts replica identities back, removes the control rows at the destination. "
    "Refused "
    "while\n"
    "a process is running the task, and, without --anyway, while the source's log shows a late "
    "write "
    "or\n"
    "cannot be read: it is dropped with the slot. The migrated data stay.\n\n"
    "example:  cutover release shop.yaml";

CLI::App* add_command(CLI::App& app, const char* name, const char* text, OperatorOptions& options) {
    CLI::App* command = app.add_subcommand(name, text);
    command->add_option("FILE", options.file, "the task file")->required();
    return command;
}

void add_migrate(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                 int& exit_code) {
    const auto options = std::make_shared<MigrateOptions>();
    CLI::App* command = app.add_subcommand("migrate", "migrate, or go on with a migration");
    command->add_option("FILE", options->file, "the task file")->required();
    command->add_flag("--json", options->json, "one JSON object per line instead of text");
#ifdef CUTOVER_REHEARSAL_HOOKS
    command
        ->add_option("--kill-at", options->kill_at,
                     "rehearsals: end with SIGKILL at the N-th pass of a sync point, POINT[:N]")
        ->check(CLI::Validator(check_kill_at, "POINT[:N]"));
#endif
    command->footer(kMigrateFooter);
    command->callback([options, &registry, &out, &exit_code] {
        exit_code = run_migrate(*options, registry, out);
    });
}

/// A command that the running process obeys. `more`: seconds that it may take by its arguments,
/// beyond those that are waited for the answer.
CLI::App* add_verb(CLI::App& app, const char* verb, const char* text, std::chrono::seconds wait,
                   const engine::Registry& registry, std::ostream& out, int& exit_code,
                   const std::shared_ptr<std::vector<std::string>>& arguments = nullptr,
                   const std::shared_ptr<std::chrono::seconds>& more = nullptr) {
    const auto options = std::make_shared<OperatorOptions>();
    const auto seconds = std::make_shared<std::uint32_t>(static_cast<std::uint32_t>(wait.count()));
    CLI::App* command = add_command(app, verb, text, *options);
    command->add_flag("--json", options->json, "the answer as JSON");
    command->add_option("--wait", *seconds,
                        fmt::format("seconds to wait for the answer ({})", wait.count()));
    command->callback([=, &registry, &out, &exit_code] {
        options->wait = std::chrono::seconds(*seconds) + (more ? *more : std::chrono::seconds(0));
        const std::string argument = arguments ? fmt::format("{}", fmt::join(*arguments, ",")) : "";
        exit_code = Operator(*options, registry, out).command(verb, argument);
    });
    return command;
}

/// Told before a server is asked for anything; empty if `limit` can be read.
std::string throttle_problem(const std::string& limit) {
    flow::ThreadRuntime runtime;
    flow::Throttle full(runtime, {});
    flow::Throttle incremental(runtime, {});
    try {
        apply_throttle(limit, full, incremental);
    } catch (const model::Error& error) {
        return error.what();
    }
    return "";
}

void add_throttle(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                  int& exit_code) {
    const auto limits = std::make_shared<std::vector<std::string>>();
    CLI::App* command = add_verb(app, "throttle", "change the limits of a running task",
                                 std::chrono::seconds(60), registry, out, exit_code, limits);
    command->add_option("LIMIT", *limits, "PHASE.NAME=VALUE")
        ->required()
        ->check(CLI::Validator(throttle_problem, "PHASE.NAME=VALUE"));
    command->footer(kThrottleFooter);
}

void add_status(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                int& exit_code) {
    const auto options = std::make_shared<OperatorOptions>();
    CLI::App* command =
        add_command(app, "status", "what the destination knows of a task", *options);
    command->add_flag("--json", options->json, "one JSON object");
    command->footer(
        "Of a task that is cut over it reads the source's log behind the cutover's point, and says "
        "what the\n"
        "cutover rests on.\n\nexample:  cutover status shop.yaml\n"
        "exit:     0; 1 if the source was written to after the cutover; 2 if that cannot be told");
    command->callback([options, &registry, &out, &exit_code] {
        exit_code = Operator(*options, registry, out).status();
    });
}

void add_finish(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                int& exit_code) {
    struct Given {
        std::uint32_t wait = 10;
        std::uint32_t quiet = 10;
        FinishOptions finish;
    };
    const auto given = std::make_shared<Given>();
    const auto argument = std::make_shared<std::vector<std::string>>();
    const auto more = std::make_shared<std::chrono::seconds>(0);
    CLI::App* command = add_verb(app, "finish", "the cutover: prove, set sequences, fence",
                                 std::chrono::hours(1), registry, out, exit_code, argument, more);
    command
        ->add_option("--wait-for-transactions", given->wait,
                     "seconds for transactions that have written and not ended, then refuse")
        ->check(CLI::Range(0u, 86400u))
        ->capture_default_str();
    command
        ->add_option("--quiet-seconds", given->quiet,
                     "read the log for so long behind the last change; 0 only with --fence-source")
        ->check(CLI::Range(0u, 86400u))
        ->capture_default_str();
    command->add_flag("--fence-source", given->finish.fence_source,
                      "keep everybody from writing to the task's tables at the source");
    // What cannot be carried out is told before a process is asked.
    command->parse_complete_callback([given, argument, more] {
        *more = std::chrono::seconds(given->wait) + std::chrono::seconds(given->quiet);
        given->finish.wait = std::chrono::seconds(given->wait);
        given->finish.quiet = std::chrono::seconds(given->quiet);
        *argument = {to_argument(given->finish)};
        read_finish_options(argument->front());
    });
    command->footer(kFinishFooter);
}

void add_release(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                 int& exit_code) {
    const auto options = std::make_shared<OperatorOptions>();
    CLI::App* command =
        add_command(app, "release", "remove a task's traces at both ends", *options);
    command->add_flag("--source-gone", options->source_gone,
                      "the source does not exist any more: clean the destination only");
    command->add_flag("--anyway", options->anyway,
                      "even if the source was written to behind the cutover, or nobody can tell");
    command->footer(kReleaseFooter);
    command->callback([options, &registry, &out, &exit_code] {
        exit_code = Operator(*options, registry, out).release();
    });
}

}  // namespace

void add_commands(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                  int& exit_code) {
    const std::chrono::seconds soon(60);
    add_migrate(app, registry, out, exit_code);
    add_status(app, registry, out, exit_code);
    add_verb(app, "pause", "hold a running task; it keeps its place", soon, registry, out,
             exit_code)
        ->footer(
            "The source keeps its log meanwhile: watch its disk.\n\nexample:  cutover pause "
            "shop.yaml");
    add_verb(app, "resume", "let a paused task go on", soon, registry, out, exit_code)
        ->footer("example:  cutover resume shop.yaml");
    add_throttle(app, registry, out, exit_code);
    add_verb(app, "stop", "end the running process at the next durable point", soon, registry, out,
             exit_code)
        ->footer("`cutover migrate` goes on later.\n\nexample:  cutover stop shop.yaml");
    add_finish(app, registry, out, exit_code);
    add_release(app, registry, out, exit_code);
}

}  // namespace cutover::task
