// Ends that answer the precheck as a test has written down, and a plan to go with them. No server.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "migrator/precheck/facts.h"

namespace cutover::precheck {

/// Says what its fields say.
class ScriptedInspector final : public engine::Inspector {
public:
    engine::ServerFacts facts;
    model::Catalog known;
    std::map<std::pair<engine::Topic, bool>, std::vector<engine::Requirement>>
        needs;  ///< by as_source
    std::vector<model::ObjectName> filled;
    std::optional<model::Error> failure;  ///< thrown by requirements()
    std::optional<engine::Trial> trial;   ///< what try_steps() gives
    std::vector<std::string> tried;       ///< what it was given, by id

    engine::ServerFacts server() override { return facts; }
    model::Catalog catalog(const plan::ObjectSelection&) override { return known; }
    std::vector<engine::Requirement> requirements(engine::Topic topic, const plan::TaskSpec&,
                                                  const model::Catalog&, bool as_source) override {
        if (failure) {
            throw *failure;
        }
        return needs[{topic, as_source}];
    }
    std::optional<engine::Trial> try_steps(const std::vector<plan::SchemaStep>& steps) override {
        tried.clear();
        for (const plan::SchemaStep& step : steps) {
            tried.push_back(step.id);
        }
        return trial;
    }
    std::vector<model::ObjectName> non_empty(
        const std::vector<model::ObjectName>& tables) override {
        std::vector<model::ObjectName> found;
        for (const model::ObjectName& table : tables) {
            if (std::find(filled.begin(), filled.end(), table) != filled.end()) {
                found.push_back(table);
            }
        }
        return found;
    }
};

/// A table with the columns `id` (its key, if keyed) and `note`.
inline model::TableSchema table_schema(const model::ObjectName& name, bool keyed = true) {
    model::TableSchema table;
    table.name = name;
    table.columns.resize(2);
    table.columns[0].name = "id";
    table.columns[1].name = "note";
    table.size = model::Bytes{3 << 20};
    if (keyed) {
        model::KeySchema& key = table.keys.emplace_back();
        key.name = "pk";
        key.columns = {0};
        key.primary = true;
    }
    return table;
}

inline plan::TablePlan table_plan(const model::TableSchema& schema, const plan::TaskSpec& spec) {
    plan::TablePlan table;
    table.source = schema.name;
    table.destination = spec.mapping.table(schema.name);
    table.schema = schema;
    for (const model::ColumnSchema& column : schema.columns) {
        table.columns.push_back({column, spec.mapping.column(schema.name, column.name), ""});
    }
    if (schema.primary_key() != nullptr) {
        table.key.columns.push_back({0, nullptr});
    }
    return table;
}

/// Both ends answer, the source has `tables`, the destination nothing; all is well.
class Ends {
public:
    Ends() : Ends({table_schema({"app", "orders"})}) {}
    explicit Ends(std::vector<model::TableSchema> tables) {
        auto from = std::make_unique<ScriptedInspector>();
        auto to = std::make_unique<ScriptedInspector>();
        source = from.get();
        destination = to.get();
        facts.source.inspector = std::move(from);
        facts.destination.inspector = std::move(to);
        facts.source.server = {"PostgreSQL 17.5", 17, "1", true, false};
        facts.destination.server = {"PostgreSQL 17.5", 17, "2", true, false};
        facts.spec.name = "shop";
        for (plan::Endpoint* end : {&facts.spec.source, &facts.spec.destination}) {
            end->engine = "postgres";
            end->hosts = {{"h", 5432}};
            end->database = "shop";
            end->user = "mover";
            end->password = model::Secret("hunter2");
        }
        facts.source.catalog.tables = std::move(tables);
        replan();
    }

    /// Makes the plan anew from spec and catalog.
    void replan() {
        facts.planned.emplace();
        for (const model::TableSchema& table : facts.source.catalog.tables) {
            facts.planned->plan.tables.push_back(table_plan(table, facts.spec));
        }
    }
    /// A requirement that is not met.
    static engine::Requirement unmet(const std::string& code) {
        return {{code,
                 model::Severity::block,
                 "setting",
                 "off",
                 "it is needed",
                 "switch it on",
                 {"G110"}},
                false};
    }

    Facts facts;
    ScriptedInspector* source;
    ScriptedInspector* destination;
};

}  // namespace cutover::precheck
