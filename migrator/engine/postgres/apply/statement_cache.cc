#include "migrator/engine/postgres/apply/statement_cache.h"

#include <libpq-fe.h>

#include "migrator/engine/postgres/copy/copy_rows.h"

namespace cutover::postgres {

void append_cells(BinaryParameters& parameters, const model::Tuple& tuple) {
    for (std::size_t column = 0; column < tuple.size(); ++column) {
        if (tuple.kind(column) != model::CellKind::absent) {
            parameters.push_back(binary_cell(tuple, column));
        }
    }
}

Result StatementCache::run(Connection& connection, const std::string& sql,
                           const BinaryParameters& parameters) {
    auto known = names_.find(sql);
    if (known == names_.end()) {
        const std::string name = "cutover_" + std::to_string(names_.size());
        ServerCall call(connection, sql);
        connection.finish(
            PQsendPrepare(connection.raw(), name.c_str(), sql.c_str(), 0, nullptr) == 1, call, sql);
        known = names_.emplace(sql, name).first;
    }
    const ParameterArrays arrays(parameters);
    ServerCall call(connection, sql);
    return connection.finish(
        PQsendQueryPrepared(connection.raw(), known->second.c_str(), arrays.count(),
                            arrays.values(), arrays.lengths(), arrays.formats(), 0) == 1,
        call, sql);
}

}  // namespace cutover::postgres
