#include "verify/scope.h"

#include <algorithm>
#include <set>

namespace cutover::verify {

namespace {

using model::ObjectName;

class Choosing {
public:
    Choosing(const Catalogs& catalogs, const ScopeRequest& request)
        : catalogs_(catalogs), request_(request) {
        asked_.include = request.patterns;
    }

    Scope run() {
        choose_tables();
        choose_sequences();
        note_strangers();
        return std::move(scope_);
    }

private:
    bool asked_for(const ObjectName& source) const {
        return request_.patterns.empty() || asked_.selects(source) ||
               asked_.selects(request_.mapping.table(source));
    }

    void choose_tables() {
        std::set<ObjectName> selected;
        for (const TableShape& table : catalogs_.source_tables) {
            selected.insert(table.name);
        }
        for (const TableShape& table : catalogs_.source_tables) {
            if (!asked_for(table.name)) {
                continue;
            }
            scope_.source.tables.push_back(table.name);
            scope_.destination.tables.push_back(request_.mapping.table(table.name));
            // A partition is read through its root, wherever the destination keeps its rows.
            if (table.root.name.empty() || selected.count(table.root) == 0) {
                add_table(table);
            }
        }
    }

    void add_table(const TableShape& table) {
        const ObjectName name = request_.mapping.table(table.name);
        scope_.tables.push_back({&table, find(catalogs_.destination_tables, name), name});
    }

    static const TableShape* find(const std::vector<TableShape>& tables, const ObjectName& name) {
        const auto found = std::find_if(tables.begin(), tables.end(), [&](const TableShape& table) {
            return table.name == name;
        });
        return found == tables.end() ? nullptr : &*found;
    }

    /// Those that tables own or draw from come with their tables.
    void choose_sequences() {
        for (const ObjectName& sequence : catalogs_.source_sequences) {
            if (request_.objects.selects(sequence) && asked_for(sequence)) {
                scope_.source.sequences.push_back(sequence);
                scope_.destination.sequences.push_back(request_.mapping.table(sequence));
            }
        }
    }

    /// Tables in the same schemas of the destination that no source table maps to.
    void note_strangers() {
        if (!request_.patterns.empty()) {
            return;
        }
        std::set<std::string> schemas;
        std::set<ObjectName> expected;
        for (const ObjectName& name : scope_.destination.tables) {
            schemas.insert(name.schema);
            expected.insert(name);
        }
        for (const TableShape& table : catalogs_.destination_tables) {
            if (schemas.count(table.name.schema) != 0 && expected.count(table.name) == 0 &&
                table.root.name.empty()) {
                scope_.not_compared.push_back("table " + table.name.display() +
                                              " at the destination has no source");
            }
        }
    }

    const Catalogs& catalogs_;
    const ScopeRequest& request_;
    plan::ObjectSelection asked_;
    Scope scope_;
};

}  // namespace

Scope choose_scope(const Catalogs& catalogs, const ScopeRequest& request) {
    return Choosing(catalogs, request).run();
}

}  // namespace cutover::verify
