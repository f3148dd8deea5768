#include "tests/live/engine/postgres/reading_support.h"

#include "migrator/engine/postgres/capture/positions.h"
#include "tests/support/postgres_rows.h"

namespace cutover::postgres {

namespace {

constexpr std::chrono::seconds kPatience(30);

plan::TablePlan table_plan(const model::TableSchema& schema, const plan::TaskSpec& spec) {
    plan::TablePlan table;
    table.source = schema.name;
    table.destination = schema.name;
    table.schema = schema;
    for (const model::ColumnSchema& column : schema.columns) {
        if (!column.generated_expression) {
            table.columns.push_back({column, column.name, column.type});
        }
    }
    if (const model::KeySchema* key = schema.primary_key()) {
        for (const std::size_t column : key->columns) {
            table.key.columns.push_back({column, nullptr});
        }
    }
    const auto filter = spec.filters.find(schema.name);
    if (filter != spec.filters.end()) {
        table.filter = filter->second;
    }
    const bool full = schema.logs_old_rows();
    table.sets_replica_identity = !full && (table.keyless() || !table.filter.empty());
    return table;
}

}  // namespace

plan::Plan plan_from_catalog(const plan::TaskSpec& spec) {
    const model::Catalog catalog = make_inspector(spec.source)->catalog(spec.objects);
    plan::Plan plan;
    plan.spec = spec;
    for (const model::TableSchema& schema : catalog.tables) {
        if (!schema.partition_key) {
            plan.tables.push_back(table_plan(schema, spec));
            plan.tables.back().index = static_cast<model::TableIndex>(plan.tables.size() - 1);
        }
    }
    for (const model::SequenceSchema& sequence : catalog.sequences) {
        plan.sequences.push_back({sequence.name, sequence.name, {}, {}});
    }
    return plan;
}

std::string print_tuple(const plan::TablePlan& table, const model::Tuple& tuple) {
    std::string out = "(";
    for (std::size_t at = 0; at < tuple.size(); ++at) {
        out += at == 0 ? "" : ",";
        const std::string& type = table.columns[at].source.type;
        switch (tuple.kind(at)) {
            case model::CellKind::absent:
                out += "~";
                break;
            case model::CellKind::null:
                out += "-";
                break;
            default:
                out += type == "integer" || type == "bigint"
                           ? std::to_string(tests::number_of(tuple.bytes(at)))
                           : std::string(tuple.bytes(at));
        }
    }
    return out + ")";
}

std::string print(const plan::Plan& plan, const model::Change& change) {
    const plan::TablePlan& table = plan.tables[change.table];
    std::string old = change.before.empty() ? "" : "[" + print_tuple(table, change.before) + "]";
    switch (change.kind) {
        case model::ChangeKind::insert:
            return "insert " + table.source.name + print_tuple(table, change.after);
        case model::ChangeKind::update:
            return "update " + table.source.name + old + print_tuple(table, change.after);
        case model::ChangeKind::remove:
            return "remove " + table.source.name + old;
        case model::ChangeKind::truncate:
            break;
    }
    std::string out = "truncate";
    for (const model::TableIndex index : change.truncated) {
        out += " " + plan.tables[index].source.name;
    }
    return out;
}

std::vector<std::string> print_all(const plan::Plan& plan, model::SourceTransaction& transaction) {
    std::vector<std::string> out;
    model::Change change;
    while (transaction.changes->next(change)) {
        out.push_back(print(plan, change));
    }
    EXPECT_EQ(out.size(), transaction.change_count);
    return out;
}

std::vector<model::SourceTransaction> take(engine::ChangeStream& stream, std::size_t count) {
    std::vector<model::SourceTransaction> out;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (out.size() < count && std::chrono::steady_clock::now() < deadline) {
        engine::StreamEvent event = stream.next(std::chrono::milliseconds(100));
        if (event.transaction) {
            out.push_back(std::move(*event.transaction));
        }
    }
    EXPECT_EQ(out.size(), count);
    return out;
}

model::Position take_until_quiet(engine::ChangeStream& stream, const std::string& lsn,
                                 std::vector<model::SourceTransaction>* transactions) {
    const Lsn wanted = parse_lsn(lsn).value();
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
        engine::StreamEvent event = stream.next(std::chrono::milliseconds(100));
        if (event.transaction) {
            const model::Position commit = event.transaction->commit;
            if (transactions != nullptr) {
                transactions->push_back(std::move(*event.transaction));
            }
            if (to_log_point(commit).lsn >= wanted) {
                return commit;
            }
        } else if (!event.quiet_until.empty() && to_log_point(event.quiet_until).lsn >= wanted) {
            return event.quiet_until;
        }
    }
    ADD_FAILURE() << "the stream did not come to " << lsn;
    return {};
}

}  // namespace cutover::postgres
