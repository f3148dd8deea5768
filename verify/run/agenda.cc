#include "verify/run/agenda.h"

#include <algorithm>
#include <utility>

#include "verify/end/scope.h"

namespace cutover::verify {

namespace {

using model::ObjectName;

/// What a task says of a partitioned table holds for its partitions, unless it says something about
/// the partitions themselves.
void set_filters(TablePair& pair, const std::map<ObjectName, std::string>& filters,
                 const std::vector<TableShape>& source_tables) {
    const auto own = [&](const ObjectName& name) {
        const auto filter = filters.find(name);
        return filter == filters.end() ? std::string() : filter->second;
    };
    pair.source_read.filter = own(pair.source.name);
    if (pair.source_read.filter.empty() && !pair.source.root.name.empty()) {
        pair.source_read.filter = own(pair.source.root);
    }
    for (const bool branches :
         {false, true}) {  // leaves first: a leaf's own filter wins over its parent's
        for (const TableShape& table : source_tables) {
            const std::string filter = own(table.name);
            if (table.root == pair.source.name && table.partitioned == branches &&
                !filter.empty()) {
                pair.source_read.partition_filters.emplace_back(table.name, filter);
            }
        }
    }
}

TableResult absent_table(const TableChoice& table) {
    TableResult result;
    result.source = table.source->name.display();
    result.destination = table.destination_name.display();
    result.verdict = Verdict::inconsistent;
    result.method = "not compared";
    result.reason = "no such table at the destination";
    return result;
}

TableResult described(const TablePair& pair) {
    TableResult result;
    result.source = pair.source.name.display();
    result.destination = pair.destination.name.display();
    result.filter = pair.source_read.filter;
    for (const auto& [partition, filter] : pair.source_read.partition_filters) {
        result.notes.push_back("source rows of " + partition.display() + " where " + filter);
    }
    result.uncomparable_columns = pair.uncomparable;
    result.missing_columns = pair.missing_columns;
    result.excluded_columns = pair.excluded_columns;
    result.extra_columns = pair.extra_columns;
    result.method = pair.keyless() ? "multiset, no key" : "stream-merge by (";
    for (std::size_t at = 0; at < pair.key_columns.size(); ++at) {
        result.method += (at == 0 ? "" : ", ") + pair.key_columns[at];
    }
    result.method += pair.keyless() ? "" : ")";
    return result;
}

void add_table(const TableChoice& table, const Request& request,
               const std::vector<TableShape>& source_tables, Agenda& agenda) {
    TableResult* result = nullptr;
    if (table.destination == nullptr) {
        agenda.absent.push_back(absent_table(table));
        result = &agenda.absent.back();
    } else {
        auto work = std::make_unique<TableWork>();
        work->pair = pair_tables(*table.source, *table.destination, request.mapping);
        set_filters(work->pair, request.filters, source_tables);
        work->result = described(work->pair);
        result = &work->result;
        agenda.tables.push_back(std::move(work));
    }
    if (!table.note.empty()) {
        result->notes.push_back(table.note);
    }
}

}  // namespace

Agenda make_agenda(End& source, End& destination, const Request& request) {
    Catalogs catalogs;
    catalogs.source_tables = source.tables({&request.objects, &request.mapping});
    catalogs.destination_tables =
        destination.tables({nullptr, &request.mapping, &catalogs.source_tables});
    catalogs.source_sequences = source.sequences();
    catalogs.source_left_out = source.left_out();
    Scope scope =
        choose_scope(catalogs, {request.objects, request.mapping, request.tables, request.filters});
    Agenda agenda;
    for (const TableChoice& table : scope.tables) {
        add_table(table, request, catalogs.source_tables, agenda);
    }
    std::sort(agenda.tables.begin(), agenda.tables.end(), [](const auto& a, const auto& b) {
        return a->pair.source.estimated_bytes > b->pair.source.estimated_bytes;
    });
    agenda.source = std::move(scope.source);
    agenda.destination = std::move(scope.destination);
    agenda.idle_settings = std::move(scope.idle_settings);
    agenda.not_compared = std::move(scope.not_compared);
    for (const std::string& pattern : scope.idle_patterns) {
        agenda.not_compared.push_back("`" + pattern +
                                      "` selects no table and no sequence of the source");
    }
    agenda.idle_patterns = std::move(scope.idle_patterns);
    return agenda;
}

}  // namespace cutover::verify
