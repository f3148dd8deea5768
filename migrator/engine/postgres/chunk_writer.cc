#include "migrator/engine/postgres/chunk_writer.h"

#include <utility>

#include "migrator/engine/postgres/control_rows.h"
#include "migrator/engine/postgres/copy_rows.h"
#include "migrator/model/check.h"

namespace cutover::postgres {

using model::Error;
using model::ErrorClass;

namespace {

constexpr const char* kStaging = "pg_temp.cutover_chunk";

}  // namespace

PostgresChunkWriter::PostgresChunkWriter(SessionPool& sessions, plan::ConflictRule conflict,
                                         Claim claim)
    : sessions_(sessions),
      conflict_(conflict),
      claim_(std::move(claim)),
      connection_(open_session(sessions_, claim_.task, SessionRole::writer)) {}

PostgresChunkWriter::~PostgresChunkWriter() {
    sessions_.give_back(std::move(connection_));
}

std::string PostgresChunkWriter::create_staging() const {
    std::string columns;
    for (const TargetColumn& column : target_->columns) {
        columns +=
            (columns.empty() ? "" : ", ") + column.name + " " + column.type + column.collation;
    }
    return "CREATE TEMPORARY TABLE cutover_chunk (" + columns + ") ON COMMIT DROP";
}

void PostgresChunkWriter::begin(const plan::TablePlan& table, const model::Chunk&) {
    CUTOVER_CHECK(!target_);
    if (!connection_.alive()) {
        connection_ = open_session(sessions_, claim_.task, SessionRole::writer);
    }
    connection_.exec("BEGIN ISOLATION LEVEL READ COMMITTED");
    target_ = read_target(connection_, table);
    std::string copied = target_->name;
    if (conflict_ == plan::ConflictRule::ignore) {
        connection_.exec(create_staging());
        copied = kStaging;
    }
    connection_.begin_copy_in("COPY " + copied + " (" + target_->column_list() +
                              ") FROM STDIN (FORMAT binary)");
    connection_.copy_write(copy_header());
}

void PostgresChunkWriter::write(const model::RowBatch& batch) {
    CUTOVER_CHECK(target_);
    connection_.copy_write(batch.bytes);
}

/// A value that does not fit will not fit the next time either.
Error PostgresChunkWriter::explained(const Error& error) const {
    if (has_state(error, "22")) {
        return Error(
            ErrorClass::refused, "copy.value",
            "table " + target_->display + " cannot hold a value of the source: " + error.message(),
            "make the destination's column as wide as the source's");
    }
    return about(error, "table " + target_->display);
}

/// What a destination row with the same key keeps out is counted, and a few keys are noted.
void PostgresChunkWriter::keep_existing_rows(std::uint64_t staged) {
    const std::string columns = target_->column_list();
    const std::uint64_t inserted = connection_
                                       .exec("INSERT INTO " + target_->name + " (" + columns +
                                             ") OVERRIDING SYSTEM VALUE SELECT " + columns +
                                             " FROM " + kStaging + " ON CONFLICT DO NOTHING")
                                       .affected();
    if (inserted == staged) {
        return;
    }
    std::string key;
    std::string match;
    for (std::size_t at = 0; at < target_->key.size(); ++at) {
        const std::string& name = target_->columns[target_->key[at]].name;
        key += (at == 0 ? "s." : ", s.") + name;
        match +=
            (at == 0 ? "t." : " AND t.") + name + " " + target_->key_operators[at] + " s." + name;
    }
    std::string samples = "{}";
    if (!key.empty()) {
        // Rows that this transaction did not write.
        samples =
            connection_
                .exec("SELECT coalesce(array_agg(key), '{}') FROM (SELECT ROW(" + key +
                      ")::text AS key FROM " + kStaging + " AS s JOIN " + target_->name +
                      " AS t ON " + match +
                      " WHERE t.xmin::text <> (pg_current_xact_id()::xid)::text LIMIT 5) AS few")
                .text(0, 0);
    }
    store_conflict(connection_, claim_.task, target_->display, "full", "kept", staged - inserted,
                   samples);
}

void PostgresChunkWriter::commit(const model::ChunkReceipt& receipt) {
    CUTOVER_CHECK(target_);
    try {
        connection_.copy_write(copy_trailer());
        const std::uint64_t rows = connection_.copy_end();
        if (rows != receipt.rows.count) {
            throw Error(ErrorClass::corrupt, "copy.count",
                        std::to_string(receipt.rows.count) + " rows were sent, the server took " +
                            std::to_string(rows));
        }
        if (conflict_ == plan::ConflictRule::ignore) {
            keep_existing_rows(rows);
        }
        require_claim(connection_, claim_);
        const bool first = store_receipt(connection_, claim_.task, receipt);
        connection_.exec(first ? "COMMIT" : "ROLLBACK");
    } catch (const Error& error) {
        const Error out = explained(error);
        abort();
        throw out;
    }
    target_.reset();
}

void PostgresChunkWriter::abort() noexcept {
    target_.reset();
    connection_.rollback();
}

}  // namespace cutover::postgres
