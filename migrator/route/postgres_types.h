// Which PostgreSQL types two databases agree on in their binary form, and the destination's form of
// the others: those that carry type ids inside (arrays and composites of user-defined types), whose
// ids differ at each end, and those that hold values which cannot simply be sent on
// (postgres_leaf.h).
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
#include "migrator/route/postgres_leaf.h"

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

    /// True if values of this type carry ids that differ between the ends, or hold values that
    /// cannot simply be sent on (postgres_leaf.h).
    bool rewrites(std::uint64_t source_type) const;
    /// True if it is this built-in type or is made of it.
    bool holds(std::uint64_t source_type, std::uint64_t built_in) const;
    /// The name of a type inside values of this one that the destination does not have; empty: it
    /// has them all.
    std::string missing(std::uint64_t source_type) const;
    /// Appends `bytes`, a value of `source_type` in binary form, as the destination has it.
    /// Throws: corrupt (bytes that are no such value), refused (a type without a counterpart, a
    /// value that the destination cannot hold; without row and column).
    void rewrite(std::uint64_t source_type, std::string_view bytes, std::string& out) const;

    const Leaves& leaves() const { return leaves_; }

private:
    enum class Shape : std::uint8_t { plain, domain, array, composite, range, multirange };
    struct Entry {
        Shape shape = Shape::plain;
        std::uint64_t destination = 0;
        std::vector<std::uint64_t> parts;  ///< an element, a composite's columns, a domain's base
        std::string name;
    };
    void add(const model::TypeSchema& type, const model::TypeSchema* counterpart);
    std::uint32_t counterpart(std::uint32_t source_type) const;
    void rewrite_array(std::string_view bytes, std::string& out) const;
    void rewrite_composite(std::string_view bytes, std::string& out) const;
    void rewrite_range(std::uint64_t bound, std::string_view bytes, std::string& out) const;
    void rewrite_multirange(std::uint64_t range, std::string_view bytes, std::string& out) const;

    Leaves leaves_;
    std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace cutover::route
