#include "scenarios/scenario/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "migrator/flow/sync_points.h"
#include "migrator/plan/document.h"
#include "migrator/plan/document_reader.h"

namespace cutover::scenarios {

namespace {

using plan::DocumentReader;
using plan::Node;
using plan::Problems;
using Words = std::vector<std::string_view>;

const Words kLinks = {"source", "standby", "destination"};
const Words kPhaseNames = {"schema", "full", "keys", "incremental", "finishing", "finished"};
const Words kMilestones = {"started",  "writers_stopped", "drained",
                           "cut_over", "verified",        "released"};

std::map<std::string, std::string> texts_of(const std::vector<plan::Entry>& entries,
                                            const std::string& path, Problems& problems) {
    std::map<std::string, std::string> out;
    for (const plan::Entry& entry : entries) {
        if (entry.value.kind != Node::Kind::scalar) {
            problems.add(entry.place, "scenario.type",
                         fmt::format("{}.{} must be one value", path, entry.key),
                         "write `key: value`");
            continue;
        }
        out[entry.key] = entry.value.text;
    }
    return out;
}

bool read_number(std::string_view& text, double& value) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    // `500..3000`: a number must not swallow the first dot of the range.
    const std::size_t range = text.find("..");
    const char* end = text.data() + (range == std::string_view::npos ? text.size() : range);
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc()) {
        return false;
    }
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return true;
}

/// `12`, `500..3000`, `40 %`.
std::optional<Amount> parse_amount(std::string_view text, bool percent) {
    Amount amount;
    if (!read_number(text, amount.least)) {
        return std::nullopt;
    }
    amount.most = amount.least;
    if (text.starts_with("..")) {
        text.remove_prefix(2);
        if (!read_number(text, amount.most)) {
            return std::nullopt;
        }
    }
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    if (percent) {
        if (text != "%") {
            return std::nullopt;
        }
        amount = {amount.least / 100, amount.most / 100};
    } else if (!text.empty()) {
        return std::nullopt;
    }
    const bool sensible =
        amount.least >= 0 && amount.least <= amount.most && (!percent || amount.most <= 1);
    return sensible ? std::optional(amount) : std::nullopt;
}

struct TriggerKey {
    std::string_view key;
    Trigger::Kind kind;
};

constexpr TriggerKey kAmountKeys[] = {
    {"progress", Trigger::Kind::progress},         {"chunks", Trigger::Kind::chunks},
    {"transactions", Trigger::Kind::transactions}, {"acknowledged", Trigger::Kind::acknowledged},
    {"recoveries", Trigger::Kind::recoveries},     {"lag_below_ms", Trigger::Kind::lag_below},
    {"bytes", Trigger::Kind::link_bytes},
};

constexpr TriggerKey kNameKeys[] = {{"phase", Trigger::Kind::phase},
                                    {"sync_point", Trigger::Kind::sync_point},
                                    {"milestone", Trigger::Kind::milestone}};

/// Reads `at` of one step.
class TriggerReader {
public:
    TriggerReader(const Node& node, std::string path, Problems& problems)
        : node_(node), path_(std::move(path)), problems_(problems) {}

    Trigger read() {
        if (node_.kind == Node::Kind::scalar) {
            return read_word();
        }
        const DocumentReader reader(
            &node_, path_,
            {"phase", "progress", "chunks", "transactions", "acknowledged", "recoveries",
             "lag_below_ms", "link", "bytes", "sync_point", "pass", "milestone", "after"},
            problems_);
        read_kind(reader);
        read_after(reader);
        return trigger_;
    }

private:
    Trigger read_word() {
        if (node_.text == "start") {
            trigger_.kind = Trigger::Kind::start;
        } else if (node_.text == "ended") {
            trigger_.kind = Trigger::Kind::ended;
        } else if (node_.text == "previous") {
            trigger_.kind = Trigger::Kind::previous;
        } else {
            problem(fmt::format("{} is `{}`", path_, node_.text),
                    "write start, ended, previous, or a map such as {progress: 40 %}");
        }
        return trigger_;
    }

