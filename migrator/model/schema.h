// What an inspector saw at one end, unaltered; nothing in it is a wish. Expressions and definitions
// are texts in the engine's own language, with the object's own (source) names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "migrator/model/name.h"
#include "migrator/model/units.h"

namespace cutover::model {

enum class Identity : std::uint8_t { none, by_default, always };

/// How a type is built; decides with the name whether two ends agree on its wire form.
enum class TypeClass : std::uint8_t {
    base,
    array,
    enumeration,
    domain,
    composite,
    range,
    multirange,
    other
};

/// One value, in two forms.
struct ColumnFill {
    std::string text;   ///< as a literal's
    std::string bytes;  ///< the engine's wire form
};

struct ColumnSchema {
    std::string name;
    std::string type;  ///< as the engine prints it, with modifiers: `numeric(12,2)`, `app.mood[]`
    ObjectName type_name;       ///< schema and name of the type, without modifiers
    std::uint64_t type_id = 0;  ///< the engine's own id (an oid); 0 where there is none
    TypeClass type_class = TypeClass::base;
    bool holds_table_row = false;  ///< its type is the row type of a table, or holds one
    /// The engine's own, which outlives a rename, and which a column that was dropped and made
    /// again does not have; 0: it has none.
    std::uint32_t number = 0;
    bool nullable = true;
    std::optional<std::string> default_expression;
    std::optional<std::string> generated_expression;  ///< generated column: never copied
    bool generated_virtual = false;                   ///< computed when read, nothing is stored
    Identity identity = Identity::none;
    std::string collation;      ///< as SQL names it, quoted where need be; empty: the type's own
    bool deterministic = true;  ///< false: equal keys may have unequal bytes
    /// What rows have in it that are older than the column; nothing: NULL, or none is.
    std::optional<ColumnFill> fill;
};

/// A primary key, unique constraint or unique index: columns in order, by index into the table's
/// columns.
struct KeySchema {
    std::string name;
    std::vector<std::size_t> columns;
    bool primary = false;
    bool deferrable = false;
    std::string
        definition;  ///< the engine's text after `CONSTRAINT name`: INCLUDE, NULLS NOT DISTINCT
    bool inherited = false;  ///< a partition's piece of its parent's: made together with that one
};

/// An index that is not a key's. `definition` is the engine's own complete text.
struct IndexSchema {
    std::string name;
    std::string definition;
    bool unique = false;
    bool plain_columns = true;         ///< no expression, no predicate: `columns` says all
    std::vector<std::size_t> columns;  ///< key columns where they are plain
    bool inherited = false;            ///< a partition's piece of its parent's index
};

struct ForeignKeySchema {
    std::string name;
    std::vector<std::size_t> columns;
    ObjectName parent;
    std::vector<std::string> parent_columns;
    std::string definition;  ///< the engine's text after `CONSTRAINT name`
    bool inherited = false;  ///< a partition's piece of its parent's
};

struct CheckSchema {
    std::string name;
    std::string definition;
    bool inherited = false;  ///< comes with the parent
    bool not_null = false;   ///< NOT NULL of a column whose older rows may break it
};

/// Physical and logical parts of a partitioned table.
struct PartitionSchema {
    ObjectName parent;
    std::string bound;  ///< `FOR VALUES ...` or `DEFAULT`
};

/// What the log carries of a row as it was before an update or a removal.
enum class OldRows : std::uint8_t { primary_key, whole, columns, nothing };

/// Whether policies say which rows an account may read and write.
enum class RowSecurity : std::uint8_t { none, others, owner_too };

struct TableSchema {
    ObjectName name;
    std::vector<ColumnSchema> columns;
    std::vector<KeySchema>
        keys;  ///< the primary key first if there is one, then the unique constraints
    std::vector<IndexSchema> indexes;
    std::vector<ForeignKeySchema> foreign_keys;
    std::vector<CheckSchema> checks;
    std::optional<std::string>
        partition_key;  ///< `RANGE (at)`: this is a partitioned root or branch
    std::optional<PartitionSchema> partition_of;  ///< this is a branch or leaf
    std::vector<ObjectName> inherits;             ///< its rows are theirs, too; not of a partition
    OldRows old_rows = OldRows::primary_key;
    std::vector<std::size_t> old_row_columns;  ///< of OldRows::columns
    Rows estimated_rows;
    Bytes size;
    std::uint64_t number = 0;        ///< the engine's own of the table, which outlives a rename
    std::uint32_t columns_made = 0;  ///< the highest number that a column has had, dropped or not
    std::string identity;  ///< the engine's mark of the very object, whatever its name: what is put
                           ///< in its place has another
    std::string rows_file;  ///< the engine's mark of where its rows lie: rewritten, it has another
    bool logged = true;     ///< false: its changes are in no log
    bool in_one_piece = true;  ///< false: an extension keeps its rows in tables of its own
    RowSecurity row_security = RowSecurity::none;
    std::string storage;  ///< how its rows are kept, in the engine's word; empty: as usual

