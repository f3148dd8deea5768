#include "migrator/plan/objects_section.h"

#include <fmt/format.h>

#include <string_view>

#include "migrator/plan/document_reader.h"
#include "migrator/plan/object_pattern.h"

namespace cutover::plan {

namespace {

/// Checks whether a text would stay inside parentheses. A text that closes more than it has opened,
/// ends the statement or begins a comment would mean something else than it seems to.
class Condition {
public:
    explicit Condition(std::string_view text) : text_(text) {}

    bool stands_alone() {
        int open = 0;
        while (at_ < text_.size() && open >= 0) {
            const char letter = text_[at_];
            if (letter == '\'' || letter == '"') {
                if (!skip_quoted(letter)) {
                    return false;
                }
                continue;
            }
            if (letter == ';' || begins("--") || begins("/*")) {
                return false;
            }
            open += letter == '(' ? 1 : letter == ')' ? -1 : 0;
            ++at_;
        }
        return open == 0;
    }

private:
    bool begins(std::string_view with) const { return text_.substr(at_).starts_with(with); }
    /// A doubled quote stands for the quote itself. False if the quoted text does not end.
    bool skip_quoted(char quote) {
        const bool escapes =
            quote == '\'' && at_ > 0 && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
        for (++at_; at_ < text_.size(); ++at_) {
            if (escapes && text_[at_] == '\\') {
                ++at_;
            } else if (text_[at_] == quote) {
                ++at_;
                return true;
            }
        }
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

class ObjectsSection {
public:
    ObjectsSection(const Node* node, TaskSpec& spec, Problems& problems)
        : keys_(node, "objects", {"include", "exclude", "rename", "exclude_columns", "filters"},
                problems),
          rename_(keys_.find("rename"), "objects.rename", {"schemas", "tables", "columns"},
                  problems),
          spec_(spec),
          problems_(problems) {}

    void read() {
        spec_.objects.include = patterns("include");
        spec_.objects.exclude = patterns("exclude");
        read_schema_renames();
        read_table_renames();
        read_column_renames();
        read_excluded_columns();
        read_filters();
    }

private:
    std::vector<std::string> patterns(std::string_view key) const {
        std::vector<std::string> found;
        for (const auto& [text, place] : keys_.texts(key)) {
            if (!parse_written_name(text)) {
                problems_.add(
                    place, "task_file.name",
                    fmt::format("{} has `{}`, which is not a name", keys_.path(key), text),
                    "write `schema`, `schema.table` or `schema.*`; a name that has a dot "
                    "itself goes in double quotes: '\"odd.schema\".orders'");
                continue;
            }
            found.push_back(text);
        }
        return found;
    }

    /// The table that an entry's key names; reported as a mistake if it names none, or one that is
    /// not selected.
    std::optional<model::ObjectName> table_of(const Entry& entry, const std::string& path) const {
        std::optional<model::ObjectName> table = parse_object_name(entry.key);
        if (!table) {
            problems_.add(entry.place, "task_file.name",
                          fmt::format("{} has `{}`, which is not a table", path, entry.key),
                          "write `schema.table`");
            return table;
        }
        if (!spec_.objects.selects(*table)) {
            problems_.add(
                entry.place, "task_file.contradiction",
                fmt::format("{} names `{}`, which include and exclude leave out", path, entry.key),
                "select the table, or remove this entry");
        }
        return table;
    }

    /// A single name of a column or schema; anything else is reported as a mistake.
    std::optional<std::string> name_of(const Node& value, const std::string& path) const {
        if (value.kind == Node::Kind::scalar && !value.text.empty()) {
            return value.text;
        }
        problems_.add(value.place, "task_file.type", path + " must be a name", "write `old: new`");
        return std::nullopt;
    }

    void read_schema_renames() const {
        for (const Entry& entry : rename_.entries("schemas")) {
            const std::string path = "objects.rename.schemas." + entry.key;
            if (const std::optional<std::string> name = name_of(entry.value, path)) {
                spec_.mapping.schemas[entry.key] = *name;
            }
        }
    }

    void read_table_renames() const {
        std::map<model::ObjectName, std::pair<std::string, int>> taken;
        for (const Entry& entry : rename_.entries("tables")) {
            const std::optional<model::ObjectName> table = table_of(entry, "objects.rename.tables");
            const std::optional<model::ObjectName> to = parse_object_name(entry.value.text);
            if (!to) {
                problems_.add(
                    entry.value.place, "task_file.name",
                    fmt::format("objects.rename.tables.{} must be a table's full name", entry.key),
                    "write `old_schema.old_table: new_schema.new_table`");
            }
            if (!table || !to) {
                continue;
            }
            const auto [other, fresh] = taken.try_emplace(*to, entry.key, entry.place.line);
            if (!fresh) {
                claimed_twice(entry.value.place, to->display(), other->second.first, entry.key);
            }
            spec_.mapping.tables[*table] = *to;
        }
    }

    void claimed_twice(Place place, const std::string& name, const std::string& first,
                       const std::string& second) const {
        problems_.add(
            place, "task_file.name_claimed_twice",
            fmt::format("`{}` is the destination of both `{}` and `{}`", name, first, second),
            "give each of the two a destination name of its own");
    }

    void read_column_renames() const {
        for (const Entry& entry : rename_.entries("columns")) {
            const std::string path = "objects.rename.columns." + entry.key;
            const std::optional<model::ObjectName> table =
                table_of(entry, "objects.rename.columns");
            if (entry.value.kind != Node::Kind::map) {
                problems_.add(entry.value.place, "task_file.type",
                              path + " must be a map of columns",
                              "write `schema.table: {old: new}`");
                continue;
            }
            std::map<std::string, std::string> taken;
            for (const Entry& column : entry.value.entries) {
                const std::optional<std::string> to =
                    name_of(column.value, path + "." + column.key);
                if (!to || !table) {
                    continue;
                }
                const auto [other, fresh] = taken.try_emplace(*to, column.key);
                if (!fresh) {
                    claimed_twice(column.value.place, entry.key + "." + *to, other->second,
                                  column.key);
                }
                spec_.mapping.columns[*table][column.key] = *to;
            }
        }
    }

    void read_excluded_columns() const {
        for (const Entry& entry : keys_.entries("exclude_columns")) {
            const std::optional<model::ObjectName> table =
                table_of(entry, "objects.exclude_columns");
            const std::vector<Node> single = {entry.value};
            const bool list = entry.value.kind == Node::Kind::list;
            for (const Node& column : list ? entry.value.items : single) {
                const std::optional<std::string> name =
                    name_of(column, "objects.exclude_columns." + entry.key);
                if (table && name) {
                    exclude_column(*table, *name, column.place);
                }
            }
        }
    }

    void exclude_column(const model::ObjectName& table, const std::string& column,
                        Place place) const {
        spec_.mapping.excluded_columns[table].insert(column);
        const auto renamed = spec_.mapping.columns.find(table);
        if (renamed != spec_.mapping.columns.end() && renamed->second.contains(column)) {
            problems_.add(place, "task_file.contradiction",
                          fmt::format("the column `{}` of `{}` is renamed and left out", column,
                                      table.display()),
                          "remove one of the two entries");
        }
    }

    void read_filters() const {
        for (const Entry& entry : keys_.entries("filters")) {
            const std::optional<model::ObjectName> table = table_of(entry, "objects.filters");
            if (entry.value.kind != Node::Kind::scalar || entry.value.text.empty()) {
                problems_.add(entry.value.place, "task_file.type",
                              fmt::format("objects.filters.{} must be a condition", entry.key),
                              "write the condition as after WHERE: `schema.table: \"id > 100\"`");
                continue;
            }
            if (!Condition(entry.value.text).stands_alone()) {
                problems_.add(entry.value.place, "task_file.filter",
                              fmt::format("objects.filters.{} is `{}`, whose quotes or parentheses "
                                          "do not close, or which goes on after its end",
                                          entry.key, entry.value.text),
                              "write one condition, without `;` and comments");
                continue;
            }
            if (table) {
                spec_.filters[*table] = entry.value.text;
            }
        }
    }

    DocumentReader keys_;
    DocumentReader rename_;
    TaskSpec& spec_;
    Problems& problems_;
};

}  // namespace

void read_objects(const Node* node, TaskSpec& spec, Problems& problems) {
    ObjectsSection(node, spec, problems).read();
}

}  // namespace cutover::plan