    void read_kind(const DocumentReader& reader) {
        int kinds = 0;
        for (const TriggerKey& key : kAmountKeys) {
            kinds += reader.has(key.key) ? 1 : 0;
            read_amount(reader, key);
        }
        for (const TriggerKey& key : kNameKeys) {
            kinds += reader.has(key.key) ? 1 : 0;
            read_name(reader, key);
        }
        if (reader.has("link")) {
            trigger_.name = read_choice(reader, "link", kLinks);
        }
        if (kinds != 1) {
            problem(fmt::format("{} names {} places; a step has exactly one", path_, kinds),
                    "keep one of phase, progress, chunks, transactions, acknowledged, recoveries, "
                    "lag_below_ms, "
                    "link with bytes, sync_point, milestone");
        }
        if (reader.has("link") != reader.has("bytes")) {
            problem(path_ + " needs both `link` and `bytes`, or neither",
                    "write {link: source, bytes: 1000000}");
        }
    }

    void read_amount(const DocumentReader& reader, const TriggerKey& key) {
        if (!reader.has(key.key)) {
            return;
        }
        trigger_.kind = key.kind;
        const bool percent = key.kind == Trigger::Kind::progress;
        const std::optional<Amount> amount =
            parse_amount(reader.text(key.key).value_or(""), percent);
        if (!amount) {
            reader.problem(key.key, "scenario.amount",
                           fmt::format("{} is no amount", reader.path(key.key)),
                           percent ? "write a share such as 40 % or 35..45 %"
                                   : "write a number such as 1200, or a range such as 500..3000");
            return;
        }
        trigger_.amount = *amount;
    }

    void read_name(const DocumentReader& reader, const TriggerKey& key) {
        if (!reader.has(key.key)) {
            return;
        }
        trigger_.kind = key.kind;
        if (key.kind == Trigger::Kind::phase) {
            trigger_.name = read_choice(reader, key.key, kPhaseNames);
        } else if (key.kind == Trigger::Kind::milestone) {
            trigger_.name = read_choice(reader, key.key, kMilestones);
        } else {
            trigger_.name = read_choice(
                reader, key.key, Words(std::begin(flow::sync::kAll), std::end(flow::sync::kAll)));
            read_pass(reader);
        }
    }

    void read_pass(const DocumentReader& reader) {
        trigger_.amount = {1, 1};
        if (!reader.has("pass")) {
            return;
        }
        const std::optional<Amount> pass = parse_amount(reader.text("pass").value_or(""), false);
        if (!pass || pass->least < 1) {
            reader.problem("pass", "scenario.amount", reader.path("pass") + " counts from 1",
                           "write a number such as 3, or a range such as 2..9");
            return;
        }
        trigger_.amount = *pass;
    }

    void read_after(const DocumentReader& reader) {
        if (!reader.has("after")) {
            return;
        }
        reader.choice("after", {"previous"});
        trigger_.relative = true;
        const bool counts = trigger_.kind == Trigger::Kind::chunks ||
                            trigger_.kind == Trigger::Kind::transactions ||
                            trigger_.kind == Trigger::Kind::acknowledged ||
                            trigger_.kind == Trigger::Kind::recoveries ||
                            trigger_.kind == Trigger::Kind::link_bytes;
        if (!counts) {
            reader.problem("after", "scenario.after",
                           reader.path("after") + " goes only with something that is counted",
                           "use it with chunks, transactions, acknowledged, recoveries or bytes");
        }
    }

    static std::string read_choice(const DocumentReader& reader, std::string_view key,
                                   const Words& words) {
        const std::optional<std::size_t> index = reader.choice(key, words);
        return index ? std::string(words[*index]) : std::string();
    }

    void problem(std::string message, std::string remedy) {
        problems_.add(node_.place, "scenario.trigger", std::move(message), std::move(remedy));
    }

    const Node& node_;
    std::string path_;
    Problems& problems_;
    Trigger trigger_;
};

/// A value back into YAML's flow style, every scalar quoted (readers look at texts, not at quotes).
std::string flow_text(const Node& node) {
    switch (node.kind) {
        case Node::Kind::empty:
            return "~";
        case Node::Kind::scalar: {
            std::string out = "\"";
            for (const char c : node.text) {
                out += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
            }
            return out + "\"";
        }
        case Node::Kind::list: {
            std::string out;
            for (const Node& item : node.items) {
                out += (out.empty() ? "" : ", ") + flow_text(item);
            }
            return "[" + out + "]";
        }
        case Node::Kind::map: {
            std::string out;
            for (const plan::Entry& entry : node.entries) {
                Node key;
                key.kind = Node::Kind::scalar;
                key.text = entry.key;
                out += (out.empty() ? "" : ", ") + flow_text(key) + ": " + flow_text(entry.value);
            }
            return "{" + out + "}";
        }
    }
    return {};
}

