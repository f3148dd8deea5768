#include "migrator/route/memory_evolution.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "migrator/engine/memory/database/statement.h"
#include "migrator/model/error.h"

namespace cutover::route {

using model::ColumnSchema;
using model::TableSchema;

namespace {

template <typename Object, typename Number>
const Object* by_number(const std::vector<Object>& objects, Number number) {
    const auto found = std::find_if(objects.begin(), objects.end(),
                                    [&](const Object& one) { return one.number == number; });
    return found == objects.end() ? nullptr : &*found;
}

class ColumnChanges {
public:
    ColumnChanges(const plan::TaskSpec& spec, const TableSchema& was, const TableSchema& is,
                  plan::Evolution& evolution)
        : spec_(spec),
          was_(was),
          is_(is),
          destination_(spec.mapping.table(is.name)),
          evolution_(evolution) {
        change_.before = was.name;
        change_.after = is.name;
    }

    void write(bool being_copied) {
        for (const ColumnSchema& was : was_.columns) {
            if (by_number(is_.columns, was.number) == nullptr) {
                change_.columns_differ = true;
                run(memory::drop_column_statement(destination_, called(was)));
            }
        }
        rename();
        for (const ColumnSchema& is : is_.columns) {
            if (by_number(was_.columns, is.number) == nullptr) {
                change_.added.insert(is.name);
                change_.columns_differ = true;
                ColumnSchema made = is;
                made.name = called(is);
                run(memory::add_column_statement(destination_, made));
            }
        }
        if (!change_.columns_differ) {
            return;
        }
        if (being_copied) {
            change_.copied_anew = true;
            change_.why_anew = "it was changed while it was being copied";
        }
        evolution_.tables.push_back(std::move(change_));
    }

private:
    std::string called(const ColumnSchema& column) const {
        return spec_.mapping.column(is_.name, column.name);
    }
    /// Names may have been exchanged: all that change are put aside first.
    void rename() {
        for (const bool back : {false, true}) {
            for (const ColumnSchema& was : was_.columns) {
                const ColumnSchema* is = by_number(is_.columns, was.number);
                if (is == nullptr || is->name == was.name) {
                    continue;
                }
                const std::string between = "between_" + std::to_string(was.number);
                change_.columns_differ = true;
                run(back ? memory::rename_column_statement(destination_, between, called(*is))
                         : memory::rename_column_statement(destination_, called(was), between));
            }
        }
    }
    void run(const std::string& statement) {
        plan::SchemaStep step;
        step.object = "table " + destination_.display();
        step.statement = statement;
        step.table = destination_;
        evolution_.steps.push_back(std::move(step));
        evolution_.text.push_back(statement);
    }

    const plan::TaskSpec& spec_;
    const TableSchema& was_;
    const TableSchema& is_;
    const model::ObjectName destination_;
    plan::Evolution& evolution_;
    plan::TableEvolution change_;
};

}  // namespace

engine::Evolved evolve_memory(const plan::TaskSpec& spec, const engine::SchemaChange& change) {
    engine::Evolved out;
    out.evolution.catalog = out.evolution.in_force = change.after;
    const auto same_tables = [](const TableSchema& was, const TableSchema& is) {
        return was.number == is.number && was.name == is.name;
    };
    if (!std::equal(change.before.tables.begin(), change.before.tables.end(),
                    change.after.tables.begin(), change.after.tables.end(), same_tables)) {
        throw model::Error(model::ErrorClass::refused, "schema.not_followed",
                           "a table of a memory database was made, dropped or renamed",
                           "its tables are made once: start anew")
            .at(model::Side::source);
    }
    for (std::size_t at = 0; at < change.after.tables.size(); ++at) {
        const TableSchema& was = change.before.tables[at];
        ColumnChanges(spec, was, change.after.tables[at], out.evolution)
            .write(change.unsettled.contains(was.name));
    }
    return out;
}

}  // namespace cutover::route
