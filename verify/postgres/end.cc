#include "verify/postgres/end.h"

#include <exception>
#include <new>
#include <utility>

#include "migrator/engine/postgres/session/connection.h"
#include "migrator/engine/postgres/trust/relation.h"
#include "migrator/model/error.h"
#include "migrator/model/nonsense.h"
#include "verify/postgres/catalog.h"
#include "verify/postgres/evidence.h"
#include "verify/postgres/facts.h"
#include "verify/postgres/value_sql.h"

namespace cutover::verify {

namespace {

using model::Error;
using model::ErrorClass;
using postgres::Connection;
using postgres::quote_identifier;

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t kCutBytes = 64 << 10;
constexpr std::size_t kHeaderBytes = 19;  // signature, flags, length of the extension

std::string remedy(const Error& error) {
    if (error.code() == "postgres.55P03") {
        return "another session has locked what is to be read (pg_locks names it): end it, or wait "
               "longer for it with --lock-wait";
    }
    if (error.message().find("row-level security") != std::string::npos) {
        return "verify with an account that sees every row: a superuser or one with BYPASSRLS";
    }
    if (error.error_class() == ErrorClass::connection && error.hint().empty()) {
        return "see the server's log and the network between, and verify again; nothing has been "
               "changed";
    }
    return error.hint();
}

/// Runs something that talks to an end; adds to its errors which end failed and what to do.
template <typename Action>
auto at_side(const std::string& display, const Action& action) -> decltype(action()) {
    try {
        return action();
    } catch (const Error& error) {
        const bool named = error.message().find(display) != std::string::npos;
        // A server that answers like this has lost a connection of its own, to a foreign server.
        const bool beyond = error.code().starts_with("postgres.08");
        throw Error(beyond ? ErrorClass::operation : error.error_class(), error.code(),
                    named ? error.message() : display + ": " + error.message(), remedy(error));
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        const Error nonsense = model::nonsense(error);
        throw Error(nonsense.error_class(), nonsense.code(), display + ": " + nonsense.message(),
                    nonsense.hint());
    }
}

/// The rows of one binary COPY. The protocol sends one message per row; the first message also
/// carries the header.
class CopyStream final : public RowStream {
public:
    CopyStream(Connection& connection, const std::string& display, const std::string& sql,
               std::size_t cells)
        : connection_(connection), display_(display), cells_(cells) {
        at_side(display_, [&] { connection_.begin_copy_out(sql); });
    }
    CopyStream(const CopyStream&) = delete;
    CopyStream& operator=(const CopyStream&) = delete;
    ~CopyStream() override { abandon(); }

    bool fill(RowBlock& block, std::size_t bytes) override {
        const std::size_t rows = block.rows();
        at_side(display_, [&] {
            while (!finished_ && block.data.size() < bytes) {
                take_message(block);
            }
        });
        return block.rows() > rows;
    }

private:
    void take_message(RowBlock& block) {
        const std::size_t before = block.data.size();
        if (!connection_.copy_read(block.data)) {
            finished_ = true;
            return;
        }
        if (!header_seen_) {
            take_header(block.data, before);
        }
        const std::size_t size = block.data.size() - before;
        if (size == 0) {
            return;
        }
        const auto count = static_cast<std::size_t>(
            static_cast<unsigned char>(block.data[before]) << 8 |
            static_cast<unsigned char>(block.data[size == 1 ? before : before + 1]));
        if (size == kRowHeadBytes && count == 0xFFFF) {
            block.data.resize(before);  // the trailer
            return;
        }
        if (count != cells_) {
            throw Error(ErrorClass::corrupt, "verify.copy_form",
                        "the server sent a row of " + std::to_string(count) + " cells instead of " +
                            std::to_string(cells_));
        }
        block.ends.push_back(static_cast<std::uint32_t>(block.data.size()));
    }

    void take_header(std::string& data, std::size_t at) {
        const std::string_view message = std::string_view(data).substr(at);
        if (message.size() < kHeaderBytes || !message.starts_with(kSignature)) {
            throw Error(ErrorClass::corrupt, "verify.copy_form",
                        "the server sent no binary COPY header");
        }
        const std::size_t extension = load_big32(message.data() + kHeaderBytes - 4);
        data.erase(at, kHeaderBytes + extension);
        header_seen_ = true;
    }

    void abandon() noexcept {
        if (finished_) {
            return;
        }
        connection_.cancel();
        try {
            std::string rest;
            while (connection_.copy_read(rest)) {
                rest.clear();
            }
        } catch (const Error&) {
            finished_ = true;  // cancelled, as asked
        }
    }