class ScenarioReader {
public:
    ScenarioReader(Scenario& scenario, Problems& problems,
                   const std::vector<std::string>& guarantees)
        : scenario_(scenario), problems_(problems), guarantees_(guarantees) {}

    void read(const Node& node) {
        const DocumentReader root(
            &node, "",
            {"promise", "claims", "seed", "needs", "topology", "dataset", "workload", "migration",
             "timeline", "outcome", "assert", "limit_minutes"},
            problems_);
        scenario_.promise = root.required_text("promise", "say in one sentence what is promised");
        scenario_.seed = root.whole("seed", 0, UINT64_MAX);
        scenario_.limit = std::chrono::minutes(
            root.whole("limit_minutes", 1, 24 * 60)
                .value_or(static_cast<std::uint64_t>(scenario_.limit.count())));
        if (const auto needs = root.choice("needs", {"either", "containers", "processes"})) {
            scenario_.needs = static_cast<Needs>(*needs);
        }
        read_topology(root);
        read_dataset(root);
        read_workloads(root);
        read_migration(root);
        read_timeline(root);
        read_outcome(root);
        read_assertions(root);
        std::vector<std::string> asserted;
        for (const AssertionChoice& choice : scenario_.assertions) {
            asserted.push_back(choice.name);
        }
        scenario_.claims = read_claims(root, guarantees_, asserted, problems_);
    }

private:
    void read_topology(const DocumentReader& root) {
        const DocumentReader topology(root.find("topology"), "topology",
                                      {"source", "destination", "tls"}, problems_);
        scenario_.topology.source = read_server(topology, "source");
        scenario_.topology.destination = read_server(topology, "destination");
        const Words modes = {"disable", "verify-full"};
        if (const auto mode = topology.choice("tls", modes)) {
            scenario_.topology.tls = modes[*mode];
        }
    }

    ServerShape read_server(const DocumentReader& topology, std::string_view key) {
        ServerShape shape;
        const DocumentReader server(topology.find(key), topology.path(key),
                                    {"engine", "version", "standby", "failover_slot", "settings"},
                                    problems_);
        shape.engine = server.text("engine").value_or(shape.engine);
        shape.version = static_cast<int>(server.whole("version", 1, 99).value_or(17));
        shape.standby = read_flag(server, "standby");
        shape.failover_slot = read_flag(server, "failover_slot");
        shape.settings = texts_of(server.entries("settings"), server.path("settings"), problems_);
        if (shape.failover_slot && !shape.standby) {
            server.problem("failover_slot", "scenario.topology", "a failover slot needs a standby",
                           "add standby: true");
        }
        return shape;
    }

    static bool read_flag(const DocumentReader& reader, std::string_view key) {
        const auto index = reader.choice(key, {"true", "false"});
        return index && *index == 0;
    }

    void read_dataset(const DocumentReader& root) {
        const DocumentReader dataset(root.find("dataset"), "dataset", {"name", "scale"}, problems_);
        scenario_.dataset.name = dataset.required_text("name", "name a dataset of fixtures/data");
        scenario_.dataset.scale = dataset.decimal("scale", 0.0001, 1000).value_or(1.0);
    }

    void read_workloads(const DocumentReader& root) {
        const Node* list = root.find("workload");
        if (list == nullptr) {
            return;
        }
        if (list->kind != Node::Kind::list) {
            root.problem("workload", "scenario.type", "workload must be a list",
                         "write one `- {name: bank}` per line");
            return;
        }
        for (const Node& item : list->items) {
            const std::string path = fmt::format("workload[{}]", scenario_.workloads.size() + 1);
            const DocumentReader reader(&item, path, {"name", "connections", "rate", "options"},
                                        problems_);
            WorkloadChoice choice;
            choice.name = reader.required_text("name", "name a workload");
            choice.connections =
                static_cast<std::uint32_t>(reader.whole("connections", 1, 64).value_or(1));
            choice.rate = reader.decimal("rate", 0.1, 1e6);
            choice.options = texts_of(reader.entries("options"), reader.path("options"), problems_);
            scenario_.workloads.push_back(std::move(choice));
        }
    }

