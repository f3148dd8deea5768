#include "scenarios/command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "fixtures/server_factory.h"
#include "migrator/model/error.h"
#include "migrator/model/visible.h"
#include "migrator/plan/output_file.h"
#include "migrator/plan/output_path.h"
#include "scenarios/assertion/assertion.h"
#include "scenarios/catalogue.h"
#include "scenarios/evidence/reproduction.h"
#include "scenarios/evidence/schedule.h"
#include "scenarios/report/report.h"
#include "scenarios/run/rehearsal.h"
#include "scenarios/run/terminal_narrator.h"

namespace cutover::scenarios {

namespace {

struct Options {
    std::vector<std::string> names;
    bool all = false;
    bool list = false;
    bool coverage = false;
    bool keep = false;
    bool with_values = false;
    bool no_values = false;
    std::optional<std::uint64_t> seed;
    std::string report_folder = "reports";
    std::string replay_file;
    std::string scenario_folder = CUTOVER_SCENARIO_FOLDER;

    report::Values values() const {
        return no_values     ? report::Values::nowhere
               : with_values ? report::Values::everywhere
                             : report::Values::json_only;
    }
};

constexpr const char* kDefaultScenario = "postgres_to_postgres/main";
constexpr const char* kVerdicts = "verdicts.json";

constexpr const char* kFooter =
    "Starts its own servers, migrates between them while it breaks things on purpose, proves every "
    "row,\n"
    "and says go or no-go. Without a NAME: the main rehearsal.\n\n"
    "example:  cutover rehearse main --seed 7\n"
    "exit:     0 go, 1 no-go, 2 could not tell, 3 bad usage or a scenario that cannot be used,\n"
    "          13 no such scenario, or a folder or file that cannot be used";

std::string text_of(const std::string& file) {
    std::ifstream in(file);
    if (!in) {
        throw model::Error(model::ErrorClass::refused, "rehearse.file", file + " cannot be read");
    }
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The last verdict of every scenario, kept between runs of the program.
class VerdictBook {
public:
    explicit VerdictBook(const std::filesystem::path& folder) : file_(folder / kVerdicts) {
        if (std::ifstream in(file_); in) {
            book_ = nlohmann::json::parse(in, nullptr, false);
        }
        if (!book_.is_object()) {
            book_ = nlohmann::json::object();
        }
    }

    void note(const Evidence& evidence) {
        book_[evidence.scenario] = {{"verdict", to_string(evidence.verdict)},
                                    {"seed", evidence.seed}};
        plan::write_file("--report-dir", file_, book_.dump(2) + "\n");
    }

    std::string of(const std::string& scenario) const {
        const auto found = book_.find(scenario);
        return found == book_.end() ? "not run" : found->value("verdict", "not run");
    }

private:
    std::filesystem::path file_;
    nlohmann::json book_;
};

void print_list(const Catalogue& catalogue, std::ostream& out) {
    for (const std::string& name : catalogue.names()) {
        const Scenario scenario = catalogue.load(name);
        out << fmt::format("{:<34} {}\n", name, scenario.promise);
    }
    out << "\nactions of a timeline:\n";
    for (const FaultKind* kind : fault_kinds()) {
        out << fmt::format("  {:<30} {}\n", kind->name, kind->meaning);
    }
    out << "\nassertions:\n";
    for (const AssertionKind* kind : assertion_kinds()) {
        out << fmt::format("  {:<30} {}\n", kind->name, kind->meaning);
    }
}

void print_coverage(const Catalogue& catalogue, const VerdictBook& book,
                    const std::filesystem::path& project, std::ostream& out) {
    std::map<std::string, std::vector<std::string>> scenarios;
    for (const std::string& name : catalogue.names()) {
        for (const Claim& claim : catalogue.load(name).claims) {
            scenarios[claim.guarantee].push_back(
                fmt::format("{} by {} ({})", name, fmt::join(claim.shown_by, ", "), book.of(name)));
        }
    }
    const auto tests = claims_of_tests(project);
    std::size_t claimed = 0;
    for (const Guarantee& guarantee : catalogue.guarantees()) {
        std::vector<std::string> by = scenarios[guarantee.id];
        if (const auto found = tests.find(guarantee.id); found != tests.end()) {
            by.insert(by.end(), found->second.begin(), found->second.end());
        }
        claimed += by.empty() ? 0 : 1;
        out << fmt::format("{:<5} {:<9} {:<8} {}\n      {}\n", guarantee.id, guarantee.kind,
                           guarantee.test, guarantee.text,
                           by.empty() ? "-" : fmt::format("{}", fmt::join(by, "; ")));
    }
    out << fmt::format(
        "\n{} of {} guarantees are claimed by an assertion of a scenario or by a test\n", claimed,
        catalogue.guarantees().size());
}

fixtures::BodyKind wanted_body(Needs needs) {
    return needs == Needs::containers ? fixtures::BodyKind::container : fixtures::BodyKind::process;
}

/// Runs the chosen scenarios one after another.
class Runs {
public:
    Runs(const Options& options, std::filesystem::path program, std::ostream& out)
        : options_(options),
          program_(std::move(program)),
          out_(out),
          book_(options.report_folder) {}

    Decision run(Scenario scenario, std::uint64_t seed) {
        RehearsalOptions options;
        options.seed = seed;
        options.program = program_;
        options.folder = folder_of(scenario.name, seed);
        options.reproduction =
            reproduction_of(scenario.name, seed, options_.scenario_folder, CUTOVER_SCENARIO_FOLDER);
        prepare(options.folder);
        out_ << fmt::format("\n=== {} (seed {})\n{}\n", scenario.name, seed, scenario.promise)
             << std::flush;
        SecretSearch secrets;
        Evidence evidence = rehearse(scenario, options, secrets);
        report::ReportFiles files =
            report::write_reports(evidence, options.folder, options_.values());
        if (secrets.reports({files.html, files.json, files.junit}, evidence)) {
            files = report::write_reports(evidence, options.folder, options_.values());
        }
        book_.note(evidence);
        print_verdict(options_.no_values ? report::without_values(evidence) : evidence, files.html);
        return evidence.verdict;
    }

private:
    /// Empty, and there is a place for it, before any server is started.
    void prepare(const std::filesystem::path& folder) const {
        plan::make_writable_folder("--report-dir", options_.report_folder);
        plan::require_writable_file("--report-dir with " + std::string(kVerdicts),
                                    std::filesystem::path(options_.report_folder) / kVerdicts);
        std::error_code error;
        std::filesystem::remove_all(folder, error);
        if (error) {
            throw model::Error(model::ErrorClass::refused, "rehearse.report_folder",
                               fmt::format("the report folder {} of an earlier run cannot be "
                                           "removed: {}",
                                           folder.string(), error.message()),
                               "remove it, or name another --report-dir");
        }
        plan::make_private_folder("--report-dir", folder);
    }

    Evidence rehearse(Scenario& scenario, const RehearsalOptions& options, SecretSearch& secrets) {
        TerminalNarrator narrator(out_, ::isatty(STDOUT_FILENO) != 0);
        std::optional<fixtures::BodyKind> body;
        if (scenario.needs != Needs::either) {
            body = wanted_body(scenario.needs);
        }
        fixtures::ServerFactory servers(body);
        if (options_.keep) {
            servers.run().keep();
        }
        Rehearsal rehearsal(scenario, options, servers, narrator);
        Evidence evidence = rehearsal.run();
        secrets = rehearsal.secrets();
        if (options_.keep) {
            out_ << fmt::format(
                "servers stay: PGSERVICEFILE={} psql service=source\n"
                "remove {} and the next run removes them\n",
                servers.service_file().string(), (servers.run().directory() / "kept").string());
        }
        return evidence;
    }

    std::filesystem::path folder_of(std::string name, std::uint64_t seed) const {
        std::replace(name.begin(), name.end(), '/', '_');
        return std::filesystem::absolute(options_.report_folder) / fmt::format("{}_{}", name, seed);
    }

    void print_verdict(const Evidence& evidence, const std::filesystem::path& report) {
        for (const AssertionResult& result : evidence.assertions) {
            out_ << fmt::format("  {} {:<32} {}\n", result.passed ? "ok  " : "FAIL", result.name,
                                model::visible(result.detail));
        }
        std::string verdict(to_string(evidence.verdict));
        std::transform(verdict.begin(), verdict.end(), verdict.begin(),
                       [](unsigned char c) { return std::toupper(c); });
        out_ << fmt::format("{}: {}\n", verdict, evidence.scenario);
        for (const std::string& reason : evidence.reasons) {
            out_ << "  " << model::visible(reason) << "\n";
        }
        out_ << "report: " << report.string() << "\nagain:  " << evidence.reproduction << std::endl;
    }

    const Options& options_;
    std::filesystem::path program_;
    std::ostream& out_;
    VerdictBook book_;
};

/// No-go outranks could-not, could-not outranks go.
Decision worse(Decision a, Decision b) {
    const auto rank = [](Decision verdict) {
        return verdict == Decision::no_go ? 2 : verdict == Decision::could_not ? 1 : 0;
    };
    return rank(a) >= rank(b) ? a : b;
}

std::uint64_t drawn_seed() {
    return std::random_device()() % 1'000'000;
}

int rehearse_all(const Options& options, const Catalogue& catalogue,
                 const std::filesystem::path& program, std::ostream& out) {
    Runs runs(options, program, out);
    Decision verdict = Decision::go;
    if (!options.replay_file.empty()) {
        const std::string text = text_of(options.replay_file);
        const Replay replay = read_schedule(text);
        Scenario scenario = catalogue.load(replay.scenario);
        apply_schedule(text, scenario);
        return exit_code(runs.run(std::move(scenario), replay.seed));
    }
    std::vector<std::string> names = options.all ? catalogue.names() : options.names;
    if (names.empty()) {
        names = {kDefaultScenario};
    }
    // All of them are read before the first is run: a mistake in the last should not cost an hour.
    std::vector<Scenario> scenarios;
    for (const std::string& name : names) {
        scenarios.push_back(catalogue.load(name));
    }
    for (Scenario& scenario : scenarios) {
        const std::uint64_t seed = options.seed.value_or(scenario.seed.value_or(drawn_seed()));
        verdict = worse(verdict, runs.run(std::move(scenario), seed));
    }
    return exit_code(verdict);
}

int execute(const Options& options, const std::filesystem::path& program, std::ostream& out) {
    const Catalogue catalogue(options.scenario_folder);
    if (options.list) {
        print_list(catalogue, out);
        return 0;
    }
    if (options.coverage) {
        print_coverage(catalogue, VerdictBook(options.report_folder),
                       std::filesystem::path(options.scenario_folder).parent_path(), out);
        return 0;
    }
    return rehearse_all(options, catalogue, program, out);
}

}  // namespace

void add_commands(CLI::App& app, const std::filesystem::path& program, std::ostream& out,
                  int& exit_code) {
    const auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("rehearse", "rehearse a migration: break it on purpose, prove it");
    command->add_option("NAME", options->names,
                        "scenarios, such as postgres_to_postgres/main or main");
    command->add_flag("--all", options->all, "every scenario");
    command->add_flag("--list", options->list, "what there is: scenarios, actions, assertions");
    command->add_flag("--coverage", options->coverage,
                      "every documented guarantee, who claims it, the last verdict");
    command->add_flag("--keep", options->keep, "leave the servers running afterwards");
    command->add_option("--seed", options->seed, "chooses workloads and places of faults");
    command->add_option("--report-dir", options->report_folder, "where reports go (reports)");
    command->add_option("--replay", options->replay_file, "repeat a run from its schedule.json");
    CLI::Option* values = command->add_flag(
        "--values", options->with_values,
        "show values of rows in report.html and junit.xml, too, which are masked otherwise");
    command
        ->add_flag("--no-values", options->no_values,
                   "mask values of rows everywhere, in report.json and on the terminal too")
        ->excludes(values);
    command->add_option("--scenarios", options->scenario_folder, "folder with the scenario files");
    command->footer(kFooter);
    command->callback(
        [options, &program, &out, &exit_code] { exit_code = execute(*options, program, out); });
}

}  // namespace cutover::scenarios
