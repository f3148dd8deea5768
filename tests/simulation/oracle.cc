#include "tests/simulation/oracle.h"

#include <algorithm>

#include "migrator/model/check.h"
#include "migrator/plan/catalog_text.h"

namespace cutover::simulation {

using memory::CellType;
using memory::LogChange;
using memory::LogPlace;
using model::CellKind;
using model::ChangeKind;
using model::Tuple;

namespace {

std::uint64_t hash_text(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325ull;
    for (const char letter : text) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3ull;
    }
    return (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9ull;
}

std::vector<std::size_t> every_column(const memory::Table& table) {
    return table.all_columns();
}

}  // namespace

Oracle::Oracle(const Shape& shape, memory::Server& source, memory::Server& destination, Say fail,
               Say trace)
    : shape_(shape),
      source_(source),
      destination_(destination),
      fail_(std::move(fail)),
      trace_(std::move(trace)) {
    for (const TableShape& table : shape.tables) {
        Watched& watched = tables_.emplace_back();
        watched.shape = &table;
        for (std::size_t column = 0; column < table.schema.columns.size(); ++column) {
            if (table.schema.columns[column].name != table.excluded) {
                watched.kept.push_back(column);
            }
        }
        by_source_[table.schema.name.display()] = tables_.size() - 1;
        by_destination_[table.destination.display()] = tables_.size() - 1;
    }
    add_initial_rows();
    source_.database.on_log = [this](const auto& record) { on_source_log(record); };
    source_.database.on_failover = [this] { on_source_failover(); };
    source_.database.on_columns_changed = [this](const auto& table, std::uint64_t offset) {
        on_source_altered(table, offset);
    };
    destination_.database.on_columns_changed = [this](const auto& table, std::uint64_t) {
        on_destination_altered(table);
    };
    source_.on_acknowledge = [this](const std::string&, LogPlace place) { on_acknowledge(place); };
    source_.on_chunk_open = [this](const model::Chunk& chunk) { on_chunk_open(chunk); };
    destination_.database.on_publish = [this](const auto& record) {
        on_destination_publish(record);
    };
}

void Oracle::add_initial_rows() {
    for (Watched& watched : tables_) {
        const memory::Table& table = source_.database.table(watched.shape->schema.name);
        watched.history.push_back({0, {}, table.columns()});
        for (const std::size_t place : source_.database.scan(0, table)) {
            if (carried(watched, table.at(place).row)) {
                add(watched.history.back().digest, table, watched.kept, table.at(place).row, true);
            }
        }
    }
}

/// Nobody else has touched the table: what is in the log is all there is.
void Oracle::on_source_altered(const memory::Table& table, std::uint64_t offset) {
    Watched& watched = tables_[by_source_.at(table.schema().name.display())];
    watched.kept.clear();
    for (std::size_t column = 0; column < table.schema().columns.size(); ++column) {
        if (table.schema().columns[column].name != watched.shape->excluded) {
            watched.kept.push_back(column);
        }
    }
    TableDigest digest;
    for (const std::size_t place : source_.database.scan(0, table)) {
        if (carried(watched, table.at(place).row)) {
            add(digest, table, watched.kept, table.at(place).row, true);
        }
    }
    watched.history.push_back({offset, digest, table.columns()});
    if (trace_) {
        std::string text =
            "source " + table.schema().name.display() + " at " + std::to_string(offset) + " has";
        for (const model::ColumnSchema& column : table.schema().columns) {
            text += " " + column.name + "#" + std::to_string(column.number);
        }
        trace_(text);
    }
}

void Oracle::on_destination_altered(const memory::Table& table) {
    TableDigest& now = tables_[by_destination_.at(table.schema().name.display())].now;
    now = {};
    for (const std::size_t place : destination_.database.scan(0, table)) {
        add(now, table, every_column(table), table.at(place).row, true);
    }
    if (trace_) {
        trace_("destination " + table.schema().name.display() + " has other columns");
    }
}

bool Oracle::followed(const Watched& table, const Columns& columns) {
    const memory::TaskRows* rows = task_rows();
    if (!rows->plan.evolution.empty()) {
        return false;
    }
    if (catalog_text_ != rows->plan.catalog) {
        catalog_text_ = rows->plan.catalog;
        catalog_ = plan::read_catalog_text(catalog_text_);
    }
    const model::TableSchema* known = catalog_.find(table.shape->schema.name);
    const auto same = [](const model::ColumnSchema& one, const model::ColumnSchema& other) {
        return one.number == other.number && one.name == other.name;
    };
    return known == nullptr || std::equal(known->columns.begin(), known->columns.end(),
                                          columns->begin(), columns->end(), same);
}

/// Cells by their meaning: a number is a number however it is written.
std::string Oracle::row_text(const memory::Table& table, const std::vector<std::size_t>& columns,
                             const Tuple& row) const {
    std::string text;
    for (const std::size_t column : columns) {
        const CellType type = table.types()[column];
        if (row.kind(column) == CellKind::null) {
            text += "|NULL";
        } else if (type == CellType::number) {
            text += "|#" + std::to_string(memory::parse_number(row.bytes(column)));
        } else if (type == CellType::packed) {
            text += "|#" + std::to_string(memory::unpack(row.bytes(column)));
        } else if (type == CellType::sealed) {
            text += "|'" + memory::unseal(row.bytes(column));
        } else {
            text += "|'" + std::string(row.bytes(column));
        }
    }
    return text;
}

bool Oracle::carried(const Watched& table, const Tuple& row) const {
    return !table.shape->filter.keeps || table.shape->filter.keeps(row);
}

void Oracle::add(TableDigest& digest, const memory::Table& table,
                 const std::vector<std::size_t>& columns, const Tuple& row, bool in) const {
    const std::uint64_t hash = hash_text(row_text(table, columns, row));
    digest.sum += in ? hash : -hash;
    digest.rows += in ? 1 : static_cast<std::uint64_t>(-1);
}

void Oracle::trace_record(const char* end, const memory::LogRecord& record) const {
    if (!trace_) {
        return;
    }
    std::string text = std::string(end) + " commits " + std::to_string(record.transaction) +
                       " at " + record.place.position().text;
    for (const LogChange& change : record.changes) {
        constexpr const char* kKinds[] = {"insert", "update", "remove", "truncate"};
        text += "\n        " + std::string(kKinds[static_cast<std::size_t>(change.kind)]) + " " +
                change.table->schema().name.display();
        if (!change.before.empty()) {
            text += " " + row_text(*change.table, every_column(*change.table), change.before);
        }
        if (!change.after.empty()) {
            text += " => " + row_text(*change.table, every_column(*change.table), change.after);
        }
    }
    trace_(text);
}

void Oracle::on_source_log(const memory::LogRecord& record) {
    trace_record("source", record);
    for (const LogChange& change : record.changes) {
        std::vector<memory::Table*> touched = change.truncated;
        if (touched.empty()) {
            touched.push_back(change.table);
        }
        for (const memory::Table* table : touched) {
            Watched& watched = tables_[by_source_.at(table->schema().name.display())];
            TableDigest digest = watched.history.back().digest;
            if (change.kind == ChangeKind::truncate) {
                digest = {};
            }
            if (!change.before.empty() && carried(watched, change.before)) {
                add(digest, *table, watched.kept, change.before, false);
            }
            if (!change.after.empty() && carried(watched, change.after)) {
                add(digest, *table, watched.kept, change.after, true);
            }
            if (watched.history.back().offset == record.place.offset) {
                watched.history.back().digest = digest;
            } else {
                watched.history.push_back({record.place.offset, digest, table->columns()});
            }
            if (!(digest == (watched.history.end() - 2)->digest)) {
                sequence_at_[record.place.offset] =
                    source_.database.sequences().begin()->second.last_value;
            }
        }
    }
}

void Oracle::on_source_failover() {
    const memory::TaskRows* rows = task_rows();
    if (rows != nullptr && rows->record.phase == engine::TaskPhase::finished) {
        left_behind_ = true;
        return;  // what the old source loses after the cutover lives on at the destination
    }
    const std::uint64_t end = source_.database.end_of_log().offset;
    for (Watched& watched : tables_) {
        while (watched.history.back().offset > end) {
            watched.history.pop_back();
        }
    }
    // What was applied of the lost tail shows as soon as somebody claims to be finished.
    last_marker_ = std::min(last_marker_, end);
}

/// False if the place lies on a timeline that ended before it.
bool Oracle::on_present_past(LogPlace place) const {
    const std::vector<std::uint64_t>& ends = source_.database.timeline_ends();
    return place.timeline > ends.size() || place.offset <= ends[place.timeline - 1];
}

const Oracle::Point& Oracle::source_at(const Watched& table, std::uint64_t offset) const {
    const auto after =
        std::upper_bound(table.history.begin(), table.history.end(), offset,
                         [](std::uint64_t at, const Point& point) { return at < point.offset; });
    return *std::prev(after);
}

memory::TaskRows* Oracle::task_rows() const {
    const auto rows = destination_.tasks.find(shape_.spec.name);
    return rows == destination_.tasks.end() ? nullptr : &rows->second;
}

void Oracle::on_destination_publish(const memory::LogRecord& record) {
    trace_record("destination", record);
    for (const LogChange& change : record.changes) {
        if (frozen_) {
            fail_("the destination was written to after the fence");
        }
        std::vector<memory::Table*> touched = change.truncated;
        if (touched.empty()) {
            touched.push_back(change.table);
        }
        for (const memory::Table* table : touched) {
            const std::size_t number = by_destination_.at(table->schema().name.display());
            TableDigest& digest = tables_[number].now;
            if (change.kind == ChangeKind::truncate) {
                digest = {};
                forget_opens_if_restarted(number);
            }
            if (!change.before.empty()) {
                add(digest, *table, every_column(*table), change.before, false);
            }
            if (!change.after.empty()) {
                add(digest, *table, every_column(*table), change.after, true);
            }
        }
    }
    if (destination_.as_sink.atomic) {
        check_state("after a commit");
    }
    destination_.database.trim_log();
}

/// True if the log has passed every view of the table's copy.
bool Oracle::settled(std::size_t table, std::uint64_t offset) const {
    const memory::TaskRows* rows = task_rows();
    std::size_t chunks = 0, receipts = 0;
    for (const model::Chunk& chunk : rows->chunks) {
        chunks += chunk.table == table ? 1 : 0;
    }
    for (const model::ChunkReceipt& receipt : rows->receipts) {
        if (receipt.chunk.table != table) {
            continue;
        }
        // Rows that were read again have a receipt, but are no chunk of the plan.
        receipts += receipt.chunk.range.bytes.starts_with('\x01') ? 0 : 1;
        if (LogPlace::parse(receipt.view.settled).offset > offset) {
            return false;
        }
    }
    return chunks > 0 && receipts >= chunks;
}

bool Oracle::caught_up() const {
    const memory::TaskRows* rows = task_rows();
    if (rows == nullptr || rows->record.phase != engine::TaskPhase::incremental) {
        return false;
    }
    const std::uint64_t offset = LogPlace::parse(rows->record.marker.position).offset;
    for (std::size_t table = 0; table < tables_.size(); ++table) {
        if (!settled(table, offset) || tables_[table].history.back().offset > offset) {
            return false;
        }
    }
    return true;
}

void Oracle::expect_difference(const TableShape& table) {
    tables_[by_source_.at(table.schema.name.display())].differs = true;
}

void Oracle::check_state(const char* when) {
    const memory::TaskRows* rows = task_rows();
    if (rows == nullptr || rows->record.phase != engine::TaskPhase::incremental) {
        return;
    }
    const LogPlace place = LogPlace::parse(rows->record.marker.position);
    const std::uint64_t offset = place.offset;
    if (!on_present_past(place)) {
        return;  // a failover has lost it; the task will be told when it asks
    }
    if (offset < last_marker_) {
        fail_("the marker went back");
    }
    last_marker_ = offset;
    for (std::size_t table = 0; table < tables_.size(); ++table) {
        const Point& source = source_at(tables_[table], offset);
        if (!tables_[table].differs && settled(table, offset) &&
            !(tables_[table].now == source.digest) && followed(tables_[table], source.columns)) {
            fail_(std::string(when) + " at " + rows->record.marker.position.text + ", table " +
                  tables_[table].shape->schema.name.display() +
                  " is not what the source was at that position (" +
                  std::to_string(tables_[table].now.rows) + " rows instead of " +
                  std::to_string(source.digest.rows) + ")");
        }
        ++states_checked_;
    }
}

void Oracle::on_acknowledge(LogPlace place) {
    const memory::TaskRows* rows = task_rows();
    if (rows == nullptr || place.offset > LogPlace::parse(rows->record.marker.position).offset) {
        fail_("acknowledged " + place.position().text +
              ", which is not durable at the destination");
    }
    const bool beyond = LogPlace::parse(rows->record.reach).offset >
                        LogPlace::parse(rows->record.marker.position).offset;
    if (!destination_.as_sink.atomic && !beyond) {
        check_state("when the source was told what it may forget");
    }
}

void Oracle::on_chunk_open(const model::Chunk& chunk) {
    ++opens_total_;
    ++opens_[{chunk.table, chunk.number}];
    if (shape_.rival) {
        return;  // a process that has lost its claim may still read; it can no longer write
    }
    const memory::TaskRows* rows = task_rows();
    for (const model::ChunkReceipt& receipt :
         rows == nullptr ? std::vector<model::ChunkReceipt>{} : rows->receipts) {
        if (receipt.chunk.table == chunk.table && receipt.chunk.number == chunk.number) {
            fail_("chunk " + std::to_string(chunk.number) + " of table " +
                  std::to_string(chunk.table) + " is copied again although it is durable");
        }
    }
}

/// A table that is copied anew on purpose has no receipts any more; its second copy is no rework.
void Oracle::forget_opens_if_restarted(std::size_t table) {
    const memory::TaskRows* rows = task_rows();
    for (const model::ChunkReceipt& receipt : rows->receipts) {
        if (receipt.chunk.table == table) {
            return;
        }
    }
    std::erase_if(opens_, [&](const auto& one) { return one.first.first == table; });
}

std::uint64_t Oracle::rework() const {
    std::uint64_t rework = 0;
    for (const auto& [chunk, opens] : opens_) {
        rework += opens - 1;
    }
    return rework;
}

/// Row by row, for a message that helps.
void Oracle::compare_rows(const Watched& watched, const char* when) {
    const memory::Table& source = source_.database.table(watched.shape->schema.name);
    const memory::Table* destination = destination_.database.find_table(watched.shape->destination);
    std::map<std::string, int> rows;
    for (const std::size_t place : source_.database.scan(0, source)) {
        if (carried(watched, source.at(place).row)) {
            ++rows[row_text(source, watched.kept, source.at(place).row)];
        }
    }
    if (destination != nullptr) {
        for (const std::size_t place : destination_.database.scan(0, *destination)) {
            --rows[row_text(*destination, every_column(*destination), destination->at(place).row)];
        }
    }
    std::string text;
    for (const auto& [row, count] : rows) {
        if (count != 0) {
            text += "\n    " + std::string(count > 0 ? "missing" : "extra") + " x" +
                    std::to_string(std::abs(count)) + ": " + row;
        }
    }
    if (!text.empty()) {
        fail_(std::string(when) + ", table " + watched.shape->schema.name.display() +
              " differs from the source:" + text);
    }
}

void Oracle::check_finished(bool at_end_of_log) {
    const memory::TaskRows* rows = task_rows();
    if (rows == nullptr || rows->record.phase != engine::TaskPhase::finished) {
        fail_("the task says that it is finished, its record does not");
        return;
    }
    const std::uint64_t offset = LogPlace::parse(rows->record.marker.position).offset;
    for (const Watched& watched : tables_) {
        if (at_end_of_log && !left_behind_) {
            compare_rows(watched, "at the end");
        }
        if (!(watched.now == source_at(watched, offset).digest)) {
            fail_("at the fenced position " + rows->record.marker.position.text + ", table " +
                  watched.shape->schema.name.display() + " is not what the source was");
        }
    }
    check_foreign_keys();
    const auto after = sequence_at_.upper_bound(offset);
    for (const auto& [name, sequence] : source_.database.sequences()) {
        if (!destination_.as_sink.sequences) {
            break;
        }
        if (after != sequence_at_.begin() &&
            destination_.database.sequences()[name].last_value < std::prev(after)->second) {
            fail_("sequence " + name.display() + " is behind what migrated rows have used");
        }
    }
}

/// Those of the source are at the destination, if it knows any, and hold.
void Oracle::check_foreign_keys() {
    if (destination_.as_sink.foreign_keys == engine::ForeignKeys::none) {
        return;
    }
    for (const Watched& watched : tables_) {
        const memory::Table& table = destination_.database.table(watched.shape->destination);
        for (const model::ForeignKeySchema& key : watched.shape->schema.foreign_keys) {
            try {
                destination_.database.validate_foreign_key(table, key.name);
            } catch (const model::Error& error) {
                fail_(std::string("at the end: ") + error.what());
            }
        }
    }
}

bool Oracle::concerns_the_task(const memory::LogRecord& record) const {
    return std::any_of(record.changes.begin(), record.changes.end(), [&](const LogChange& change) {
        if (change.kind == ChangeKind::truncate) {
            return true;
        }
        const Watched& watched = tables_[by_source_.at(change.table->schema().name.display())];
        return (!change.before.empty() && carried(watched, change.before)) ||
               (!change.after.empty() && carried(watched, change.after));
    });
}

void Oracle::check_evidence(const task::CutoverEvidence& evidence,
                            const FirstWrites& first_writes) {
    if (left_behind_) {
        return;  // the log that it speaks of is not all there any more
    }
    const std::uint64_t point = LogPlace::parse(task_rows()->record.marker.position).offset;
    for (const memory::LogRecord& record : source_.database.log()) {
        if (!concerns_the_task(record)) {
            continue;
        }
        const std::string who = "transaction " + std::to_string(record.transaction);
        if (record.time > evidence.quiet_since && record.time < evidence.quiet_until) {
            fail_(who + " was committed while the log is said to have been silent");
        }
        if (record.place.offset <= point) {
            continue;
        }
        const auto first = first_writes.find(record.transaction);
        if (first != first_writes.end() && first->second < evidence.asked) {
            fail_(who + " had written and not ended when the source was cut over");
        }
        if (!evidence.source_fence.empty()) {
            fail_(who + " was committed behind the cutover although the source is fenced");
        }
    }
}

void Oracle::check_told(const stage::LateWrites& late) {
    const std::uint64_t point = LogPlace::parse(task_rows()->record.marker.position).offset;
    std::uint64_t behind = 0;
    for (const memory::LogRecord& record : source_.database.log()) {
        behind += record.place.offset > point && concerns_the_task(record) ? 1 : 0;
    }
    if (!late.complete || late.transactions != behind) {
        fail_(std::to_string(behind) + " transactions were committed behind the cutover, " +
              std::to_string(late.transactions) + " were told");
    }
}

void Oracle::check_completed() {
    for (const Watched& watched : tables_) {
        compare_rows(watched, "after the copy");
    }
    check_foreign_keys();
}

}  // namespace cutover::simulation
