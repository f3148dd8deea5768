// How people write names of objects in a task file: `schema.table`, quoted where a name itself has
// a dot or a star (`"odd.name".orders`), and patterns with `*` and `?` for the selection. Exact
// case: names are meant as the database spells them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "migrator/model/name.h"

namespace cutover::plan {

/// One half of a written name; a quoted half is meant to the letter.
struct NamePart {
    std::string text;
    bool quoted = false;
};

/// `schema` or `schema.table` as written.
struct WrittenName {
    NamePart schema;
    std::optional<NamePart> table;
};

/// Nothing if the text is empty, has an empty half, more than two halves or an open quote.
std::optional<WrittenName> parse_written_name(std::string_view text);

/// A full name without patterns; nothing if it is not `schema.table`.
std::optional<model::ObjectName> parse_object_name(std::string_view text);

/// True if `*` (any run) and `?` (any one character) make `pattern` into `text`.
bool matches(std::string_view pattern, std::string_view text);

/// True if the written pattern means this table.
bool matches(const WrittenName& pattern, const model::ObjectName& table);

}  // namespace cutover::plan