    const KeySchema* primary_key() const {
        return !keys.empty() && keys.front().primary ? &keys.front() : nullptr;
    }
    /// True if an update or a removal tells all of the old row.
    bool logs_old_rows() const { return old_rows == OldRows::whole; }
    /// The columns of an old row that the log tells. A deferrable primary key is not among them.
    std::vector<std::size_t> logged_columns() const;
    std::optional<std::size_t> column_index(const std::string& column) const {
        for (std::size_t at = 0; at < columns.size(); ++at) {
            if (columns[at].name == column) {
                return at;
            }
        }
        return std::nullopt;
    }
};

struct SequenceSchema {
    ObjectName name;
    std::string type;
    std::int64_t start = 1, increment = 1, minimum = 1, maximum = 0, cache = 1;
    bool cycle = false;
    std::int64_t last_value = 0;
    bool is_called = false;
    std::optional<ObjectName>
        owned_by_table;  ///< with `owned_by_column`; identity sequences have `identity`
    std::string owned_by_column;
    bool identity = false;
};

/// An enum, a domain or a composite type.
struct TypeSchema {
    ObjectName name;
    TypeClass type_class = TypeClass::enumeration;
    std::uint64_t type_id = 0;
    std::uint64_t array_type_id = 0;       ///< of its array type, where the engine makes one
    std::vector<std::string> labels;       ///< of an enum, in order
    std::vector<std::uint64_t> label_ids;  ///< one per label; it stays when the label is renamed
    std::string definition;  ///< of a domain or range: what follows `CREATE DOMAIN name AS`
    std::vector<ColumnSchema> columns;           ///< of a composite
    std::uint64_t element_type_id = 0;           ///< what a domain is of, or the bounds of a range
    std::uint64_t multirange_type_id = 0;        ///< of a range, where the engine makes one
    std::uint64_t multirange_array_type_id = 0;  ///< likewise
};

/// An object of a kind that is not carried (a view, a function, a trigger), for the precheck to
/// list.
struct OtherObject {
    std::string kind;
    ObjectName name;
};

/// Where a definition that is carried uses an object that is not.
struct NeedUse {
    enum class Part : std::uint8_t {
        column,  ///< its type or collation
        default_value,
        generated,
        check,
        key,
        index,
        foreign_key,
        partition_key,
        type,  ///< a domain, composite or range is made of it
    };
    ObjectName object;  ///< the table or type
    Part part = Part::column;
    std::string name;  ///< of the column, constraint or index
};

/// A function, operator, collation or type that carried definitions are made of and that is not
/// carried itself: it must be at the destination before they are. The server's own are not among
/// them, except collations: which of those there are depends on the machine.
struct NeededObject {
    std::string kind;        ///< as the engine calls it: `function`, `operator class`
    std::string schema;      ///< it lives in
    std::string identity;    ///< complete, as the engine prints it: `app.f(integer)`
    std::string extension;   ///< it comes with; empty: it stands for itself
    std::string looked_for;  ///< of a function: a name in its body that search_path must find
    std::vector<NeedUse> uses;
};

struct Catalog {
    int server_version = 0;  ///< major; 0 where nobody has asked
    /// Of the fraction that the engine's currency type counts in, by a setting of the database;
    /// nothing where there is no such type, or nobody has asked.
    std::optional<int> money_digits;
    std::string encoding;  ///< of its texts, as the engine calls it; empty: not known, or any
    std::vector<std::string> schemas;
    std::vector<TypeSchema> types;  ///< in an order in which they can be created
    std::vector<SequenceSchema> sequences;
    std::vector<TableSchema> tables;  ///< parents before their partitions
    std::vector<OtherObject> others;
    std::vector<NeededObject> needs;

    /// The same server, as if nothing were there.
    Catalog without_objects() const {
        Catalog out;
        out.server_version = server_version;
        out.money_digits = money_digits;
        out.encoding = encoding;
        return out;
    }
    const TableSchema* find(const ObjectName& name) const {
        for (const TableSchema& table : tables) {
            if (table.name == name) {
                return &table;
            }
        }
        return nullptr;
    }
};

}  // namespace cutover::model
