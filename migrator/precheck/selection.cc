#include <fmt/format.h>

#include "migrator/plan/document_reader.h"
#include "migrator/plan/object_pattern.h"
#include "migrator/precheck/questions.h"

namespace cutover::precheck {

using model::Severity;

namespace {

/// A name that matches nothing is far more often a typing error than intended.
class Selection {
public:
    explicit Selection(const Facts& facts) : spec_(facts.spec), catalog_(facts.source.catalog) {}

    Findings ask() {
        if (catalog_.tables.empty()) {
            tell("objects.none", "objects", "no table is selected", "there is nothing to migrate",
                 "widen `objects.include`, or look at the spelling and case");
            return std::move(findings_);
        }
        for (const std::string& pattern : spec_.objects.include) {
            ask_pattern(pattern);
        }
        for (const auto& [table, to] : spec_.mapping.tables) {
            find_table(table, "objects.rename.tables");
        }
        for (const auto& [table, columns] : spec_.mapping.columns) {
            for (const auto& [column, to] : columns) {
                find_column(table, column, "objects.rename.columns");
            }
        }
        for (const auto& [table, columns] : spec_.mapping.excluded_columns) {
            for (const std::string& column : columns) {
                find_column(table, column, "objects.exclude_columns");
            }
        }
        for (const auto& [table, condition] : spec_.filters) {
            find_table(table, "objects.filters");
        }
        return std::move(findings_);
    }

private:
    void tell(std::string code, std::string object, std::string found, std::string why,
              std::string remedy) {
        findings_.push_back({std::move(code),
                             Severity::block,
                             std::move(object),
                             std::move(found),
                             std::move(why),
                             std::move(remedy),
                             {"G178", "G180", "G182"}});
    }

    void ask_pattern(const std::string& pattern) {
        const std::optional<plan::WrittenName> written = plan::parse_written_name(pattern);
        for (const model::TableSchema& table : catalog_.tables) {
            if (written && plan::matches(*written, table.name)) {
                return;
            }
        }
        tell("objects.include_unmatched", pattern,
             "no table of the source matches this entry of include",
             "the tables that it was meant for would not be migrated",
             "correct the name (exact case), or remove the entry");
    }

    const model::TableSchema* find_table(const model::ObjectName& name, const std::string& key) {
        const model::TableSchema* table = catalog_.find(name);
        if (table != nullptr) {
            return table;
        }
        std::vector<std::string> known;
        for (const model::TableSchema& other : catalog_.tables) {
            known.push_back(other.name.display());
        }
        tell("objects.no_such_table", name.display(),
             fmt::format("{} names it, but the source has no such selected table", key),
             "the setting would have no effect", near(name.display(), known));
        return nullptr;
    }

    void find_column(const model::ObjectName& name, const std::string& column,
                     const std::string& key) {
        const model::TableSchema* table = find_table(name, key);
        if (table == nullptr || table->column_index(column)) {
            return;
        }
        std::vector<std::string> known;
        for (const model::ColumnSchema& other : table->columns) {
            known.push_back(other.name);
        }
        tell("objects.no_such_column", name.display() + "." + column,
             fmt::format("{} names it, but the table has no such column", key),
             "the setting would have no effect", near(column, known));
    }

    static std::string near(const std::string& word, const std::vector<std::string>& known) {
        const std::string found = plan::nearest(word, {known.begin(), known.end()});
        return found.empty() ? "correct or remove the entry"
                             : fmt::format("did you mean `{}`?", found);
    }

    const plan::TaskSpec& spec_;
    const model::Catalog& catalog_;
    Findings findings_;
};

}  // namespace

Findings selection(const Facts& facts) {
    return Selection(facts).ask();
}

}  // namespace cutover::precheck
