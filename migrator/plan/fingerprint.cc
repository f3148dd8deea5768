#include "migrator/plan/fingerprint.h"

#include <algorithm>
#include <map>
#include <vector>

namespace cutover::plan {

namespace {

constexpr std::size_t kMostNamed = 5;
constexpr std::size_t kMostShown = 200;

/// The parts between separators outside parentheses and quotes: types may contain both.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t from = 0;
    int depth = 0;
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        quoted = quoted != (text[at] == '"');
        depth += quoted ? 0 : (text[at] == '(' ? 1 : 0) - (text[at] == ')' ? 1 : 0);
        if (text[at] == separator && depth <= 0 && !quoted) {
            parts.push_back(text.substr(from, at - from));
            from = at + 1;
        }
    }
    parts.push_back(text.substr(from));
    return parts;
}

/// Removes and returns the parts that are not tables.
std::vector<std::string_view> take_others(std::vector<std::string_view>& parts) {
    const auto others = std::stable_partition(
        parts.begin(), parts.end(),
        [](std::string_view part) { return part.find('>') != std::string_view::npos; });
    std::vector<std::string_view> out(others, parts.end());
    parts.erase(others, parts.end());
    return out;
}

using Named = std::map<std::string_view, std::string_view>;

/// Maps the text before the first `>` to the whole text.
Named by_name(const std::vector<std::string_view>& texts) {
    Named out;
    for (const std::string_view text : texts) {
        out[text.substr(0, text.find('>'))] = text;
    }
    return out;
}

/// Collects the names of a few.
class Names {
public:
    void add(const std::string& name) {
        if (++count_ <= kMostNamed) {
            text_ += (text_.empty() ? "" : ", ") + name;
        }
    }
    bool empty() const { return count_ == 0; }
    std::string text() const {
        return count_ <= kMostNamed
                   ? text_
                   : text_ + " and " + std::to_string(count_ - kMostNamed) + " more";
    }

private:
    std::string text_;
    std::size_t count_ = 0;
};

struct Changes {
    Names new_tables, lost_tables, new_columns, lost_columns, others;

    void compare_tables(const Named& before, const Named& after);
    void compare_columns(std::string_view table, std::string_view before, std::string_view after);
    PlanChange told() const;
};

void Changes::compare_columns(std::string_view table, std::string_view before,
                              std::string_view after) {
    const Named had = by_name(parts_of(before, ','));
    const Named has = by_name(parts_of(after, ','));
    bool named = false;
    const auto add = [&](Names& names, std::string_view column) {
        names.add(std::string(table) + "." + std::string(column));
        named = true;
    };
    for (const auto& [column, text] : has) {
        if (!had.contains(column)) {
            add(new_columns, column);
        }
    }
    for (const auto& [column, text] : had) {
        if (!has.contains(column)) {
            add(lost_columns, column);
        }
    }
    if (!named) {
        others.add("table " + std::string(table) + ": then '" +
                   std::string(before.substr(0, kMostShown)) + "', now '" +
                   std::string(after.substr(0, kMostShown)) + "'");
    }
}

void Changes::compare_tables(const Named& before, const Named& after) {
    for (const auto& [name, text] : after) {
        const auto known = before.find(name);
        if (known == before.end()) {
            new_tables.add(std::string(name));
        } else if (known->second != text) {
            compare_columns(name, known->second, text);
        }
    }
    for (const auto& [name, text] : before) {
        if (!after.contains(name)) {
            lost_tables.add(std::string(name));
        }
    }
}

PlanChange Changes::told() const {
    PlanChange out;
    const auto tell = [&](const char* words, const Names& names) {
        if (!names.empty()) {
            out.text += (out.text.empty() ? "" : "; ") + std::string(words) + names.text();
        }
    };
    tell("new tables: ", new_tables);
    tell("tables that are gone, renamed or left out: ", lost_tables);
    tell("new columns: ", new_columns);
    tell("columns that are gone, renamed or left out: ", lost_columns);
    tell("", others);
    out.only_more = lost_tables.empty() && lost_columns.empty() && others.empty();
    if (out.only_more) {
        out.remedy =
            "to go on without what is new, leave it out in the task file (objects.exclude "
            "for a table, objects.exclude_columns for a column) and start again; to have "
            "it migrated, release the task and migrate anew";
    } else {
        out.remedy =
            "undo the change in the task file, if that is where it was made; else release "
            "the task and migrate anew";
    }
    return out;
}

}  // namespace

PlanChange change_between(std::string_view before, std::string_view after) {
    std::vector<std::string_view> had = parts_of(before, ';');
    std::vector<std::string_view> has = parts_of(after, ';');
    Changes changes;
    if (take_others(had) != take_others(has)) {
        changes.others.add("the phases of the task");
    }
    changes.compare_tables(by_name(had), by_name(has));
    return changes.told();
}

}  // namespace cutover::plan
