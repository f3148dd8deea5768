#include "migrator/route/postgres_transcoder.h"

#include <fmt/format.h>

#include <utility>

#include "migrator/engine/postgres/log/key_cell.h"
#include "migrator/model/check.h"
#include "migrator/model/error.h"
#include "migrator/route/postgres_wire.h"

namespace cutover::route {

namespace {

using model::CellKind;
using model::Error;

/// What becomes of a column's bytes; neither: they pass.
struct Conversion {
    std::string name;        ///< at the source
    std::uint64_t type = 0;  ///< at the source
    bool rewritten = false;  ///< by TypeIds
    Widening widen = nullptr;

    bool passes() const { return !rewritten && widen == nullptr; }
};

class ColumnTranscoder final : public plan::Transcoder {
public:
    ColumnTranscoder(const plan::TablePlan& table, std::vector<Conversion> columns,
                     std::shared_ptr<const TypeIds> ids)
        : table_(table.source.display()), columns_(std::move(columns)), ids_(std::move(ids)) {
        for (const plan::KeyColumn& column : table.source_key().columns) {
            key_.push_back(column.column);
        }
    }

    /// Rows as binary COPY has them: int16 columns, then per column int32 length (-1: null) and
    /// value.
    void batch(const model::RowBatch& in, model::RowBatch& out) const override {
        WireReader reader(in.bytes);
        while (!reader.at_side()) {
            const std::string_view row = reader.rest();
            const std::uint16_t columns = reader.short_number();
            CUTOVER_CHECK(columns == columns_.size());
            out.bytes += static_cast<char>(columns >> 8);
            out.bytes += static_cast<char>(columns);
            for (const Conversion& column : columns_) {
                const std::uint32_t length = reader.number();
                if (length == kNullLength) {
                    append_number(out.bytes, length);
                } else if (column.passes()) {
                    append_number(out.bytes, length);
                    out.bytes.append(reader.take(length));
                } else {
                    with_length(out.bytes, [&] {
                        convert(
                            column, reader.take(length), [row] { return cells_of(row); },
                            out.bytes);
                    });
                }
            }
        }
        out.rows += in.rows;
    }

    model::Tuple tuple(const model::Tuple& in) const override {
        model::Tuple out;
        std::string value;
        for (std::size_t column = 0; column < in.size(); ++column) {
            if (columns_[column].passes() || in.kind(column) != CellKind::binary) {
                out.append(in.kind(column), in.bytes(column));
                continue;
            }
            value.clear();
            convert(
                columns_[column], in.bytes(column), [&in] { return in; }, value);
            out.append(CellKind::binary, value);
        }
        return out;
    }

private:
    /// The first row of a batch.
    static model::Tuple cells_of(std::string_view row) {
        WireReader reader(row);
        model::Tuple cells;
        for (std::uint16_t left = reader.short_number(); left > 0; --left) {
            const std::uint32_t length = reader.number();
            const bool null = length == kNullLength;
            cells.append(null ? CellKind::null : CellKind::binary,
                         null ? std::string_view() : reader.take(length));
        }
        return cells;
    }

    /// `row` gives all its cells, for the message.
    template <typename Row>
    void convert(const Conversion& column, std::string_view value, const Row& row,
                 std::string& out) const {
        try {
            if (column.widen != nullptr) {
                column.widen(value, out);
            } else {
                ids_->rewrite(column.type, value, out);
            }
        } catch (const Error& error) {
            throw Error(error.error_class(), error.code(),
                        fmt::format("table {}, {}, column {}: {}", table_, name_of(row()),
                                    column.name, error.message()),
                        error.hint());
        }
    }

    std::string name_of(const model::Tuple& row) const {
        std::string key;
        for (const std::size_t at : key_) {
            if (at < row.size() && row.kind(at) == CellKind::binary) {
                key += (key.empty() ? "" : ", ") + columns_[at].name + "=" +
                       postgres::key_cell_text(columns_[at].type, row.bytes(at));
            }
        }
        return key.empty() ? "a row without a key" : "row (" + key + ")";
    }

    std::string table_;
    std::vector<std::size_t> key_;  ///< indexes into columns_
    std::vector<Conversion> columns_;
    std::shared_ptr<const TypeIds> ids_;
};

}  // namespace

std::shared_ptr<const plan::Transcoder> make_transcoder(const plan::TablePlan& table,
                                                        std::shared_ptr<const TypeIds> ids,
                                                        const std::vector<Widening>& widenings) {
    CUTOVER_CHECK(widenings.size() == table.columns.size());
    std::vector<Conversion> columns;
    bool any = false;
    for (std::size_t at = 0; at < table.columns.size(); ++at) {
        const model::ColumnSchema& source = table.columns[at].source;
        columns.push_back(
            {source.name, source.type_id, ids->rewrites(source.type_id), widenings[at]});
        any = any || !columns.back().passes();
    }
    return any ? std::make_shared<ColumnTranscoder>(table, std::move(columns), std::move(ids))
               : nullptr;
}

}  // namespace cutover::route