    Connection& connection_;
    const std::string& display_;  ///< belongs to the end, which outlives its streams
    std::size_t cells_;
    bool header_seen_ = false;
    bool finished_ = false;
};

class PostgresEnd final : public End, private Witness {
public:
    PostgresEnd(const plan::Endpoint& endpoint, std::chrono::seconds lock_wait)
        : display_(endpoint.display()), connection_(Connection::open(endpoint, options())) {
        // Plain plans: no worker processes or code generation on somebody's production server.
        connection_.exec_script(
            "SET jit=off; SET max_parallel_workers_per_gather=0; SET work_mem='32MB';"
            " SET default_transaction_read_only=on");
        connection_.exec_params("SELECT set_config('lock_timeout', $1, false)",
                                {std::to_string(lock_wait.count()) + "s"});
        utf8_ = connection_.exec("SHOW server_encoding").get(0, 0) == "UTF8";
    }

    std::string description() override {
        return at_side(display_, [&] {
            return display_ + " (PostgreSQL " + connection_.exec("SHOW server_version").text(0, 0) +
                   ")";
        });
    }

    Standing standing() override {
        return at_side(display_, [&]() -> Standing {
            const postgres::Result row = connection_.exec(
                "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
                " ELSE pg_current_wal_insert_lsn() END, txid_current_snapshot()");
            return {Evidence(row.text(0, 0)), Evidence(row.text(0, 1)),
                    read_postgres_open_writers(connection_)};
        });
    }

    std::string begin_snapshot() override {
        return at_side(display_, [this] { return exported_snapshot(); });
    }

    void join_snapshot(const std::string& id) override {
        at_side(display_, [&] {
            begin();
            if (!id.empty()) {
                connection_.exec("SET TRANSACTION SNAPSHOT " + connection_.quote_literal(id));
            }
        });
    }

    Evidence view() override {
        return at_side(display_, [&] {
            return Evidence(connection_.exec("SELECT txid_current_snapshot()").text(0, 0));
        });
    }

    bool written_between(const TableShape& table, const Evidence& earlier,
                         const Evidence& later) override {
        return at_side(display_, [&] {
            return connection_
                .exec("SELECT EXISTS (SELECT 1" + from_sql(table) + " WHERE " +
                      written_sql(connection_, earlier, later) + ") OR " + emptied_sql(table))
                .boolean(0, 0);
        });
    }

    std::vector<TableShape> tables(const TableQuery& query) override {
        return at_side(display_,
                       [&] { return read_postgres_tables(connection_, query.selection); });
    }

    std::vector<LeftOut> left_out() override {
        return at_side(display_, [&] { return read_postgres_left_out(connection_); });
    }

    std::vector<std::string> beside_tables() override {
        return at_side(display_, [&] { return read_postgres_beside_tables(connection_); });
    }

    std::vector<model::ObjectName> sequences() override {
        return at_side(display_, [&] { return read_postgres_sequences(connection_); });
    }

    SchemaFacts facts(const FactScope& scope, const plan::NameMapping* mapping) override {
        return at_side(display_, [&] { return read_postgres_facts(connection_, scope, mapping); });
    }

    std::unique_ptr<RowStream> read(const TableShape& table, const ReadSpec& spec) override {
        std::string list;
        std::string order;
        for (std::size_t at = 0; at < spec.items.size(); ++at) {
            list += (at == 0 ? "" : ", ") + cell_sql(table, spec.items[at]);
            if (at < spec.order_by) {
                order += (at == 0 ? " ORDER BY " : ", ") + order_sql(table, spec.items[at]);
            }
        }
        list += spec.with_version ? ", " + version_sql() : "";
        const std::string sql = "COPY (SELECT " + list + from_sql(table) + where_sql(table, spec) +
                                order + ") TO STDOUT (FORMAT binary)";
        at_side(display_, [&] { hold(table); });
        return std::make_unique<CopyStream>(connection_, display_, sql,
                                            spec.items.size() + (spec.with_version ? 2 : 0));
    }

    std::vector<std::string> cuts(const TableShape& table, const ReadSpec& spec,
                                  std::size_t parts) override {
        std::string fractions;
        for (std::size_t part = 1; part < parts; ++part) {
            fractions += (part == 1 ? "" : ",") +
                         std::to_string(static_cast<double>(part) / static_cast<double>(parts));
        }
        constexpr double kSampleRows = 20000;
        const double percent =
            100.0 * kSampleRows /
            static_cast<double>(std::max<std::uint64_t>(table.estimated_rows, 1));
        const std::string sample =
            percent >= 100 ? "" : " TABLESAMPLE SYSTEM (" + std::to_string(percent) + ")";
        const std::string sql =
            "COPY (SELECT DISTINCT cut FROM (SELECT unnest(percentile_disc("
            "ARRAY[" +
            fractions + "]::float8[]) WITHIN GROUP (ORDER BY " + order_sql(table, spec.items[0]) +
            ")) AS cut" + from_sql(table) + sample +
            ") s WHERE cut IS NOT NULL ORDER BY cut) TO STDOUT (FORMAT binary)";
        at_side(display_, [&] { hold(table); });
        CopyStream stream(connection_, display_, sql, 1);
        RowBlock block;
        while (stream.fill(block, kCutBytes)) {
        }
        std::vector<std::string> out;
        for (std::size_t row = 0; row < block.rows(); ++row) {
            std::string cell;
            const std::string_view wire = CellWalk(block.row(row)).next().bytes;
            if (table.columns[spec.items[0].column].decoder->canonical(wire, {}, cell)) {
                out.push_back(std::move(cell));
            }
        }
        return out;
    }

