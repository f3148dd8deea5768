#include "verify/postgres/value_sql.h"

#include "verify/canonical/canonical.h"

namespace cutover::verify {

std::string value_sql(const postgres::Connection& connection, const ColumnShape& column,
                      std::string_view cell) {
    ExactNumber number;
    CellView view;
    std::string_view rest = cell;
    const bool bare =
        column.key_order == KeyOrder::integer && take_cell(rest, view) && read_number(view, number);
    return bare ? to_string(number) : connection.quote_literal(printable(cell));
}

std::string keys_sql(const postgres::Connection& connection, const TableShape& table,
                     const ReadSpec& spec) {
    std::string columns;
    for (std::size_t at = 0; at < spec.order_by; ++at) {
        columns += (at == 0 ? "" : ", ") +
                   postgres::quote_identifier(table.columns[spec.items[at].column].name);
    }
    std::string keys;
    for (const std::vector<std::string>& key : spec.keys) {
        std::string values;
        for (std::size_t at = 0; at < key.size(); ++at) {
            values += (at == 0 ? "" : ", ") +
                      value_sql(connection, table.columns[spec.items[at].column], key[at]);
        }
        keys += (keys.empty() ? "" : ", ") + (spec.order_by == 1 ? values : "(" + values + ")");
    }
    return (spec.order_by == 1 ? columns : "(" + columns + ")") + " IN (" + keys + ")";
}

}  // namespace cutover::verify