    void read_migration(const DocumentReader& root) {
        // The keys of a task file, without those that the runner writes (task, source,
        // destination).
        const DocumentReader migration(root.find("migration"), "migration",
                                       {"phases", "objects", "conflict", "limits", "retry",
                                        "replica_identity", "heartbeat_seconds", "ignore"},
                                       problems_);
        if (migration.has("phases")) {
            scenario_.phases.clear();
            for (const auto& [phase, place] : migration.texts("phases")) {
                scenario_.phases.push_back(phase);
            }
        }
        for (const plan::Entry& entry : root.entries("migration")) {
            scenario_.task.push_back({entry.key, flow_text(entry.value)});
        }
    }

    void read_timeline(const DocumentReader& root) {
        const Node* list = root.find("timeline");
        if (list == nullptr || list->kind == Node::Kind::empty) {
            return;
        }
        if (list->kind != Node::Kind::list) {
            root.problem("timeline", "scenario.type", "timeline must be a list",
                         "write one `- at: ...` per step");
            return;
        }
        for (const Node& item : list->items) {
            read_step(item);
        }
    }

    void read_step(const Node& item) {
        const std::string path = fmt::format("timeline[{}]", scenario_.timeline.size() + 1);
        const DocumentReader reader(&item, path, {"at", "do", "with"}, problems_);
        Step step;
        step.line = item.place.line;
        const Node* at = reader.find("at");
        if (at == nullptr) {
            reader.problem("at", "scenario.trigger", path + " does not say when", "add at: ...");
        } else {
            step.at = TriggerReader(*at, reader.path("at"), problems_).read();
        }
        step.action = reader.required_text("do", "name an action such as kill_migrator");
        step.with = texts_of(reader.entries("with"), reader.path("with"), problems_);
        check_sync_point(reader, step);
        scenario_.timeline.push_back(std::move(step));
    }

    /// A sync point is armed when the migrator starts: the step before must be what (re)starts it.
    void check_sync_point(const DocumentReader& reader, const Step& step) {
        if (step.at.kind != Trigger::Kind::sync_point) {
            return;
        }
        if (step.action != "kill_migrator") {
            reader.problem("do", "scenario.sync_point",
                           "at a sync point only kill_migrator can happen",
                           "use another trigger for " + step.action);
        }
        if (scenario_.timeline.empty()) {
            return;
        }
        const Step& before = scenario_.timeline.back();
        const bool killed =
            before.action == "kill_migrator" &&
            (!before.with.contains("restart") || before.with.at("restart") == "true");
        if (!killed && before.action != "start_migrator" &&
            before.at.kind != Trigger::Kind::start) {
            reader.problem(
                "at", "scenario.sync_point",
                "a sync point is armed when the migrator starts, but the step before does not "
                "start it",
                "put it after a kill_migrator, or first");
        }
    }

    void read_outcome(const DocumentReader& root) {
        const Node* outcome = root.find("outcome");
        if (outcome == nullptr || outcome->kind == Node::Kind::scalar) {
            const std::string how = outcome == nullptr ? "" : outcome->text;
            scenario_.outcome.or_late_write = how == "survived_or_late_write";
            if (how != "survived" && !scenario_.outcome.or_late_write) {
                root.problem("outcome", "scenario.outcome",
                             "the scenario does not say how it must end",
                             "write outcome: survived, survived_or_late_write, or outcome: "
                             "{failed_loudly: {within: 60, names: [...]}}");
            }
            return;
        }
        const DocumentReader reader(outcome, "outcome", {"failed_loudly"}, problems_);
        const DocumentReader loud(reader.find("failed_loudly"), "outcome.failed_loudly",
                                  {"within", "names", "position"}, problems_);
        scenario_.outcome.survived = false;
        scenario_.outcome.within_seconds =
            static_cast<std::uint32_t>(loud.whole("within", 1, 3600).value_or(60));
        const Node* names = loud.find("names");
        if (names != nullptr && names->kind == Node::Kind::list) {
            for (const Node& item : names->items) {
                read_name(item);
            }
        }
        scenario_.outcome.names_position = read_flag(loud, "position");
        if (scenario_.outcome.names.empty() && scenario_.outcome.ports_of.empty()) {
            loud.problem("names", "scenario.outcome", "a loud failure must name its cause",
                         "list the texts that the error must hold");
        }
    }

