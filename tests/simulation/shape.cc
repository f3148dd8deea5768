#include "tests/simulation/shape.h"

#include <algorithm>

#include "migrator/flow/sync_points.h"

namespace cutover::simulation {

namespace {

struct Pattern {
    const char* name;
    std::vector<std::pair<const char*, const char*>> columns;  ///< name, type
    std::vector<const char*> primary;
    const char* unique;
};

const std::vector<Pattern>& patterns() {
    static const std::vector<Pattern> kPatterns = {
        {"plain",
         {{"id", "int"}, {"u", "text"}, {"v", "int"}, {"note", "text"}, {"big", "blob"}},
         {"id"},
         "u"},
        {"pair", {{"a", "int"}, {"b", "text"}, {"v", "int"}, {"big", "blob"}}, {"a", "b"}, nullptr},
        {"heap", {{"v", "int"}, {"note", "text"}, {"big", "blob"}}, {}, nullptr},
        {"word", {{"id", "word"}, {"v", "int"}, {"big", "blob"}, {"u", "int"}}, {"id"}, "u"},
        {"number",
         {{"id", "number"}, {"v", "number"}, {"note", "text"}, {"big", "blob"}},
         {"id"},
         nullptr},
        {"fuzzy", {{"id", "fuzzy"}, {"v", "int"}, {"note", "text"}}, {"id"}, nullptr},
    };
    return kPatterns;
}

TableShape draw_table(Random& random, std::size_t number, bool keyed) {
    const Pattern* drawn = &random.pick(patterns());
    while (keyed && drawn->primary.empty()) {
        drawn = &random.pick(patterns());
    }
    const Pattern& pattern = *drawn;
    TableShape table;
    table.schema.name = {"app", std::string(pattern.name) + std::to_string(number)};
    for (const auto& [name, type] : pattern.columns) {
        model::ColumnSchema column;
        column.name = name;
        column.type = type;
        table.schema.columns.push_back(column);
    }
    if (!pattern.primary.empty()) {
        model::KeySchema key{"primary", {}, true, false, {}, false};
        for (const char* column : pattern.primary) {
            key.columns.push_back(table.column(column));
            table.schema.columns[key.columns.back()].nullable = false;
        }
        table.schema.keys.push_back(key);
    }
    if (pattern.unique != nullptr) {
        table.schema.keys.push_back(
            {"unique", {table.column(pattern.unique)}, false, false, {}, false});
    }
    table.destination = table.schema.name;
    if (random.chance(0.3)) {
        table.destination = {"copy", "renamed" + std::to_string(number)};
    }
    if (random.chance(0.3)) {
        table.filter = draw_filter(random, table.schema);
    }
    if (table.schema.column_index("note") && random.chance(0.15)) {
        table.excluded = "note";
    }
    return table;
}

/// Keys whose equality needs a rule may be written in another way at the destination: then each end
/// has a rule of its own. Without other unique keys, for whose sake lanes wait anyway.
void draw_forms(Shape& shape) {
    Random random(shape.seed, "forms");
    for (TableShape& table : shape.tables) {
        const bool sealed = random.chance(0.5) && table.schema.column_index("id") &&
                            table.schema.columns[table.column("id")].type == "word";
        if (!sealed) {
            continue;
        }
        table.schema.columns[table.column("id")].type = "term";
        std::erase_if(table.schema.keys, [](const model::KeySchema& key) { return !key.primary; });
    }
}

std::uint64_t skewed(Random& random, int low_bits, int high_bits) {
    const std::uint64_t bits =
        random.between(static_cast<std::uint64_t>(low_bits), static_cast<std::uint64_t>(high_bits));
    return (1ull << bits) + random.below(1ull << bits);
}

void draw_limits(Shape& shape, const Caps& caps) {
    Random random(shape.seed, "limits");
    plan::Limits& limits = shape.spec.limits;
    limits.workers = static_cast<std::uint32_t>(std::min(caps.workers, random.between(1, 3)));
    limits.lanes = static_cast<std::uint32_t>(std::min(caps.lanes, random.between(1, 3)));
    limits.chunk_bytes = {40 * random.between(2, 15)};
    limits.batch_bytes = {skewed(random, 9, 14)};
    limits.batch_transactions = static_cast<std::uint32_t>(random.between(1, 12));
    limits.batch_delay = std::chrono::milliseconds(random.between(1, 200));
    shape.spec.heartbeat = std::chrono::seconds(random.between(0, 3));
}

void draw_spec(Shape& shape, const Caps& caps) {
    shape.spec.name = "sim";
    shape.spec.source.engine = shape.spec.destination.engine = "memory";
    shape.spec.source.hosts = {{"source", 1}};
    shape.spec.destination.hosts = {{"destination", 1}};
    shape.spec.objects.include = {"app"};
    for (const TableShape& table : shape.tables) {
        if (table.destination != table.schema.name) {
            shape.spec.mapping.tables[table.schema.name] = table.destination;
        }
        if (!table.filter.text.empty()) {
            shape.spec.filters[table.schema.name] = table.filter.text;
        }
        if (!table.excluded.empty()) {
            shape.spec.mapping.excluded_columns[table.schema.name] = {table.excluded};
        }
    }
    draw_limits(shape, caps);
}

void draw_kills(Shape& shape, const Caps& caps) {
    Random random(shape.seed, "kills");
    const std::uint64_t kills = random.chance(0.25) ? 0 : random.between(1, 4);
    for (std::uint64_t number = 0; number < kills; ++number) {
        Kill kill;
        if (random.chance(0.4)) {
            kill.sync_point =
                std::string(flow::sync::kAll[random.below(std::size(flow::sync::kAll))]);
            kill.pass = random.between(1, 6);
        } else {
            kill.at_point = skewed(random, 4, 13);
        }
        if (number < caps.kills) {
            shape.kills.push_back(kill);
        }
    }
}

void draw_troubles(Shape& shape, const Caps& caps) {
    Random random(shape.seed, "troubles");
    const std::uint64_t troubles = random.chance(0.3) ? 0 : random.between(1, 8);
    for (std::uint64_t number = 0; number < troubles; ++number) {
        Trouble trouble;
        trouble.commits_only = random.chance(0.5);
        trouble.at_call = trouble.commits_only ? random.between(1, 40) : skewed(random, 3, 10);
        trouble.fate = static_cast<memory::Fate>(random.between(1, 4));
        if (number < caps.faults) {
            shape.troubles.push_back(trouble);
        }
    }
}

void draw_outages(Shape& shape, const Caps& caps) {
    Random random(shape.seed, "outages");
    shape.has_standby = random.chance(0.3);
    shape.synchronized = shape.has_standby && random.chance(0.75);
    const std::uint64_t outages = random.chance(0.5) ? 0 : random.between(1, 2);
    for (std::uint64_t number = 0; number < outages; ++number) {
        Outage outage;
        const std::uint64_t dice = random.below(100);
        outage.kind = dice < 35   ? Outage::Kind::source_restart
                      : dice < 65 ? Outage::Kind::destination_restart
                      : dice < 94 ? Outage::Kind::source_failover
                      : dice < 97 ? Outage::Kind::slot_dropped
                                  : Outage::Kind::log_lost;
        if (outage.kind == Outage::Kind::source_failover && !shape.has_standby) {
            outage.kind = Outage::Kind::source_restart;
        }
        outage.at_call = skewed(random, 3, 10);
        outage.down = std::chrono::milliseconds(random.between(0, 20000));
        if (number < caps.outages) {
            shape.outages.push_back(outage);
        }
    }
}

/// Short silences, so that a cutover meets writers that pause for longer.
void draw_finish(Shape& shape) {
    Random random(shape.seed, "finish options");
    const bool fence = random.chance(0.3);
    const std::uint64_t quiet = fence && random.chance(0.5) ? 0 : random.between(20, 1500);
    shape.finish = "wait_ms=" + std::to_string(random.below(3000)) +
                   ",quiet_ms=" + std::to_string(quiet) + (fence ? ",fence_source" : "");
    shape.long_transactions = random.chance(0.3);
}

/// What the destination can do. It has foreign keys only where readers and the checks of such keys
/// see whole transactions.
void draw_destination(Shape& shape) {
    Random random(shape.seed, "destination");
    engine::SinkTraits& traits = shape.destination;
    traits.atomic = random.chance(0.6);
    traits.sequences = random.chance(0.8);
    if (random.chance(0.4)) {
        traits.largest_batch = {random.between(3, 20)};
    }
    traits.foreign_keys = !traits.atomic        ? engine::ForeignKeys::none
                          : random.chance(0.5)  ? engine::ForeignKeys::held
                          : random.chance(0.75) ? engine::ForeignKeys::ignored
                                                : engine::ForeignKeys::none;
}

/// Numbers of one table that are keys of another.
void draw_parents(Shape& shape) {
    Random random(shape.seed, "parents");
    if (shape.foreign_write || !random.chance(0.4)) {
        return;
    }
    for (const TableShape& parent : shape.tables) {
        const bool fits =
            parent.schema.name.name.starts_with("plain") && parent.filter.text.empty();
        for (TableShape& child : shape.tables) {
            const auto column = child.schema.column_index("v");
            if (!fits || &child == &parent || child.has_parent() || !column ||
                child.schema.columns[*column].type != "int" || random.chance(0.3)) {
                continue;
            }
            model::ForeignKeySchema key;
            key.name = "parent";
            key.columns = {*column};
            key.parent = parent.schema.name;
            key.parent_columns = {"id"};
            child.schema.foreign_keys.push_back(key);
        }
    }
}

/// Others' locks at the destination, at which lanes may meet.
void draw_locks(Shape& shape) {
    Random random(shape.seed, "locks");
    shape.counts_changes = random.chance(0.15);
    shape.bystander = random.chance(0.2) && !shape.foreign_write;
}

/// Where the destination's tables can be changed and emptied in one, and the last change is
/// followed before a finish is asked for.
void draw_alterations(Shape& shape, const Caps& caps) {
    Random random(shape.seed, "alterations");
    if (random.chance(0.3) && shape.destination.atomic && shape.writers_finish_first &&
        shape.spec.phases.incremental && !shape.foreign_write) {
        shape.alterations = std::min(caps.alterations, random.between(1, 8));
    }
}

}  // namespace

std::string Caps::options() const {
    const Caps none;
    std::string text;
    const auto add = [&](const char* name, std::uint64_t value, std::uint64_t uncapped) {
        if (value != uncapped) {
            text += std::string(" --max-") + name + " " + std::to_string(value);
        }
    };
    add("tables", tables, none.tables);
    add("rows", rows, none.rows);
    add("writers", writers, none.writers);
    add("transactions", transactions, none.transactions);
    add("workers", workers, none.workers);
    add("lanes", lanes, none.lanes);
    add("kills", kills, none.kills);
    add("faults", faults, none.faults);
    add("outages", outages, none.outages);
    add("commands", commands, none.commands);
    add("alterations", alterations, none.alterations);
    return text;
}

bool Shape::may_fail_loudly() const {
    for (const Outage& outage : outages) {
        if (outage.kind == Outage::Kind::slot_dropped || outage.kind == Outage::Kind::log_lost ||
            outage.kind == Outage::Kind::source_failover) {
            return true;
        }
    }
    return false;
}

Shape draw_shape(std::uint64_t seed, const Caps& caps) {
    Shape shape;
    shape.seed = seed;
    Random random(seed, "shape");
    draw_destination(shape);
    const std::uint64_t tables = random.between(1, 4);
    Random table_random(seed, "tables");
    for (std::uint64_t number = 0; number < tables; ++number) {
        TableShape table = draw_table(table_random, number, !shape.destination.atomic);
        if (number < caps.tables) {
            shape.tables.push_back(std::move(table));
        }
    }
    shape.rows = std::min(caps.rows, random.chance(0.1) ? 0 : random.between(1, 40));
    shape.writers = std::min(caps.writers, random.between(1, 3));
    shape.transactions = std::min(caps.transactions, random.between(3, 25));
    shape.truncates = random.chance(0.3);
    shape.writers_finish_first = random.chance(0.7);
    shape.personality =
        random.chance(0.5) ? memory::Personality::location_ranges : memory::Personality::key_ranges;
    shape.redelivers = random.chance(0.5);
    shape.slow_call_chance = random.chance(0.5) ? 0.02 : 0;
    shape.spec.phases.incremental = !random.chance(0.06);
    shape.commands = std::min(caps.commands, random.chance(0.2) ? random.between(1, 4) : 0);
    shape.rival = random.chance(0.1) && caps.commands > 0;
    shape.slow_to_show = random.chance(0.2);
    const bool foreign = random.chance(0.04);
    draw_spec(shape, caps);
    draw_kills(shape, caps);
    draw_troubles(shape, caps);
    draw_outages(shape, caps);
    draw_finish(shape);
    // Not atomic, a contradiction is found once: who goes on after it is bound to be tolerant.
    shape.foreign_write = foreign && shape.spec.phases.incremental && !shape.may_fail_loudly() &&
                          shape.destination.atomic;
    shape.writers_finish_first = shape.writers_finish_first || shape.foreign_write;
    draw_locks(shape);
    draw_parents(shape);
    draw_forms(shape);
    draw_alterations(shape, caps);
    return shape;
}

}  // namespace cutover::simulation
