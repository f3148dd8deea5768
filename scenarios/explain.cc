#include "scenarios/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "scenarios/error_catalogue.h"

namespace cutover::scenarios {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 100;

/// In lines of a width that can be read, each begun with blanks.
std::string wrapped(const std::string& text, std::size_t indent) {
    std::string out;
    std::string line(indent, ' ');
    std::istringstream rest(text);
    for (std::string word; rest >> word;) {
        if (line.size() > indent && line.size() + 1 + word.size() > kWidth) {
            out += line + "\n";
            line.assign(indent, ' ');
        }
        line += (line.size() > indent ? " " : "") + word;
    }
    return out + line + "\n";
}

std::string explanation(const ErrorEntry& entry) {
    std::string text = entry.code + "\n\n";
    for (const std::string& one : entry.classes) {
        const std::vector<int> codes = exit_codes(entry, one);
        text += codes.size() == 1
                    ? fmt::format("  class       {}, exit code {}\n", one, codes.front())
                    : fmt::format(
                          "  class       {}, exit code {} of precheck and {} of migrate if "
                          "it blocks\n",
                          one, codes.front(), codes.back());
    }
    if (!entry.found_by.empty()) {
        text += fmt::format("  found by    {}, in the precheck\n", fmt::join(entry.found_by, ", "));
    }
    return text + "\n" + wrapped(entry.meaning, 2) + "\n  What to do\n" + wrapped(entry.remedy, 4);
}

/// Each class with its codes, in the order in which the classes first come.
std::string list(const std::vector<ErrorEntry>& entries) {
    std::vector<std::string> classes;
    std::size_t longest = 0;
    for (const ErrorEntry& entry : entries) {
        longest = std::max(longest, entry.code.size());
        for (const std::string& one : entry.classes) {
            if (std::find(classes.begin(), classes.end(), one) == classes.end()) {
                classes.push_back(one);
            }
        }
    }
    std::sort(classes.begin(), classes.end());
    std::string text;
    for (const std::string& one : classes) {
        text += (text.empty() ? "" : "\n") + one + "\n";
        for (const ErrorEntry& entry : entries) {
            if (std::find(entry.classes.begin(), entry.classes.end(), one) != entry.classes.end()) {
                const std::size_t end = entry.meaning.find(". ");
                text += fmt::format("  {:<{}}  {}\n", entry.code, longest,
                                    entry.meaning.substr(
                                        0, end == std::string::npos ? std::string::npos : end + 1));
            }
        }
    }
    return text;
}

Json as_json(const ErrorEntry& entry) {
    Json classes = Json::array();
    for (const std::string& one : entry.classes) {
        classes.push_back({{"class", one}, {"exit_codes", exit_codes(entry, one)}});
    }
    return {{"code", entry.code},
            {"classes", classes},
            {"meaning", entry.meaning},
            {"remedy", entry.remedy},
            {"found_by", entry.found_by}};
}

/// What is wrong with a code, for the command line; empty if there is such a one.
std::string complaint_about(const std::string& code) {
    if (error_catalogue().find(code)) {
        return "";
    }
    const std::string near = error_catalogue().nearest(code);
    return fmt::format("there is no code `{}`{}", code,
                       near.empty() ? "; `cutover explain` lists them"
                                    : fmt::format("; did you mean `{}`?", near));
}

void explain(const std::string& code, bool json, std::ostream& out) {
    if (!code.empty()) {
        const ErrorEntry entry = error_catalogue().find(code).value();
        out << (json ? as_json(entry).dump() + "\n" : explanation(entry));
        return;
    }
    if (!json) {
        out << list(error_catalogue().entries());
        return;
    }
    Json all = Json::array();
    for (const ErrorEntry& entry : error_catalogue().entries()) {
        all.push_back(as_json(entry));
    }
    out << all.dump() << "\n";
}

}  // namespace

void add_explain(CLI::App& app, std::ostream& out, int& exit_code) {
    struct Options {
        std::string code;
        bool json = false;
    };
    const auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("explain", "what an error code means, and what to do; or all codes");
    command->add_option("CODE", options->code, "the code, as it stands in brackets behind an error")
        ->check(CLI::Validator(complaint_about, "CODE"));
    command->add_flag("--json", options->json, "one JSON object, or a list of them");
    command->footer(
        "A word in capitals stands for what is put in at run time: of `postgres.SQLSTATE` give the "
        "whole code.\n\nexample:  cutover explain slot.missing\n"
        "          cutover explain postgres.23505\n"
        "exit:     0; 3 if there is no such code");
    command->callback([options, &out, &exit_code] {
        explain(options->code, options->json, out);
        exit_code = 0;
    });
}

std::string read_more(const std::string& code) {
    return error_catalogue().find(code) ? "more: cutover explain " + code : "";
}

}  // namespace cutover::scenarios
