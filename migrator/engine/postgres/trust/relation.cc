#include "migrator/engine/postgres/trust/relation.h"

#include "migrator/model/error.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kForeign = "/f/";  ///< marks a foreign table in an identity

/// Uses functions that see the catalog as it is now, since the transaction's view may be older than
/// the exchange. Up to version 15, a table can even become a view itself.
std::string held_sql() {
    return "SELECT coalesce(pg_relation_filenode(r.oid), 0)::bigint,"
           " (SELECT " +
           identity_sql("c") +
           " FROM pg_class c WHERE c.oid = r.oid),"
           " (pg_identify_object('pg_class'::regclass, r.oid, 0)).type"
           " FROM (SELECT $1::regclass::oid) r (oid)";
}

}  // namespace

std::string identity_sql(const std::string& alias) {
    return "concat_ws('/', " + alias + ".oid, " + alias + ".relkind, " + alias + ".relowner)";
}

std::uint64_t hold_relation(Connection& connection, const model::ObjectName& table,
                            const std::string& identity) {
    const bool foreign = identity.find(kForeign) != std::string::npos;
    if (!foreign) {
        connection.exec("LOCK TABLE ONLY " + quote(table) + " IN ACCESS SHARE MODE");
    }
    const Result row = connection.exec_params(held_sql(), {quote(table)});
    if (row.get(0, 1) != identity || row.get(0, 2) != (foreign ? "foreign table" : "table")) {
        throw Error(ErrorClass::refused, "table.exchanged",
                    table.display() +
                        " is not the table that was planned: it was exchanged for another (" +
                        row.text(0, 2) + "), or has another owner",
                    "nothing of it was read; find out who has done that, put the table back, and "
                    "start again");
    }
    return static_cast<std::uint64_t>(row.integer(0, 0));
}

void hold_sequences(Connection& connection, const std::vector<std::string>& oids,
                    const std::vector<model::ObjectName>& names) {
    std::vector<std::string> quoted;
    for (const model::ObjectName& name : names) {
        quoted.push_back(quote(name));
    }
    connection.exec_params("SELECT count(pg_sequence_last_value(o)) FROM unnest($1::oid[]) o",
                           {array_literal(oids)});
    const Result others = connection.exec_params(
        "SELECT v.name FROM unnest($1::oid[], $2::text[]) v (oid, name)"
        " WHERE to_regclass(v.name) IS DISTINCT FROM v.oid::regclass LIMIT 1",
        {array_literal(oids), array_literal(quoted)});
    if (others.rows() > 0) {
        throw Error(
            ErrorClass::refused, "sequence.exchanged",
            "sequence " + others.text(0, 0) + " was exchanged for something else while it was read",
            "nothing of it was read; find out who has done that, then try again");
    }
}

}  // namespace cutover::postgres
