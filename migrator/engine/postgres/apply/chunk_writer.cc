#include "migrator/engine/postgres/apply/chunk_writer.h"

#include <utility>

#include "migrator/engine/postgres/control/claim.h"
#include "migrator/engine/postgres/control/control_rows.h"
#include "migrator/engine/postgres/control/write_session.h"
#include "migrator/engine/postgres/copy/chunk_reader.h"
#include "migrator/engine/postgres/copy/copy_rows.h"
#include "migrator/engine/postgres/session/error.h"
#include "migrator/engine/postgres/trust/code_of_others.h"
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

void PostgresChunkWriter::begin(const plan::TablePlan& table, const model::Chunk&) {
    CUTOVER_CHECK(!target_);
    if (!connection_.alive()) {
        connection_ = open_session(sessions_, claim_.task, SessionRole::writer);
    }
    connection_.exec("BEGIN ISOLATION LEVEL READ COMMITTED");
    table_ = &table;
    target_ = read_target(connection_, table);
    taken_ = 0;
    if (target_->open_to_others) {
        require_no_code_of_others(connection_, target_->quoted);
    }
    if (conflict_ == plan::ConflictRule::ignore) {
        connection_.exec("CREATE TEMPORARY TABLE cutover_chunk (" + target_->typed_columns() +
                         ") ON COMMIT DROP");
    }
    // Other encodings have no place for some characters; then the row must be named.
    by_batch_ = connection_.server_encoding() != "UTF8";
    if (!by_batch_) {
        begin_copy();
    }
}

void PostgresChunkWriter::begin_copy() {
    const std::string& copied =
        conflict_ == plan::ConflictRule::ignore ? std::string(kStaging) : target_->quoted;
    connection_.begin_copy_in("COPY " + copied + " (" + target_->column_list() +
                              ") FROM STDIN (FORMAT binary)");
    connection_.copy_write(copy_header());
    copying_ = true;
}

void PostgresChunkWriter::end_copy() {
    connection_.copy_write(copy_trailer());
    copying_ = false;
    taken_ += connection_.copy_end();
}

void PostgresChunkWriter::write(const model::RowBatch& batch) {
    CUTOVER_CHECK(target_);
    if (!by_batch_) {
        connection_.copy_write(batch.bytes);
        return;
    }
    begin_copy();
    connection_.copy_write(batch.bytes);
    try {
        end_copy();
    } catch (const Error& error) {
        const std::optional<std::uint64_t> row = connection_.refused_row();
        connection_.rollback();
        throw explained(error, row ? row_text(batch, *row) : "");
    }
}

/// The key of the batch's row with this number, counted from 1.
std::string PostgresChunkWriter::row_text(const model::RowBatch& batch, std::uint64_t row) {
    try {
        return key_text(connection_, *table_, copied_row(batch.bytes, row));
    } catch (const Error&) {
        return "";  // the key may have another type here
    }
}

/// A value that does not fit now will not fit the next time either.
Error PostgresChunkWriter::explained(const Error& error, const std::string& row) const {
    return has_state(error, "22") ? value_refused(error, "copy.value", target_->display, row)
                                  : about(error, "table " + target_->display);
}

/// Rows that an existing row with the same key keeps out are counted, and a few keys are noted.
void PostgresChunkWriter::keep_existing_rows(std::uint64_t staged) {
    const std::string columns = target_->column_list();
    const std::uint64_t inserted = connection_
                                       .exec("INSERT INTO " + target_->quoted + " (" + columns +
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
                      ")::text AS key FROM " + kStaging + " AS s JOIN " + target_->quoted +
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
        if (copying_) {
            end_copy();
        }
        if (taken_ != receipt.rows.count) {
            throw Error(ErrorClass::corrupt, "copy.count",
                        std::to_string(receipt.rows.count) + " rows were sent, the server took " +
                            std::to_string(taken_));
        }
        if (conflict_ == plan::ConflictRule::ignore) {
            keep_existing_rows(taken_);
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
    copying_ = false;
    connection_.rollback();
}

}  // namespace cutover::postgres
