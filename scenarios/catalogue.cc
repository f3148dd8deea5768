#include "scenarios/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "migrator/model/error.h"
#include "migrator/plan/document.h"
#include "migrator/plan/document_reader.h"
#include "scenarios/assertion/assertion.h"
#include "scenarios/fault/fault.h"
#include "scenarios/workload/workload.h"

namespace cutover::scenarios {

namespace {

constexpr const char* kGuarantees = "guarantees.yaml";
constexpr const char* kRehearsals = "rehearsals";

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) {
        throw model::Error(model::ErrorClass::refused, "scenario.file",
                           file.string() + " cannot be read");
    }
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<Guarantee> read_guarantees(const std::filesystem::path& file) {
    plan::Problems problems(file.string());
    const plan::Node node = plan::parse_document(text_of(file), problems);
    const plan::DocumentReader root(&node, "", {"guarantees"}, problems);
    std::vector<Guarantee> out;
    if (const plan::Node* list = root.find("guarantees")) {
        for (const plan::Node& item : list->items) {
            const plan::DocumentReader reader(&item, fmt::format("guarantees[{}]", out.size() + 1),
                                              {"id", "kind", "test", "seeds", "text"}, problems);
            out.push_back({reader.required_text("id", "every guarantee has an id"),
                           reader.text("kind").value_or(""), reader.text("test").value_or(""),
                           reader.text("text").value_or("")});
        }
    }
    problems.throw_if_any();
    return out;
}

/// What only the makers of faults, workloads and assertions know to be wrong.
void check_names(const Scenario& scenario) {
    plan::Problems problems(scenario.file);
    for (const Step& step : scenario.timeline) {
        if (const std::string mistake = fault_mistake(step); !mistake.empty()) {
            problems.add({step.line, 0}, "scenario.action", mistake,
                         "see `cutover rehearse --list`");
        }
    }
    for (const AssertionChoice& choice : scenario.assertions) {
        if (const std::string mistake = assertion_mistake(choice); !mistake.empty()) {
            problems.add({choice.line, 0}, "scenario.assert", mistake,
                         "see `cutover rehearse --list`");
        }
    }
    const std::vector<std::string> workloads = workload_names();
    for (const WorkloadChoice& choice : scenario.workloads) {
        if (std::find(workloads.begin(), workloads.end(), choice.name) == workloads.end()) {
            problems.add({}, "scenario.workload",
                         "there is no workload " +
                             unknown_word(choice.name, {workloads.begin(), workloads.end()}),
                         fmt::format("there are: {}", fmt::join(workloads, ", ")));
        }
    }
    problems.throw_if_any();
}

}  // namespace

Catalogue::Catalogue(const std::filesystem::path& folder) : folder_(folder / kRehearsals) {
    guarantees_ = read_guarantees(folder / kGuarantees);
    for (const Guarantee& guarantee : guarantees_) {
        ids_.push_back(guarantee.id);
    }
    if (!std::filesystem::is_directory(folder_)) {
        throw model::Error(model::ErrorClass::refused, "scenario.folder",
                           folder_.string() + " is no folder that can be read",
                           fmt::format("a folder of scenarios has `{}` and `{}/<route>/*.yaml`",
                                       kGuarantees, kRehearsals));
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        const std::filesystem::path name = std::filesystem::relative(entry.path(), folder_);
        if (entry.path().extension() == ".yaml" && name.has_parent_path()) {
            names_.push_back((name.parent_path() / name.stem()).string());
        }
    }
    std::sort(names_.begin(), names_.end());
}

std::string Catalogue::resolve(const std::string& name) const {
    std::vector<std::string> matches;
    std::vector<std::string_view> known;
    for (const std::string& candidate : names_) {
        known.push_back(candidate);
        if (candidate == name || candidate.ends_with("/" + name)) {
            matches.push_back(candidate);
        }
    }
    if (matches.size() == 1) {
        return matches.front();
    }
    throw model::Error(model::ErrorClass::refused, "scenario.unknown",
                       matches.empty()
                           ? "there is no scenario " + unknown_word(name, known)
                           : fmt::format("`{}` may be: {}", name, fmt::join(matches, ", ")),
                       "see `cutover rehearse --list`");
}

Scenario Catalogue::load(const std::string& name) const {
    const std::string full = resolve(name);
    const std::filesystem::path file = folder_ / (full + ".yaml");
    Scenario scenario = parse_scenario(full, file.string(), text_of(file), ids_);
    check_names(scenario);
    return scenario;
}

}  // namespace cutover::scenarios
