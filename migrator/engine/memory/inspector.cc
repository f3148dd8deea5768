#include "migrator/engine/memory/inspector.h"

#include <algorithm>

namespace cutover::memory {

engine::ServerFacts MemoryInspector::server() {
    engine::ServerFacts facts;
    session_.call("inspector.server", CallKind::read, [&](Server& server) {
        facts.engine = "memory";
        facts.version = 1;
        facts.system_identifier = server.database.identity();
    });
    return facts;
}

model::Catalog MemoryInspector::catalog(const plan::ObjectSelection& selection) {
    model::Catalog catalog;
    session_.call("inspector.catalog", CallKind::read, [&](Server& server) {
        for (const auto& table : server.database.tables()) {
            if (!selection.selects(table->schema().name)) {
                continue;
            }
            model::TableSchema schema = table->schema();
            schema.estimated_rows = {server.database.scan(0, *table).size()};
            schema.size = {schema.estimated_rows.count * 40};
            catalog.tables.push_back(std::move(schema));
            const std::string& name = table->schema().name.schema;
            if (std::find(catalog.schemas.begin(), catalog.schemas.end(), name) ==
                catalog.schemas.end()) {
                catalog.schemas.push_back(name);
            }
        }
        for (const auto& [name, sequence] : server.database.sequences()) {
            model::SequenceSchema schema;
            schema.name = name;
            schema.last_value = sequence.last_value;
            schema.is_called = sequence.last_value > 0;
            catalog.sequences.push_back(schema);
        }
    });
    return catalog;
}

std::vector<engine::Requirement> MemoryInspector::requirements(engine::Topic, const plan::TaskSpec&,
                                                               const model::Catalog&, bool) {
    return {};
}

std::vector<model::ObjectName> MemoryInspector::non_empty(
    const std::vector<model::ObjectName>& tables) {
    std::vector<model::ObjectName> found;
    session_.call("inspector.non_empty", CallKind::read, [&](Server& server) {
        for (const model::ObjectName& name : tables) {
            const Table* table = server.database.find_table(name);
            if (table != nullptr && !server.database.scan(0, *table).empty()) {
                found.push_back(name);
            }
        }
    });
    return found;
}

std::optional<engine::Trial> MemoryInspector::try_steps(const std::vector<plan::SchemaStep>&) {
    return std::nullopt;
}

}  // namespace cutover::memory
