// The sequences that selected tables own or draw defaults from, and those selected by name.
#include <utility>

#include "migrator/engine/postgres/catalog/parts.h"
#include "migrator/engine/postgres/catalog/sequence_values.h"
#include "migrator/engine/postgres/trust/sql_text.h"

namespace cutover::postgres {

namespace {

/// deptype i: an identity column's; a: OWNED BY. `used`: a selected table's default calls it.
constexpr const char* kSequences = R"(
SELECT n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin,
       s.seqmax, s.seqcache, s.seqcycle, coalesce(o.deptype = 'i', false),
       tn.nspname, t.relname, a.attname,
       coalesce(o.refobjid = ANY ($1::oid[]), false) OR EXISTS (
           SELECT FROM pg_depend u JOIN pg_attrdef ad ON ad.oid = u.objid
            WHERE u.classid = 'pg_attrdef'::regclass AND u.refclassid = 'pg_class'::regclass
              AND u.refobjid = c.oid AND ad.adrelid = ANY ($1::oid[]))
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid
        AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0
  LEFT JOIN pg_class t ON t.oid = o.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
 WHERE c.relpersistence <> 't' AND NOT EXISTS (SELECT FROM pg_depend d
         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AND )";

model::SequenceSchema sequence_of(const Result& rows, int row) {
    model::SequenceSchema sequence;
    sequence.name = {rows.text(row, 0), rows.text(row, 1)};
    sequence.type = one_piece(rows.text(row, 2), "sequence " + sequence.name.display());
    sequence.start = rows.integer(row, 3);
    sequence.increment = rows.integer(row, 4);
    sequence.minimum = rows.integer(row, 5);
    sequence.maximum = rows.integer(row, 6);
    sequence.cache = rows.integer(row, 7);
    sequence.cycle = rows.boolean(row, 8);
    sequence.identity = rows.boolean(row, 9);
    sequence.last_value = sequence.start;
    if (!rows.is_null(row, 11)) {
        sequence.owned_by_table = model::ObjectName{rows.text(row, 10), rows.text(row, 11)};
        sequence.owned_by_column = rows.text(row, 12);
    }
    return sequence;
}

}  // namespace

void read_sequences(CatalogReading& reading) {
    const Result rows = reading.connection.exec_params(
        std::string(kSequences) + kUserSchema + " ORDER BY n.nspname, c.relname",
        {reading.oid_array});
    std::vector<model::SequenceSchema>& sequences = reading.catalog.sequences;
    for (int row = 0; row < rows.rows(); ++row) {
        model::SequenceSchema sequence = sequence_of(rows, row);
        // A sequence that belongs to a table comes with that table, whatever its own name matches.
        const bool free = !sequence.owned_by_table && reading.selection.selects(sequence.name);
        if (rows.boolean(row, 13) || free) {
            sequences.push_back(std::move(sequence));
        }
    }
    for (const model::ObjectName& name : read_sequence_values(reading.connection, sequences)) {
        reading.catalog.others.push_back({"unreadable sequence", name});
    }
}

}  // namespace cutover::postgres
