#include "migrator/engine/postgres/statement_cache.h"

#include <libpq-fe.h>

namespace cutover::postgres {

void append_cells(BinaryParameters& parameters, const model::Tuple& tuple) {
    for (std::size_t column = 0; column < tuple.size(); ++column) {
        switch (tuple.kind(column)) {
            case model::CellKind::absent:
                break;
            case model::CellKind::null:
                parameters.push_back(std::nullopt);
                break;
            case model::CellKind::binary:
                parameters.push_back(tuple.bytes(column));
                break;
            case model::CellKind::text:
                throw model::Error(
                    model::ErrorClass::refused, "cell.text_form",
                    "column number " + std::to_string(column + 1) +
                        " arrived in text form; its type has no binary form",
                    "exclude the column: types without a binary form are not carried")
                    .at(model::End::source);
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
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats(parameters.size(), 1);
    for (const auto& parameter : parameters) {
        // libpq reads a null pointer as NULL: an empty value still needs an address.
        values.push_back(!parameter ? nullptr : parameter->empty() ? "" : parameter->data());
        lengths.push_back(parameter ? static_cast<int>(parameter->size()) : 0);
    }
    ServerCall call(connection, sql);
    return connection.finish(
        PQsendQueryPrepared(connection.raw(), known->second.c_str(),
                            static_cast<int>(parameters.size()), values.data(), lengths.data(),
                            formats.data(), 0) == 1,
        call, sql);
}

}  // namespace cutover::postgres
