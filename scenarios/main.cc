// The program `cutover`: assembles the engines, the routes and every folder's commands, and turns
// what leaves them as an exception into a message and an exit code. Nothing is decided here.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "migrator/model/error.h"
#include "migrator/model/visible.h"
#include "migrator/plan/document.h"
#include "migrator/plan/document_reader.h"
#include "migrator/precheck/command.h"
#include "migrator/task/aftermath.h"
#include "migrator/task/commands.h"
#include "scenarios/command.h"
#include "scenarios/explain.h"
#include "scenarios/registry.h"
#include "scenarios/run/failure.h"
#include "scenarios/run/own_process.h"
#include "verify/command.h"
#include "verify/known_engines.h"

namespace {

constexpr const char* kAbout =
    "Rehearses a database migration until it is boring: migrates, breaks things on purpose, proves "
    "every row.";

constexpr const char* kFooter =
    "The way of a migration:  precheck, migrate, verify, finish, verify, release.\n"
    "`cutover COMMAND --help` explains a command and its exit codes.";

/// For an exception that is nobody's operating error: a defect, or no memory.
constexpr int kUnexpected = 70;

/// True if the first word is a command; tells the near one otherwise.
bool known_command(const CLI::App& app, int argc, char** argv) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) {
        names.push_back(command->get_name());
    }
    if (argc < 2 || argv[1][0] == '-' ||
        std::find(names.begin(), names.end(), argv[1]) != names.end()) {
        return true;
    }
    const std::string near = cutover::plan::nearest(argv[1], {names.begin(), names.end()});
    std::cerr << "cutover: there is no command `" << argv[1] << "`"
              << (near.empty() ? "; see `cutover --help`" : "; did you mean `" + near + "`?")
              << "\n";
    return false;
}

using cutover::model::Error;

/// A command that was asked for JSON gives it for its failure too.
int fail(const Error& error, const std::vector<cutover::plan::Problem>& problems, bool json,
         int exit_code) {
    if (json) {
        std::cout << cutover::scenarios::failure_json(error, problems, exit_code) << std::endl;
    }
    return exit_code;
}

int run(CLI::App& app, int argc, char** argv, const int& exit_code) {
    const bool json = cutover::scenarios::json_asked({argv + 1, argv + argc});
    try {
        app.parse(argc, argv);
        return exit_code;
    } catch (const CLI::ParseError& error) {
        if (app.exit(error) == 0) {
            return 0;
        }
        return fail(Error(cutover::model::ErrorClass::refused, "command_line", error.what()), {},
                    json, cutover::plan::kBadUsage);
    } catch (const cutover::plan::FileError& error) {
        std::cerr << error.message() << "\n";
        return fail(error, error.problems(), json, cutover::plan::kBadUsage);
    } catch (const Error& error) {
        const auto side = error.side();
        std::cerr << "cutover: "
                  << (side ? "at the " + std::string(to_string(*side)) + ": " : std::string())
                  << error.what() << "\n";
        if (const std::string more = cutover::scenarios::read_more(error.code()); !more.empty()) {
            std::cerr << more << "\n";
        }
        // A migration has told of it already, as an event.
        return fail(error, {}, json && !app.got_subcommand("migrate"),
                    cutover::model::exit_code(error.error_class()));
    }
}

/// As the judge reports them.
cutover::verify::LateWrites late_writes(const cutover::stage::LateWrites& seen) {
    cutover::verify::LateWrites out{seen.transactions, seen.changes, {}};
    for (const cutover::stage::LateWrite& write : seen.first) {
        out.first.push_back(
            {write.change, write.table, write.key, write.position, write.committed});
    }
    return out;
}

cutover::verify::CommandParts judge_parts(const cutover::engine::Registry& registry) {
    cutover::verify::CommandParts parts;
    parts.engines = cutover::verify::known_engines();
    parts.endpoints = registry.endpoint_rules();
    parts.declared_rules = [&registry](const cutover::plan::TaskSpec& spec) {
        const auto* const route = registry.find_route(spec.source.engine, spec.destination.engine);
        return route == nullptr ? std::vector<std::string_view>() : route->declared_rules();
    };
    parts.after_cutover = [&registry](const cutover::plan::TaskSpec& spec) {
        const auto after = cutover::task::look_after(registry, spec);
        return after ? cutover::verify::AfterCutover{late_writes(after->evidence.late),
                                                     after->not_looked}
                     : cutover::verify::AfterCutover{};
    };
    return parts;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        cutover::scenarios::keep_secrets_in_process(std::cerr);
        const cutover::engine::Registry registry = cutover::scenarios::all_engines();
        int exit_code = 0;
        CLI::App app(kAbout, "cutover");
        app.footer(kFooter);
        app.set_version_flag("--version", "cutover " CUTOVER_VERSION);
        app.require_subcommand(1);
        cutover::precheck::add_commands(app, registry, std::cout, exit_code);
        cutover::task::add_commands(app, registry, std::cout, exit_code);
        cutover::verify::add_commands(app, judge_parts(registry), std::cout, exit_code);
        // Rehearsals start this very program as their migrator and their judge.
        const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
        cutover::scenarios::add_commands(app, program, std::cout, exit_code);
        cutover::scenarios::add_explain(app, std::cout, exit_code);
        if (!known_command(app, argc, argv)) {
            return cutover::plan::kBadUsage;
        }
        return run(app, argc, argv, exit_code);
    } catch (const std::exception& error) {
        std::cerr << "cutover: unexpected: " << cutover::model::visible(error.what()) << "\n";
        return kUnexpected;
    }
}