    /// A text, or `{port_of: source}`: ports are known only when the links are there.
    void read_name(const Node& item) {
        if (item.kind == Node::Kind::scalar) {
            scenario_.outcome.names.push_back(item.text);
            return;
        }
        const DocumentReader reader(&item, "outcome.failed_loudly.names", {"port_of"}, problems_);
        if (const auto link = reader.choice("port_of", kLinks)) {
            scenario_.outcome.ports_of.emplace_back(kLinks[*link]);
        } else {
            problems_.add(item.place, "scenario.outcome", "a name is a text or a link's port",
                          "write slot_name, or {port_of: source}");
        }
    }

    void read_assertions(const DocumentReader& root) {
        const Node* list = root.find("assert");
        if (list == nullptr || list->kind != Node::Kind::list || list->items.empty()) {
            root.problem("assert", "scenario.assert", "the scenario asserts nothing",
                         "list assertions, one `- name` per line");
            return;
        }
        for (const Node& item : list->items) {
            read_assertion(item);
        }
    }

    void read_assertion(const Node& item) {
        AssertionChoice choice;
        choice.line = item.place.line;
        if (item.kind == Node::Kind::scalar) {
            choice.name = item.text;
        } else if (item.kind == Node::Kind::map && item.entries.size() == 1) {
            const plan::Entry& entry = item.entries.front();
            choice.name = entry.key;
            const DocumentReader holder(&item, "assert", {choice.name}, problems_);
            choice.with = texts_of(holder.entries(choice.name), "assert." + choice.name, problems_);
        } else {
            problems_.add(item.place, "scenario.assert",
                          "an assertion is a name, or a name with parameters",
                          "write `- equal` or `- resumed_without_full_reload: {chunks: 2}`");
            return;
        }
        scenario_.assertions.push_back(std::move(choice));
    }

    Scenario& scenario_;
    Problems& problems_;
    const std::vector<std::string>& guarantees_;
};

/// One number of the seed's stream for this step; splitmix64, the same on every machine.
double unit_draw(std::uint64_t seed, std::uint64_t step) {
    std::uint64_t z = seed * 0x9E3779B97F4A7C15ull + (step + 1) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z ^= z >> 31;
    return static_cast<double>(z >> 11) / static_cast<double>(1ull << 53);
}

}  // namespace

bool Scenario::has_incremental() const {
    return std::find(phases.begin(), phases.end(), "incremental") != phases.end();
}

Scenario parse_scenario(const std::string& name, const std::string& file, const std::string& text,
                        const std::vector<std::string>& guarantees) {
    Scenario scenario;
    scenario.name = name;
    scenario.file = file;
    Problems problems(file);
    const Node node = plan::parse_document(text, problems);
    ScenarioReader(scenario, problems, guarantees).read(node);
    problems.throw_if_any();
    return scenario;
}

void fill_in_ports(ExpectedOutcome& outcome, const std::map<std::string, std::uint16_t>& ports) {
    for (const std::string& link : outcome.ports_of) {
        outcome.names.push_back(fmt::format(":{}", ports.at(link)));
    }
    outcome.ports_of.clear();
}

std::map<std::uint32_t, std::map<std::string, std::string>> draw_amounts(Scenario& scenario,
                                                                         std::uint64_t seed) {
    std::map<std::uint32_t, std::map<std::string, std::string>> drawn;
    for (std::uint32_t at = 0; at < scenario.timeline.size(); ++at) {
        Trigger& trigger = scenario.timeline[at].at;
        if (!trigger.amount.is_range()) {
            continue;
        }
        double value = trigger.amount.least +
                       unit_draw(seed, at) * (trigger.amount.most - trigger.amount.least);
        if (trigger.kind != Trigger::Kind::progress) {
            value = std::floor(value);
        }
        trigger.amount = {value, value};
        drawn[at + 1]["amount"] = fmt::format("{}", value);
    }
    return drawn;
}

}  // namespace cutover::scenarios
