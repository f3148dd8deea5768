// Which PostgreSQL types two databases agree on in their binary form, and the transcoder for the
// others: those that carry type ids inside (arrays and composites of user-defined types), whose ids
// differ at each end, and those that go into a wider type (postgres_widening.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "migrator/model/schema.h"
#include "migrator/plan/plan.h"
#include "migrator/route/name_map.h"
#include "migrator/route/postgres_widening.h"

namespace cutover::route {

/// Why a column cannot be carried, if it cannot: its binary form is missing or means something else
/// elsewhere (object ids).
/// `source` knows the composites and domains it may be made of.
std::optional<std::string> cannot_carry(const model::ColumnSchema& column,
                                        const model::Catalog& source);

/// The fold under which equal keys of this type have equal bytes. Second: false if there is none.
std::pair<plan::KeyFold, bool> key_fold(const model::ColumnSchema& column,
                                        const model::Catalog& source);

/// Type ids of both ends side by side. Immutable.
class TypeIds {
public:
    /// `destination` may lack types that are not made yet: their columns are then not carried until
    /// the plan is made again.
    TypeIds(const model::Catalog& source, const model::Catalog& destination, const NameMap& names);

    /// True if values of this type carry ids that differ between the ends.
    bool embeds_ids(std::uint64_t source_type) const;
    /// Appends `bytes`, a value of `source_type` in binary form, with the destination's ids.
    /// Throws: corrupt (bytes that are no such value), refused (a type without a counterpart).
    void rewrite(std::uint64_t source_type, std::string_view bytes, std::string& out) const;

private:
    enum class Shape : std::uint8_t { plain, array, composite };
    struct Entry {
        Shape shape = Shape::plain;
        std::uint64_t destination = 0;
        std::vector<std::uint64_t> parts;  ///< an array's element, a composite's columns
        std::string name;
    };
    void add(const model::TypeSchema& type, const model::TypeSchema* counterpart);
    std::uint32_t counterpart(std::uint32_t source_type) const;
    void rewrite_array(std::string_view bytes, std::string& out) const;
    void rewrite_composite(std::string_view bytes, std::string& out) const;

    std::unordered_map<std::uint64_t, Entry> entries_;
};

/// A transcoder for the columns of `table` that embed ids, have values that cannot be sent on (an
/// empty tsquery is refused by name) or go into a wider type; null if there are none.
/// `widenings`: per column, null where the type is the same or its bytes are.
std::shared_ptr<const plan::Transcoder> make_transcoder(const plan::TablePlan& table,
                                                        std::shared_ptr<const TypeIds> ids,
                                                        const std::vector<Widening>& widenings);

}  // namespace cutover::route
