#include "migrator/precheck/command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "migrator/plan/task_file.h"
#include "migrator/precheck/text.h"

namespace cutover::precheck {

namespace {

struct Options {
    std::string file;
    bool json = false;
};

constexpr const char* kFooter =
    "Changes nothing at either end: what is tried there is undone. Every finding has a code, what "
    "was found, why it\n"
    "matters, a remedy, and the numbers of the documented behaviours it answers. An `alert, may "
    "be\n"
    "ignored` is silenced by its code in the task file: `ignore: [tables.keyless]`.\n\n"
    "example:  cutover precheck shop.yaml\n"
    "exit:     0 go, 1 no-go, 3 the task file cannot be used, 10 and up errors";

}  // namespace

void add_commands(CLI::App& app, const engine::Registry& registry, std::ostream& out,
                  int& exit_code) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("precheck", "ask both ends whether the task may start");
    command->add_option("FILE", options->file, "the task file")->required();
    command->add_flag("--json", options->json, "one JSON object instead of text");
    command->footer(kFooter);
    command->callback([options, &registry, &out, &exit_code] {
        const Facts facts =
            gather(registry, plan::read_task_file(options->file, registry.endpoint_rules()));
        const Report report = ask(facts);
        if (options->json) {
            out << to_json(facts, report) << "\n";
        } else {
            print(out, facts, report);
        }
        exit_code = report.blocks() ? 1 : 0;
    });
}

}  // namespace cutover::precheck
