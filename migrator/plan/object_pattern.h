// How people write names of objects in a task file: `schema.table`, quoted if a name itself
// contains a dot or a star (`"odd.name".orders`), and patterns with `*` and `?` for the selection.
// Case is exact: names are written as the database spells them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "migrator/model/name.h"

namespace cutover::plan {

/// One half of a written name; a quoted half is taken literally.
struct NamePart {
    std::string text;
    bool quoted = false;
};

/// `schema` or `schema.table` as written.
struct WrittenName {
    NamePart schema;
    std::optional<NamePart> table;
};

/// Nothing if the text is empty or has an empty half, more than two halves or an open quote.
std::optional<WrittenName> parse_written_name(std::string_view text);

/// A full name without patterns; nothing if it is not `schema.table`.
std::optional<model::ObjectName> parse_object_name(std::string_view text);

/// True if `text` matches `pattern`, in which `*` is any run and `?` any one character.
bool matches(std::string_view pattern, std::string_view text);

/// True if the written pattern means this table.
bool matches(const WrittenName& pattern, const model::ObjectName& table);

}  // namespace cutover::plan