    Applied applied(const std::string& task) override {
        return at_side(display_, [&] { return read_postgres_applied(connection_, task); });
    }
    Witness* witness() override { return this; }

private:
    Moment moment() override {
        return at_side(display_, [&] { return read_postgres_moment(connection_); });
    }
    bool sees_all(const Moment& later, const Moment& earlier) const override {
        return postgres_view_sees_all(later, earlier);
    }
    bool reaches(const Evidence& position, const Evidence& wanted) const override {
        return postgres_position_reaches(position, wanted);
    }

    static postgres::ConnectOptions options() {
        postgres::ConnectOptions options;
        options.application_name = "cutover verify";
        options.require_writable = false;
        return options;
    }

    /// Until the snapshot's transaction ends, what is read is the relation that the shape
    /// describes.
    void hold(const TableShape& table) {
        if (!connection_.in_transaction()) {
            begin();
        }
        postgres::hold_relation(connection_, table.name, table.identity);
    }

    std::string exported_snapshot() {
        begin();
        try {
            return connection_.exec("SELECT pg_export_snapshot()").text(0, 0);
        } catch (const Error& error) {
            if (error.error_class() == ErrorClass::connection) {
                throw;
            }
            connection_.rollback();
            begin();
            return {};
        }
    }

    void begin() {
        if (connection_.in_transaction()) {
            connection_.rollback();
        }
        connection_.exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }

    std::string order_text(const ColumnShape& column) const {
        return utf8_ ? column.as_text + " COLLATE \"C\""
                     : "convert_to(" + column.as_text + ", 'UTF8')";
    }
    std::string cell_sql(const TableShape& table, const ReadSpec::Item& item) const {
        const ColumnShape& column = table.columns[item.column];
        if (item.as_order_text) {
            return order_text(column);
        }
        return column.read_as_text ? column.as_text : quote_identifier(column.name);
    }
    std::string order_sql(const TableShape& table, const ReadSpec::Item& item) const {
        const ColumnShape& column = table.columns[item.column];
        return item.as_order_text ? order_text(column) : column.order_by;
    }
    static std::string from_sql(const TableShape& table) {
        return (table.partitioned ? " FROM " : " FROM ONLY ") + postgres::quote(table.name);
    }
    /// TRUNCATE leaves no row version behind; it gives the table another file. The snapshot shows
    /// the catalog's row with the old file, while the function returns the present one.
    std::string emptied_sql(const TableShape& table) const {
        const std::string name = connection_.quote_literal(postgres::quote(table.name));
        return "EXISTS (SELECT 1 FROM pg_class c WHERE c.relfilenode <> 0 AND c.oid IN (SELECT " +
               name + "::regclass::oid UNION SELECT relid FROM pg_partition_tree(" + name +
               ")) AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid))";
    }
    std::string filter_sql(const ReadSpec& spec) const {
        if (spec.partition_filters.empty()) {
            return spec.filter;
        }
        std::string cases = "CASE";
        for (const auto& [partition, filter] : spec.partition_filters) {
            cases += " WHEN tableoid IN (SELECT relid FROM pg_partition_tree(" +
                     connection_.quote_literal(postgres::quote(partition)) + ")) THEN (" + filter +
                     ")";
        }
        return cases + " ELSE (" + (spec.filter.empty() ? "true" : spec.filter) + ") END";
    }
    std::string edge_sql(const TableShape& table, const ReadSpec& spec, const char* compares,
                         const std::string& edge) const {
        return order_sql(table, spec.items[0]) + compares +
               value_sql(connection_, table.columns[spec.items[0].column], edge);
    }
    std::string where_sql(const TableShape& table, const ReadSpec& spec) const {
        std::string where;
        const auto add = [&where](const std::string& condition) {
            where += (where.empty() ? " WHERE (" : " AND (") + condition + ")";
        };
        if (const std::string filter = filter_sql(spec); !filter.empty()) {
            add(filter);
        }
        if (spec.range.from) {
            add(edge_sql(table, spec, " >= ", *spec.range.from));
        }
        if (spec.range.to) {
            add(edge_sql(table, spec, " < ", *spec.range.to));
        }
        if (!spec.keys.empty()) {
            add(keys_sql(connection_, table, spec));
        }
        return where;
    }

    std::string display_;
    Connection connection_;
    bool utf8_ = true;
};

}  // namespace

std::unique_ptr<End> open_postgres_end(const plan::Endpoint& endpoint,
                                       std::chrono::seconds lock_wait) {
    return std::make_unique<PostgresEnd>(endpoint, lock_wait);
}

}  // namespace cutover::verify
