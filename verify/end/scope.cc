#include "verify/end/scope.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "migrator/model/check.h"

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
        find_idle_patterns();
        find_idle_settings();
        note_left_out();
        note_strangers();
        return std::move(scope_);
    }

private:
    bool asked_for(const ObjectName& source) const {
        return request_.patterns.empty() || asked_.selects(source) ||
               asked_.selects(request_.mapping.table(source));
    }

    void choose_tables() {
        std::vector<const TableShape*> chosen;
        std::set<ObjectName> names;
        for (const TableShape& table : catalogs_.source_tables) {
            scope_.source.selected.push_back(table.name);
        }
        for (const TableShape& table : catalogs_.source_tables) {
            if (asked_for(table.name)) {
                chosen.push_back(&table);
                names.insert(table.name);
                add_facts_of(table.name);
            }
        }
        for (const TableShape* table : chosen) {
            // A partition is read through its root, wherever the destination keeps its rows.
            if (table->root.name.empty()) {
                add_table(*table, {});
            } else if (names.count(table->root) == 0) {
                add_partition(*table);
            }
        }
    }

    void add_facts_of(const ObjectName& source) {
        scope_.source.tables.push_back(source);
        scope_.destination.tables.push_back(request_.mapping.table(source));
    }

    void add_table(const TableShape& table, std::string note) {
        const ObjectName name = request_.mapping.table(table.name);
        scope_.tables.push_back(
            {&table, find(catalogs_.destination_tables, name), name, std::move(note)});
    }

    /// Adds a partition whose root was not asked for. The destination may keep its rows elsewhere;
    /// then only the roots can be compared.
    void add_partition(const TableShape& table) {
        const TableShape* there =
            find(catalogs_.destination_tables, request_.mapping.table(table.name));
        const TableShape* root = find(catalogs_.source_tables, table.root);
        if (root == nullptr ||
            (there != nullptr && there->root == request_.mapping.table(table.root))) {
            add_table(table, {});
        } else if (roots_.insert(root->name).second) {
            add_table(*root, "compared as a whole: the destination has no partition " +
                                 request_.mapping.table(table.name).display() + " of it");
            add_facts_of(root->name);
        }
    }

    static const TableShape* find(const std::vector<TableShape>& tables, const ObjectName& name) {
        const auto found = std::find_if(tables.begin(), tables.end(), [&](const TableShape& table) {
            return table.name == name;
        });
        return found == tables.end() ? nullptr : &*found;
    }

    /// Sequences that tables own or draw from come with their tables.
    void choose_sequences() {
        for (const ObjectName& sequence : catalogs_.source_sequences) {
            if (request_.objects.selects(sequence) && asked_for(sequence)) {
                scope_.source.sequences.push_back(sequence);
                scope_.destination.sequences.push_back(request_.mapping.table(sequence));
            }
        }
    }

    void find_idle_patterns() {
        for (const std::string& pattern : request_.patterns) {
            const FactScope& here = scope_.source;
            const FactScope& there = scope_.destination;
            if (!takes_any(pattern, here.tables) && !takes_any(pattern, there.tables) &&
                !takes_any(pattern, here.sequences) && !takes_any(pattern, there.sequences)) {
                scope_.idle_patterns.push_back(pattern);
            }
        }
        // The patterns of `objects` are matched against all that `objects` takes, however the
        // request narrows it.
        std::vector<ObjectName> taken;
        for (const TableShape& table : catalogs_.source_tables) {
            taken.push_back(table.name);
        }
        std::copy_if(catalogs_.source_sequences.begin(), catalogs_.source_sequences.end(),
                     std::back_inserter(taken),
                     [&](const ObjectName& name) { return request_.objects.selects(name); });
        for (const std::string& pattern : request_.objects.include) {
            if (!takes_any(pattern, taken)) {
                scope_.idle_patterns.push_back(pattern);
            }
        }
    }

    /// Settings for schemas are not checked: a schema may hold types only.
    void find_idle_settings() {
        const plan::NameMapping& mapping = request_.mapping;
        for (const auto& [table, condition] : request_.filters) {
            expect("objects.filters", table, find(catalogs_.source_tables, table) != nullptr);
        }
        for (const auto& [table, renamed] : mapping.tables) {
            expect("objects.rename.tables", table,
                   find(catalogs_.source_tables, table) != nullptr || is_sequence(table));
        }
        for (const auto& [table, columns] : mapping.columns) {
            std::set<std::string> names;
            for (const auto& [column, renamed] : columns) {
                names.insert(column);
            }
            expect_columns("objects.rename.columns", table, names);
        }
        for (const auto& [table, columns] : mapping.excluded_columns) {
            expect_columns("objects.exclude_columns", table, columns);
        }
    }

    void expect(const std::string& setting, const ObjectName& name, bool there) {
        if (!there) {
            scope_.idle_settings.push_back(setting + ": " + name.display());
        }
    }

    void expect_columns(const std::string& setting, const ObjectName& name,
                        const std::set<std::string>& columns) {
        const TableShape* table = find(catalogs_.source_tables, name);
        expect(setting, name, table != nullptr);
        if (table == nullptr) {
            return;
        }
        for (const std::string& column : columns) {
            const bool there =
                std::any_of(table->columns.begin(), table->columns.end(),
                            [&](const ColumnShape& each) { return each.name == column; });
            if (!there) {
                scope_.idle_settings.push_back(setting + ": " + name.display() + "." + column);
            }
        }
    }

    bool is_sequence(const ObjectName& name) const {
        const std::vector<ObjectName>& all = catalogs_.source_sequences;
        return std::find(all.begin(), all.end(), name) != all.end();
    }

    static bool takes_any(const std::string& pattern, const std::vector<ObjectName>& names) {
        plan::ObjectSelection only;
        only.include = {pattern};
        return std::any_of(names.begin(), names.end(),
                           [&](const ObjectName& name) { return only.selects(name); });
    }

    void note_left_out() {
        std::map<std::string, std::string> names;  // by why
        for (const LeftOut& table : catalogs_.source_left_out) {
            if (request_.objects.selects(table.name) && asked_for(table.name)) {
                std::string& list = names[table.why];
                list += (list.empty() ? "" : ", ") + table.name.display();
            }
        }
        for (const auto& [why, list] : names) {
            scope_.not_compared.push_back(why + ": " + list);
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
        note_strange_partitions(expected);
    }

    /// The rows of these partitions are read with their roots, but the source has no such
    /// partitions.
    void note_strange_partitions(const std::set<ObjectName>& expected) {
        std::map<ObjectName, std::string> names;  // by root
        for (const TableShape& table : catalogs_.destination_tables) {
            if (expected.count(table.root) != 0 && expected.count(table.name) == 0) {
                std::string& list = names[table.root];
                list += (list.empty() ? "" : ", ") + table.name.display();
            }
        }
        for (const auto& [root, list] : names) {
            scope_.not_compared.push_back("partitions of " + root.display() +
                                          " at the destination without a source, but for their "
                                          "rows: " +
                                          list);
        }
    }

    const Catalogs& catalogs_;
    const ScopeRequest& request_;
    plan::ObjectSelection asked_;
    std::set<ObjectName> roots_;  ///< compared in place of their partitions
    Scope scope_;
};

}  // namespace

Scope choose_scope(const Catalogs& catalogs, const ScopeRequest& request) {
    Scope scope = Choosing(catalogs, request).run();
    CUTOVER_CHECK(scope.source.tables.size() == scope.destination.tables.size());
    CUTOVER_CHECK(scope.source.sequences.size() == scope.destination.sequences.size());
    return scope;
}

}  // namespace cutover::verify
