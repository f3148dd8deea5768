#include "scenarios/workload/workload.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "migrator/model/error.h"
#include "scenarios/workload/append.h"
#include "scenarios/workload/bank.h"
#include "scenarios/workload/random_ddl.h"
#include "scenarios/workload/random_dml.h"
#include "scenarios/workload/ring.h"
#include "scenarios/workload/sql_workload.h"

namespace cutover::scenarios {

namespace {

/// A workload's own options; what nobody asked for is refused.
class Choices {
public:
    explicit Choices(const WorkloadOptions& options) : name_(options.name), left_(options.more) {}

    std::uint64_t number(const std::string& key, std::uint64_t otherwise, std::uint64_t least) {
        const std::string text = take(key);
        if (text.empty()) {
            return otherwise;
        }
        const bool digits = text.size() < 10 &&
                            std::all_of(text.begin(), text.end(),
                                        [](char letter) { return letter >= '0' && letter <= '9'; });
        const std::uint64_t value = digits ? std::stoull(text) : 0;
        if (!digits || value < least) {
            refuse("option " + key + " is '" + text + "', not a number of at least " +
                   std::to_string(least));
        }
        return value;
    }

    std::vector<std::string> words(const std::string& key) {
        std::istringstream text(take(key));
        std::vector<std::string> words;
        for (std::string word; std::getline(text, word, ',');) {
            word.erase(0, word.find_first_not_of(' '));
            words.push_back(word.substr(0, word.find_last_not_of(' ') + 1));
        }
        return words;
    }

    void end() const {
        if (!left_.empty()) {
            refuse("unknown option '" + left_.begin()->first + "'");
        }
    }

private:
    std::string take(const std::string& key) {
        const auto found = left_.extract(key);
        return found.empty() ? "" : found.mapped();
    }

    [[noreturn]] void refuse(const std::string& what) const {
        throw model::Error(model::ErrorClass::refused, "workload.option",
                           "workload " + name_ + ": " + what,
                           "bank takes accounts, ring takes nodes, random_dml takes without, "
                           "random_ddl takes percent, append none; each takes pause_ms");
    }

    std::string name_;
    std::map<std::string, std::string> left_;
};

std::unique_ptr<Script> make_script(const WorkloadOptions& options, Choices& choices) {
    if (options.name == "bank") {
        return std::make_unique<Bank>(choices.number("accounts", 500, 2));
    }
    if (options.name == "ring") {
        return std::make_unique<Ring>(choices.number("nodes", 400, 4));
    }
    if (options.name == "random_dml") {
        return std::make_unique<RandomDml>(options.connections, choices.words("without"));
    }
    if (options.name == "random_ddl") {
        return std::make_unique<RandomDdl>(options.connections, choices.number("percent", 50, 1));
    }
    if (options.name == "append") {
        return std::make_unique<Append>(options.connections);
    }
    throw model::Error(model::ErrorClass::refused, "workload.unknown",
                       "no workload '" + options.name + "'",
                       "known: append, bank, random_ddl, random_dml, ring");
}

}  // namespace

std::vector<std::string> workload_names() {
    return {"append", "bank", "random_ddl", "random_dml", "ring"};
}

std::unique_ptr<Workload> make_workload(const WorkloadOptions& options) {
    if (options.connections == 0 || options.connections > 64) {
        throw model::Error(model::ErrorClass::refused, "workload.option",
                           "workload " + options.name + ": connections must be 1..64");
    }
    Choices choices(options);
    auto script = make_script(options, choices);
    WorkloadOptions paced = options;
    paced.pause_ms = choices.number("pause_ms", 0, 20);
    choices.end();
    return std::make_unique<SqlWorkload>(std::move(paced), std::move(script));
}

}  // namespace cutover::scenarios
